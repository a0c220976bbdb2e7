import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Engine } from './engine.js'
import { sandboxOf } from './labels.js'

/** Connects to the port inside the namespace and passes bytes between it and the standard streams. */
const helper = `
const s = require('net').connect(Number(process.argv[1]), '127.0.0.1')
s.once('connect', () => { process.stderr.write('connected\\n'); process.stdin.pipe(s); s.pipe(process.stdout) })
s.once('error', (e) => { process.stderr.write(e.message + '\\n'); process.exitCode = 1; process.stdin.destroy() })
`

/**
 * A connection to a port of the Pod. Nearly always by its address, from the host; what listens on the Pod's loopback
 * address alone is reached by a helper process in the Pod's network namespace.
 */
export async function dial({ docker }: Engine, sandboxId: string, port: number): Promise<Duplex> {
  const { State, Config, HostConfig } = await docker.getContainer(sandboxId).inspect()
  if (!State.Running) throw new Error(`the sandbox ${sandboxId} does not run`)
  if (HostConfig.NetworkMode === 'host') return connectTo('127.0.0.1', port)
  const [address] = sandboxOf(sandboxId, Config.Labels, true).ips
  if (!address) throw new Error(`the sandbox ${sandboxId} has no address`)
  try {
    return await connectTo(address, port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    return connectInside(State.Pid, port)
  }
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer from ${host}:${port} within 10 s`)))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

function connectInside(pid: number, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, process.execPath, '-e', helper, String(port)])
    let said = ''
    child.once('error', reject)
    child.once('exit', () => reject(new Error(`cannot connect to port ${port} of the Pod: ${said.trim()}`)))
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (!said.startsWith('connected\n')) return
      child.removeAllListeners('exit')
      const connection = Duplex.from({ readable: child.stdout, writable: child.stdin }) as Duplex
      connection.once('close', () => child.kill())
      resolve(connection)
    })
  })
}
