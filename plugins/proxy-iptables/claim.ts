/**
 * Who programs the Services of this network namespace: one process at a time, by a socket with an abstract name. Such
 * names belong to the network namespace, as chains do, and the kernel takes them back when their process ends, however
 * it ends.
 */
import { connect, createServer } from 'node:net'

const claimName = '\0davit-proxy-iptables'
const answerMs = 1000

export class ClaimedError extends Error {
  constructor(owner: string) {
    super(`${owner} programs the Services of this machine already; one network namespace has room for one cluster`)
    this.name = 'ClaimedError'
  }
}

export interface Claim {
  release(): Promise<void>
}

/** Rejects with a ClaimedError while somebody else has it. */
export async function claim(name = claimName): Promise<Claim> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(String(process.pid))
  })
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(name, resolve)
    })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    throw new ClaimedError((await ownerOf(name)) ?? 'another process')
  }
  // Nothing that keeps a process alive, and nothing that ends one.
  server.unref()
  server.on('error', () => {})
  return { release: () => new Promise((resolve) => server.close(() => resolve())) }
}

/** Undefined: nobody has it. */
export function ownerOf(name = claimName): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = ''
    const socket = connect(name)
    const finish = (owner: string | undefined): void => {
      socket.destroy()
      resolve(owner)
    }
    const unnamed = (): void => finish(/^\d+$/.test(said) ? `another Davit (process ${said})` : 'another process')
    // One that was stopped by a signal has it all the same.
    socket.setTimeout(answerMs, unnamed)
    socket.on('data', (chunk) => {
      said += chunk.toString()
    })
    socket.once('end', unnamed)
    socket.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ECONNREFUSED' ? finish(undefined) : unnamed()))
  })
}
