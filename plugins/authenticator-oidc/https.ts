import { request } from 'node:https'
import type { Clock } from '@davit/core/kernel'

export type JsonReader = (url: string) => Promise<unknown>

export interface JsonReaderOptions {
  /** PEM; undefined: the authorities of the system. */
  readonly ca: string | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
}
const timeoutMs = 10_000
const largestBytes = 1024 * 1024

/** GET of a JSON document. HTTPS alone, no redirects: who answers there must be who was asked. */
export function jsonReader({ ca, clock, signal }: JsonReaderOptions): JsonReader {
  return (url) =>
    new Promise((resolve, reject) => {
      if (!url.startsWith('https://')) throw new Error(`${url} is not an https URL`)
      const headers = { accept: 'application/json' }
      const outgoing = request(url, { headers, signal, ...(ca !== undefined && { ca }) }, (incoming) => {
        const chunks: Buffer[] = []
        let length = 0
        incoming.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length > largestBytes) outgoing.destroy(new Error(`${url} answered with more than ${largestBytes} bytes`))
          else chunks.push(chunk)
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          if (incoming.statusCode !== 200) return reject(new Error(`${url} answered with ${incoming.statusCode}`))
          try {
            resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
          } catch (error) {
            reject(new Error(`${url} answered with no JSON`, { cause: error }))
          }
        })
      })
      const limit = clock.setTimer(timeoutMs, () => outgoing.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`)), {
        unref: true,
      })
      outgoing.on('close', () => limit.cancel())
      outgoing.on('error', reject)
      outgoing.end()
    })
}
