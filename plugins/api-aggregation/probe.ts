/** Asks a remote API server what it serves: whether it answers at all, its resources, and where its OpenAPI is. */
import type { DelegateAddress } from '@davit/core/api'
import { type Asker, aggregator, ask } from './ask.js'
import type { Availability } from './conditions.js'

export interface Probed {
  readonly availability: Availability
  readonly resources?: readonly object[]
  readonly openApi?: string
}
export async function probe(prober: Asker, group: string, version: string, address: DelegateAddress): Promise<Probed> {
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
async function openApiUrl(prober: Asker, address: DelegateAddress, group: string, version: string): Promise<string | undefined> {
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

async function getJson(prober: Asker, address: DelegateAddress, path: string): Promise<unknown> {
  const { code, text } = await ask(prober, address, path, prober.signal, aggregator)
  if (code < 200 || code > 299) throw new Error(`bad status from https://${address.host}:${address.port}${path}: ${code}`)
  return JSON.parse(text)
}
