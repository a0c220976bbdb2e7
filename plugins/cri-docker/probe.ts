import { access } from 'node:fs/promises'
import { request } from 'node:http'
import type { RuntimeDriver } from '@davit/core/node'

type Answer = Awaited<ReturnType<RuntimeDriver['probe']>>

/** Why there can be no daemon at this address: it names another machine, or may. */
export function elsewhere(socketPath: string): string | undefined {
  if (!socketPath.includes('://')) return undefined
  return `${socketPath} is not a unix socket of this machine, and Pods mount its directories: unset DOCKER_HOST, or set socketPath`
}

/**
 * Asks the daemon for a sign of life, without loading its client. No socket, or one at which nobody listens, is known at
 * once; a daemon that accepts but is slow is there all the same, and taken for none only after a while.
 */
export async function probe(socketPath: string, withinMs = 2000): Promise<Answer> {
  const reason = elsewhere(socketPath)
  if (reason) return { usable: false, reason }
  try {
    await access(socketPath)
  } catch {
    return { usable: false, reason: `no Docker socket at ${socketPath}` }
  }
  return new Promise((resolve) => {
    const call = request({ socketPath, path: '/_ping', agent: false }, (response) => {
      response.resume()
      const { statusCode, headers } = response
      const version = /^Docker\/(\S+)/.exec(String(headers.server))?.[1] ?? 'unknown'
      if (statusCode === 200) resolve({ usable: true, version })
      else resolve({ usable: false, reason: `Docker at ${socketPath} answers with status ${statusCode}` })
    })
    call.setTimeout(withinMs, () => call.destroy(new Error(`no answer within ${withinMs} ms`)))
    call.once('error', (error) => resolve({ usable: false, reason: `no Docker at ${socketPath}: ${error.message}` }))
    call.end()
  })
}
