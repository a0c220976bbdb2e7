/** Asks a remote API server what it serves: whether it answers at all, its resources, and where its OpenAPI is. */
import type { DelegateAddress, FrontProxy } from '@davit/core/api'
import type { Clock } from '@davit/core/kernel'
import type { Availability } from './conditions.js'

export interface Probed {
  readonly availability: Availability
  readonly resources?: readonly object[]
  readonly openApi?: string
}
export interface Prober {
  readonly frontProxy: FrontProxy
  readonly clock: Clock
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const answerLimit = 8 * 1024 * 1024

export async function probe(prober: Prober, group: string, version: string, address: DelegateAddress): Promise<Probed> {
  const path = `/apis/${group}/${version}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  const url = `https://${host}:${address.port}${path}`
  try {
    const list = (await getJson(prober, address, path)) as { readonly resources?: unknown } | null
    const resources = Array.isArray(list?.resources) ? (list.resources as object[]) : []
    const openApi = await openApiUrl(prober, address, group, version)
    const availability = { available: true, reason: 'Passed', message: 'all checks passed' }
    return { availability, resources, ...(openApi === undefined ? {} : { openApi }) }
  } catch (error) {
    const message = `failing or missing response from ${url}: ${(error as Error).message}`
    return { availability: { available: false, reason: 'FailedDiscoveryCheck', message } }
  }
}

/** Servers may do without. */
async function openApiUrl(prober: Prober, address: DelegateAddress, group: string, version: string): Promise<string | undefined> {
  try {
    const index = (await getJson(prober, address, '/openapi/v3')) as {
      readonly paths?: Readonly<Record<string, { readonly serverRelativeURL?: unknown }>>
    } | null
    const prefix = `/openapi/v3/apis/${group}/${version}`
    const url = index?.paths?.[`apis/${group}/${version}`]?.serverRelativeURL
    // It is asked for at this server, which sends on what lies below that path alone.
    return typeof url === 'string' && (url === prefix || url.startsWith(`${prefix}?`)) ? url : undefined
  } catch {
    return undefined
  }
}

async function getJson(prober: Prober, { host, port, serverName, ca, verify }: DelegateAddress, path: string): Promise<unknown> {
  const { frontProxy, clock, timeoutMs, signal } = prober
  const [{ request }, { key, certificate }] = await Promise.all([import('node:https'), frontProxy.identity()])
  const trust = { servername: serverName, rejectUnauthorized: verify, ...(ca === undefined ? {} : { ca }) }
  const headers = {
    host: serverName,
    accept: 'application/json',
    'x-remote-user': 'system:kube-aggregator',
    'x-remote-group': 'system:masters',
  }
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
      reply.on('end', () => {
        const code = reply.statusCode ?? 0
        if (code < 200 || code > 299) return reject(new Error(`bad status from https://${host}:${port}${path}: ${code}`))
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')))
        } catch (error) {
          reject(error as Error)
        }
      })
    })
    const timer = clock.setTimer(timeoutMs, () => outgoing.destroy(new Error('context deadline exceeded')), { unref: true })
    outgoing.on('error', reject)
    outgoing.on('close', () => timer.cancel())
    outgoing.end()
  })
}
