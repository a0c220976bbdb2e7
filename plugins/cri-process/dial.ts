import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { toolEnvironment } from '@davit/core/node'
import { sandboxPlaces } from './places.js'
import type { State } from './state.js'

/**
 * Connects to the port inside the namespace and passes bytes between it and the standard streams. It ends when the other
 * side has said all.
 */
const helper = `
const s = require('net').connect({ port: Number(process.argv[1]), host: '127.0.0.1', allowHalfOpen: true })
s.once('connect', () => { process.stderr.write('connected\\n'); process.stdin.pipe(s); s.pipe(process.stdout) })
s.once('end', () => process.stdout.write('', () => process.exit()))
s.once('error', (e) => { process.stderr.write(e.message + '\\n'); process.exitCode = 1; process.stdin.destroy() })
`

/**
 * A connection to a port of the Pod. Nearly always by its address, from outside; what listens on the Pod's loopback
 * address alone is reached by a helper process in the Pod's network namespace.
 */
export async function dial({ sandboxes, machine, places }: State, sandboxId: string, port: number): Promise<Duplex> {
  const record = sandboxes.get(sandboxId)
  if (record?.sandbox.state !== 'ready') throw new Error(`the sandbox ${sandboxId} does not run`)
  const [address] = record.sandbox.ips
  if (address === undefined) return connectTo('127.0.0.1', port)
  try {
    return await connectTo(address, port)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
    if (!machine.namespaces) return connectTo('127.0.0.1', port)
    return connectInside(sandboxPlaces(places, sandboxId).namespaces.net, port)
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

function connectInside(namespace: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const words = [`--net=${namespace}`, process.execPath, '-e', helper, `${port}`]
    const child = spawn('nsenter', words, { env: toolEnvironment })
    let said = ''
    const failed = (): void => reject(new Error(`cannot connect to port ${port} of the Pod: ${said.trim()}`))
    child.once('error', reject)
    child.once('close', failed)
    child.stderr.on('data', (chunk: Buffer) => {
      if (said.startsWith('connected\n')) return
      said += chunk.toString()
      if (!said.startsWith('connected\n')) return
      child.removeListener('close', failed)
      const connection = Duplex.from({ readable: child.stdout, writable: child.stdin }) as Duplex
      connection.once('close', () => child.kill())
      resolve(connection)
    })
  })
}
