/** One question of the gRPC health protocol (grpc.health.v1): small enough to be spoken without a library. */
import { connect, constants } from 'node:http2'
import type { Duplex } from 'node:stream'

/** As the protocol numbers them. */
const statuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const longestReply = 64 * 1024

/**
 * Resolves with the status that the server says it has: "SERVING" is the good one. Rejects where it says nothing that can
 * be understood. The socket is closed when `over` is aborted, which the caller must do in any case.
 */
export function askHealth(socket: Duplex, host: string, service: string, over: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${host}`, { createConnection: () => socket })
    // It has the socket now, and is not ended by the socket's end alone.
    over.addEventListener('abort', () => session.destroy(), { once: true })
    session.on('error', reject)
    session.once('close', () => reject(new Error('the connection ended before the answer')))
    const call = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      'user-agent': 'kube-probe/1.33',
      te: 'trailers',
    })
    const chunks: Buffer[] = []
    let [size, code] = [0, '']
    const head = (headers: Readonly<Record<string, unknown>>): void => {
      code = String(headers['grpc-status'] ?? code)
    }
    // Where there is no message, the status comes with the head and not behind the body.
    call.on('response', head)
    call.on('trailers', head)
    call.on('error', reject)
    call.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > longestReply) call.destroy(new Error('the answer is no health status'))
      else chunks.push(chunk)
    })
    call.on('end', () => {
      if (code === '0') resolve(statusIn(Buffer.concat(chunks)))
      else reject(new Error(`the health service answered with gRPC status ${code || 'none'}`))
    })
    call.end(requestFor(service))
  })
}

/** A frame is a flag, four bytes of length and the message: field 1, the service's name, which is left out when empty. */
function requestFor(service: string): Buffer {
  const name = Buffer.from(service, 'utf8')
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]
}

/** Field 1 of the message is the status; absent where it is 0, as it is where there is no message. */
function statusIn(reply: Buffer): string {
  const message = reply.subarray(5)
  return statuses[message[0] === 0x08 ? (message[1] ?? 0) : 0] ?? 'UNKNOWN'
}
