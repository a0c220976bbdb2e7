import { access } from 'node:fs/promises'
import { type ClientHttp2Session, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import type { RuntimeDriver } from '@davit/core/node'
import { codes } from './errors.js'
import { stringField } from './wire.js'

type Answer = Awaited<ReturnType<RuntimeDriver['probe']>>

/** Asks the runtime for its version over plain HTTP/2: the gRPC library takes longer to load than the runtime to answer. */
export async function probe(socket: string, withinMs = 200): Promise<Answer> {
  try {
    await access(socket)
  } catch {
    return { usable: false, reason: `no container runtime at ${socket}` }
  }
  const session = connect('http://localhost', { createConnection: () => connectSocket(socket) })
  try {
    return await askVersion(session, socket, withinMs)
  } catch (error) {
    return { usable: false, reason: `no container runtime at ${socket}: ${(error as Error).message}` }
  } finally {
    session.destroy()
  }
}

function askVersion(session: ClientHttp2Session, socket: string, withinMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs)
    const fail = (error: Error): void => {
      clearTimeout(late)
      reject(error)
    }
    session.once('error', fail)
    const call = session.request({
      ':method': 'POST',
      ':path': '/runtime.v1.RuntimeService/Version',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    let status = Number.NaN
    const chunks: Buffer[] = []
    call.on('response', (headers) => (status = Number(headers['grpc-status'] ?? status)))
    call.on('trailers', (headers) => (status = Number(headers['grpc-status'] ?? status)))
    call.on('data', (chunk: Buffer) => chunks.push(chunk))
    call.once('error', fail)
    call.once('end', () => {
      clearTimeout(late)
      resolve(answerOf(status, Buffer.concat(chunks), socket))
    })
    // One empty message: not compressed, of no length.
    call.end(Buffer.alloc(5))
  })
}

function answerOf(status: number, body: Buffer, socket: string): Answer {
  if (status === codes.unimplemented) {
    return {
      usable: false,
      reason: `the runtime at ${socket} does not serve the CRI: its configuration disables the plugin (disabled_plugins = ["cri"]), or it is the one that Docker runs for itself`,
    }
  }
  if (status !== 0) return { usable: false, reason: `the runtime at ${socket} answers with the status ${status}` }
  const message = body.subarray(5)
  return { usable: true, version: `${stringField(message, 2)} ${stringField(message, 3)}`.trim() }
}
