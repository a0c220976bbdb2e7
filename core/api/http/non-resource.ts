/** Paths beside the API's objects: discovery, OpenAPI, version, health, metrics. */
import { ApiError } from '../../client/contract.js'
import type { Bag } from '../../kernel/contract.js'
import type { ApiEndpoint, ApiHooks, UserInfo } from '../contract.js'
import { anonymous } from './authenticate.js'
import { authorize } from './authorize.js'
import type { Discovery, Document } from './discovery.js'
import { wantedAggregation } from './discovery-aggregated.js'
import { type Exchange, header } from './exchange.js'
import { type HealthCheck, healthAnswer } from './health.js'
import type { Metrics } from './metrics.js'
import type { OpenApi } from './openapi.js'
import { sendEmpty, sendJson, sendParts, sendText } from './reply.js'
import type { OtherTarget } from './target.js'

export interface NonResourceServices {
  readonly hooks: ApiHooks
  readonly discovery: Discovery
  readonly openApi: OpenApi
  readonly version: object
  readonly checks: readonly HealthCheck[]
  readonly metrics: Metrics
  readonly endpoints: Bag<ApiEndpoint>
  /** Read on each scrape. */
  gauges(): Readonly<Record<string, number>>
}
export type NonResource = (exchange: Exchange, target: OtherTarget, user: UserInfo) => Promise<void>

/** What every client needs before it can do anything is open to all who are known, unless somebody says no. */
const open = /^\/(?:api|apis|openapi|version|healthz|livez|readyz)(?:\/|$)|^\/$/
const health = /^\/(?:healthz|livez|readyz)(?:\/|$)/

export function createNonResource(services: NonResourceServices): NonResource {
  const { discovery, openApi, metrics } = services
  return async (exchange, { path }, user) => {
    const isRead = exchange.method === 'GET' || exchange.method === 'HEAD'
    const verb = isRead ? 'get' : exchange.method.toLowerCase()
    if (user !== anonymous) await authorize(services.hooks, user, { verb, path }, isRead && open.test(path))
    if (!isRead) throw ApiError.methodNotAllowed({ group: '', resource: path }, exchange.method)
    if (health.test(path)) return sendHealth(exchange, path, services.checks)
    if (path === '/version') return sendJson(exchange, 200, services.version)
    if (path === '/metrics') return sendText(exchange, 200, metrics.text(services.gauges()), 'text/plain; version=0.0.4')
    if (path === '/') return sendJson(exchange, 200, { paths: rootPaths })
    const endpoint = services.endpoints.all().find((candidate) => candidate.path === path)
    if (endpoint) return sendEndpoint(exchange, endpoint)
    const accept = header(exchange, 'accept')
    const document = path.startsWith('/openapi')
      ? await openApi.document(path.slice('/openapi'.length), accept)
      : discovery.document(path, wantedAggregation(accept))
    if (document === undefined) throw ApiError.unknownPath()
    return sendDocument(exchange, document)
  }
}

async function sendEndpoint(exchange: Exchange, endpoint: ApiEndpoint): Promise<void> {
  const document = await endpoint.get()
  if (endpoint.contentType === undefined) sendJson(exchange, 200, document)
  else sendText(exchange, 200, JSON.stringify(document), endpoint.contentType)
}

const rootPaths = [
  '/.well-known/openid-configuration',
  '/api',
  '/apis',
  '/healthz',
  '/livez',
  '/metrics',
  '/openapi/v2',
  '/openapi/v3',
  '/openid/v1/jwks',
  '/readyz',
  '/version',
]

function sendHealth(exchange: Exchange, path: string, checks: readonly HealthCheck[]): void {
  const answer = healthAnswer(path, exchange.query, checks)
  if (answer === undefined) throw ApiError.unknownPath()
  sendText(exchange, answer.code, answer.text)
}

async function sendDocument(exchange: Exchange, document: Document): Promise<void> {
  const headers = { etag: document.etag, vary: 'Accept', ...cacheHeaders(exchange, document) }
  if (matches(header(exchange, 'if-none-match'), document.etag)) {
    return sendEmpty(exchange, 304, headers)
  }
  return sendParts(exchange, document.contentType, [document.bytes], headers)
}

/** A URL that names its content by hash always has this content. */
function cacheHeaders(exchange: Exchange, document: Document): { 'cache-control': string } | undefined {
  const { hash } = exchange.query.first
  return hash !== undefined && document.etag === `"${hash}"`
    ? { 'cache-control': 'public, immutable, max-age=31536000' }
    : undefined
}

function matches(wanted: string | undefined, etag: string): boolean {
  if (wanted === undefined) return false
  return wanted === '*' || wanted.split(',').some((entry) => entry.trim().replace(/^W\//, '') === etag)
}
