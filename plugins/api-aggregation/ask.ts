/** One GET at a remote API server, on a connection of its own. */
import type { DelegateAddress, FrontProxy } from '@davit/core/api'
import type { Clock } from '@davit/core/kernel'

export interface Asker {
  readonly frontProxy: FrontProxy
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal: AbortSignal
}
export interface Answer {
  readonly code: number
  readonly etag: string | undefined
  readonly text: string
}

/** As whom this server asks for itself. */
export const aggregator = { 'x-remote-user': 'system:kube-aggregator', 'x-remote-group': 'system:masters' } as const

const answerLimit = 8 * 1024 * 1024

export async function ask(
  { frontProxy, clock, timeoutMs }: Asker,
  { host, port, serverName, ca, verify }: DelegateAddress,
  path: string,
  signal: AbortSignal,
  user: Readonly<Record<string, string | string[]>>,
): Promise<Answer> {
  const [{ request }, { key, certificate }] = await Promise.all([import('node:https'), frontProxy.identity()])
  const trust = { servername: serverName, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }
  const headers = { host: serverName, accept: 'application/json', ...user }
  return new Promise((resolve, reject) => {
    const outgoing = request({ host, port, path, headers, key, cert: certificate, ...trust, agent: false, signal }, (reply) => {
      const chunks: Buffer[] = []
      let size = 0
      reply.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > answerLimit) outgoing.destroy(new Error(`the answer is larger than ${answerLimit} bytes`))
      })
      reply.on('error', reject)
      reply.on('end', () =>
        resolve({ code: reply.statusCode ?? 0, etag: reply.headers.etag, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    const timer = clock.setTimer(timeoutMs, () => outgoing.destroy(new Error('context deadline exceeded')), { unref: true })
    outgoing.on('error', reject)
    outgoing.on('close', () => timer.cancel())
    outgoing.end()
  })
}
