import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Sandbox } from '@davit/core/node'
import type { Client } from './client.js'
import { connectSpdy, type SpdyConnection, type SpdyStream } from './spdy.js'

const protocol = 'portforward.k8s.io'
const longestConnect = 10_000

/**
 * A connection to a port of the Pod. Nearly always by its address, from the host; what listens on the Pod's loopback
 * address alone is reached through the runtime.
 */
export async function dial(client: Client, sandbox: Sandbox, port: number): Promise<Duplex> {
  if (sandbox.state !== 'ready') throw new Error(`the sandbox ${sandbox.id} does not run`)
  // Without one of its own it has the machine's.
  const [address = '127.0.0.1'] = sandbox.ips
  try {
    return await connectTo(address, port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    return forward(client, sandbox.id, port)
  }
}

function connectTo(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true })
    socket.setTimeout(longestConnect, () => socket.destroy(new Error(`no answer from ${host}:${port} within 10 s`)))
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.setTimeout(0)
      socket.removeListener('error', reject)
      resolve(socket)
    })
  })
}

/** The runtime connects when both streams are open, and tells of a failure in the first one. */
export async function forward(client: Client, sandboxId: string, port: number): Promise<Duplex> {
  const { url } = await client.call('PortForward', { podSandboxId: sandboxId, port: [port] })
  const connection = await connectSpdy(url, protocol, AbortSignal.timeout(longestConnect))
  const problems: Buffer[] = []
  const headers = { port: String(port), requestid: '0' }
  const error = connection.open({ ...headers, streamtype: 'error' }, (chunk) => void problems.push(chunk))
  error.end()
  return duplexOf(connection, (onData) => connection.open({ ...headers, streamtype: 'data' }, onData), error, problems)
}

function duplexOf(
  connection: SpdyConnection,
  open: (onData: SpdyStream['onData']) => SpdyStream,
  error: SpdyStream,
  problems: readonly Buffer[],
): Duplex {
  let resume: () => void = () => {}
  const data = open((chunk) => {
    if (!duplex.push(chunk)) return new Promise<void>((resolve) => (resume = resolve))
  })
  const duplex = new Duplex({
    read: () => resume(),
    write: (chunk: Buffer, _encoding, done) => void data.write(chunk).then(() => done()),
    final: (done) => {
      data.end()
      done()
    },
    destroy: (cause, done) => {
      resume()
      connection.close()
      done(cause)
    },
  })
  // Both end together, in any order; what went wrong stands in the other one.
  void Promise.all([data.ended, error.ended]).then(() => {
    if (problems.length > 0) duplex.destroy(new Error(Buffer.concat(problems).toString().trim()))
    else if (!duplex.destroyed) duplex.push(null)
  })
  return duplex
}
