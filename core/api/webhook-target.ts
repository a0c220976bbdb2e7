/** Where a webhook listens: its URL, or a ready endpoint behind its Service. */
import type { Random } from '../kernel/contract.js'
import { type EndpointSlice, parseLabelSelector, type Service } from '../kinds/contract.js'
import type { WatchCaches } from '../watch/contract.js'
import type { WebhookClientConfig } from './contract.js'

export interface WebhookTarget {
  /** As the certificate names the server, and as errors show it. */
  readonly url: URL
  /** Where to connect, where that is not what the URL says. */
  readonly dial?: { readonly host: string; readonly port: number }
}
export type Located = { readonly ok: true; readonly target: WebhookTarget } | { readonly ok: false; readonly message: string }

const httpsPort = 443

/**
 * A Service is resolved to an endpoint rather than to its cluster IP: the server's machine need not be a node, and then
 * nothing there knows what a cluster IP is.
 */
export async function locateWebhook(caches: WatchCaches, random: Random, config: WebhookClientConfig): Promise<Located> {
  if (config.url !== undefined) return ofUrl(config.url)
  const wanted = config.service
  if (!wanted) return { ok: false, message: 'webhook must specify url or service' }
  const { name, namespace, port = httpsPort, path = '/' } = wanted
  const url = new URL(`https://${name}.${namespace}.svc:${port}`)
  const [pathname = '', search] = path.split('?', 2)
  url.pathname = pathname
  if (search !== undefined) url.search = search

  const services = caches.cache('', 'services')
  const slices = caches.cache('discovery.k8s.io', 'endpointslices')
  await Promise.all([services.ready, slices.ready])
  const service = services.get(namespace, name)?.object as Service | undefined
  if (!service) return { ok: false, message: `service ${JSON.stringify(name)} not found` }
  const { externalName, type } = service.spec ?? {}
  if (type === 'ExternalName') return { ok: true, target: { url, dial: { host: externalName ?? '', port } } }
  const served = service.spec?.ports?.find((one) => one.port === port)
  if (!served) return { ok: false, message: `no service port ${port} found for service ${JSON.stringify(name)}` }
  const labels = parseLabelSelector(`kubernetes.io/service-name=${name}`).value
  const found = slices.list({ namespace, ...(labels ? { labels } : {}) }).items.map((item) => item.object as EndpointSlice)
  const addresses = found.flatMap((slice) => readyAddresses(slice, served.name ?? ''))
  const dial = addresses[random.integer(Math.max(1, addresses.length))]
  if (!dial) return { ok: false, message: `no endpoints available for service ${JSON.stringify(name)}` }
  return { ok: true, target: { url, dial } }
}

function ofUrl(text: string): Located {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url ? { ok: true, target: { url } } : { ok: false, message: `the webhook's url ${JSON.stringify(text)} is not valid` }
}

function readyAddresses(slice: EndpointSlice, portName: string): { host: string; port: number }[] {
  const port = slice.ports?.find((one) => (one.name ?? '') === portName)?.port
  if (port === undefined) return []
  const ready = (slice.endpoints ?? []).filter((endpoint) => endpoint.conditions?.ready !== false)
  return ready.flatMap((endpoint) => endpoint.addresses.slice(0, 1).map((host) => ({ host, port })))
}
