/** Headers of a request and a reply that are carried on: what belongs to one connection alone, or to us, stays behind. */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Exchange } from './exchange.js'

/** RFC 9110, 7.6.1. */
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
])
/** Who somebody is has been asked by us; his credentials are none of the other server's business. */
const own = /^(?:authorization|expect|impersonate-.*)$/
const tokenProtocol = /^base64url\.bearer\.authorization\.k8s\.io\./

/** `extra` is set last. `upgrade`: the protocol that the client wants. */
export function requestHeaders(exchange: Exchange, extra: OutgoingHttpHeaders, upgrade: string | undefined): OutgoingHttpHeaders {
  const { headers } = exchange.request
  const out = passed(headers, (name) => !own.test(name) && !name.startsWith(':'))
  // HTTP/2 names the host by another header.
  const authority = headers[':authority']
  if (typeof authority === 'string') out.host ??= authority
  const address = exchange.socket.remoteAddress
  if (address !== undefined) out['x-forwarded-for'] = [...list(headers['x-forwarded-for']), address].join(', ')
  if (upgrade !== undefined) Object.assign(out, { connection: 'Upgrade', upgrade })
  const protocols = list(out['sec-websocket-protocol']).filter((protocol) => !tokenProtocol.test(protocol))
  if (protocols.length > 0) out['sec-websocket-protocol'] = protocols.join(', ')
  else delete out['sec-websocket-protocol']
  return Object.assign(out, extra)
}

export function replyHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return passed(headers, () => true)
}

function passed(headers: IncomingHttpHeaders, wanted: (name: string) => boolean): OutgoingHttpHeaders {
  const named = new Set(list(headers.connection).map((name) => name.toLowerCase()))
  const out: OutgoingHttpHeaders = Object.create(null) as OutgoingHttpHeaders
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !hopByHop.has(name) && !named.has(name) && wanted(name)) out[name] = value
  }
  return out
}

function list(value: OutgoingHttpHeaders[string]): string[] {
  return [value ?? []]
    .flat()
    .flatMap((part) => String(part).split(','))
    .map((part) => part.trim())
    .filter(Boolean)
}
