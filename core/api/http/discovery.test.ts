import { createClock } from '../../kernel/host.js'
import type { ResourceKind } from '../../kinds/contract.js'
import { createRegistry } from '../../kinds/contract.js'
import { assert, test } from '../../testing/contract.js'
import { createDiscovery } from './discovery.js'
import { type HealthCheck, healthAnswer } from './health.js'
import { createMetrics } from './metrics.js'
import { createOpenApi } from './openapi.js'
import { parseQuery } from './query.js'
import { startServer, type TestServer } from './testing.js'
import { versionInfo } from './version.js'

let server: TestServer
test.before(async () => {
  server = await startServer()
})
test.after(() => server.stop())

interface Named {
  readonly name: string
}
const registry = createRegistry()
const nobody = { all: () => [], onChange: () => () => {} }
const openDiscovery = (kinds = createRegistry()) => createDiscovery(kinds, () => 'host:1', nobody)
// biome-ignore lint/suspicious/noExplicitAny: documents of every shape.
const parse = (document: { readonly bytes: Buffer } | undefined): any => JSON.parse(document?.bytes.toString() ?? 'null')

test('groups and versions', () => {
  const discovery = openDiscovery()
  const core = parse(discovery.document('/api'))
  assert.equal(core.versions, ['v1'])
  assert.equal(core.serverAddressByClientCIDRs, [{ clientCIDR: '0.0.0.0/0', serverAddress: 'host:1' }])
  const groups = parse(discovery.document('/apis')).groups
  assert.ok(groups.length > 15)
  for (const { versions, preferredVersion, name } of groups) {
    assert.ok(
      versions.some((one: { version: string }) => one.version === preferredVersion.version),
      name,
    )
  }
  const apps = parse(discovery.document('/apis/apps'))
  assert.is(apps.kind, 'APIGroup')
  assert.equal(apps.preferredVersion, { groupVersion: 'apps/v1', version: 'v1' })
  const autoscaling = parse(discovery.document('/apis/autoscaling'))
  assert.equal(autoscaling.versions.map((one: { version: string }) => one.version).sort(), ['v1', 'v2'])
})

test('resources with their subresources', () => {
  const resources = parse(openDiscovery().document('/api/v1')).resources
  const find = (name: string) => resources.find((one: Named) => one.name === name)
  const pods = find('pods')
  assert.equal(pods.shortNames, ['po'])
  assert.ok(pods.categories.includes('all'))
  assert.equal(pods.verbs, [...pods.verbs].sort())
  assert.match(pods.storageVersionHash, /^[A-Za-z0-9+/]{11}=$/)
  assert.is(pods.namespaced, true)
  assert.is(find('nodes').namespaced, false)
  assert.is(find('pods/eviction').group, 'policy')
  assert.is(find('pods/status').group, undefined)
  assert.is(find('pods/log').kind, 'Pod')
  const scale = parse(openDiscovery().document('/apis/apps/v1')).resources.find((one: Named) => one.name === 'deployments/scale')
  assert.equal([scale.group, scale.version, scale.kind], ['autoscaling', 'v1', 'Scale'])
})

test('the aggregated form says the same', () => {
  const discovery = openDiscovery()
  for (const version of ['v2', 'v2beta1'] as const) {
    const document = discovery.document('/apis', version)
    assert.match(document?.contentType ?? '', `v=${version}`)
    const list = parse(document)
    assert.is(list.apiVersion, `apidiscovery.k8s.io/${version}`)
    const plain = parse(discovery.document('/apis')).groups.map((group: Named) => group.name)
    assert.equal(
      list.items.map((item: { metadata: Named }) => item.metadata.name),
      plain,
    )
    const apps = list.items.find((item: { metadata: Named }) => item.metadata.name === 'apps')
    const deployments = apps.versions[0].resources.find((one: { resource: string }) => one.resource === 'deployments')
    assert.is(deployments.scope, 'Namespaced')
    assert.equal(deployments.responseKind, { group: 'apps', version: 'v1', kind: 'Deployment' })
    assert.equal(deployments.subresources.map((one: { subresource: string }) => one.subresource).sort(), ['scale', 'status'])
  }
  assert.is(parse(discovery.document('/api', 'v2')).items[0].metadata.name, undefined)
})

test('paths that are no discovery', () => {
  const discovery = openDiscovery()
  for (const path of ['/api/v2', '/apis/none', '/apis/apps/v2', '/apis/apps/v1/x', '/api/v1/x', '/other', '/apis//v1']) {
    assert.is(discovery.document(path), undefined, path)
  }
})

test('a kind that comes or goes shows at once, and nothing else is made anew', () => {
  const kinds = createRegistry()
  const discovery = openDiscovery(kinds)
  const before = discovery.document('/apis')
  assert.is(discovery.document('/apis'), before)
  const model = kinds.resource('apps', 'v1', 'deployments') as ResourceKind
  const remove = kinds.register({
    ...model,
    group: 'example.com',
    resource: 'boats',
    singular: 'boat',
    kind: 'Boat',
    apiVersion: 'example.com/v1',
  })
  assert.ok(parse(discovery.document('/apis')).groups.some((group: Named) => group.name === 'example.com'))
  assert.is(parse(discovery.document('/apis/example.com/v1')).resources[0].name, 'boats')
  remove()
  assert.is(discovery.document('/apis/example.com/v1'), undefined)
  assert.is(discovery.document('/apis')?.etag, before?.etag)
  discovery.close()
})

test('over HTTP: the form that is asked for, and 304 for what is known', async () => {
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const aggregated = await server.call('/apis', { headers: { accept } })
  assert.is(aggregated.json.kind, 'APIGroupDiscoveryList')
  assert.match(String(aggregated.headers['content-type']), 'as=APIGroupDiscoveryList')
  const plain = await server.call('/apis/')
  assert.is(plain.json.kind, 'APIGroupList')
  assert.is.not(plain.headers.etag, aggregated.headers.etag)
  for (const call of [server.call, server.call2]) {
    const known = await call('/apis', { headers: { 'if-none-match': `"other", W/${plain.headers.etag}` } })
    assert.is(known.code, 304)
    assert.is(known.text, '')
  }
  assert.is((await server.call('/apis', { headers: { 'if-none-match': '"other"' } })).code, 200)
})

test('OpenAPI v3: an index by content, and documents that may be kept for ever', async () => {
  const { paths } = (await server.call('/openapi/v3')).json
  assert.ok(Object.keys(paths).length > 15)
  const url: string = paths['apis/apps/v1'].serverRelativeURL
  const document = await server.call(url)
  assert.match(String(document.headers['cache-control']), 'immutable')
  assert.is(document.json.openapi, '3.0.0')
  assert.ok(document.json.components.schemas['io.k8s.api.apps.v1.Deployment'])
  assert.match(String((await server.call('/openapi/v3/apis/apps/v1')).headers['cache-control']), 'no-cache')
  assert.is((await server.call('/openapi/v3/apis/none/v1')).code, 404)
  assert.equal((await server.call('/openapi/v3')).json.paths, paths)
})

test('OpenAPI documents are made anew only for the group that changed', async () => {
  const kinds = createRegistry()
  const openApi = createOpenApi(kinds, createClock(), { title: 't', version: 'v' }, nobody)
  const batch = await openApi.document('/v3/apis/batch/v1', undefined)
  const apps = await openApi.document('/v3/apis/apps/v1', undefined)
  const model = kinds.resource('apps', 'v1', 'deployments') as ResourceKind
  kinds.register({ ...model, resource: 'boats', singular: 'boat', kind: 'Boat' })
  assert.is(await openApi.document('/v3/apis/batch/v1', undefined), batch)
  assert.is.not((await openApi.document('/v3/apis/apps/v1', undefined))?.etag, apps?.etag)
})

test('OpenAPI v2 is what old clients insist on', async () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'
  const reply = await server.call('/openapi/v2', { headers: { accept } })
  assert.is(reply.headers['content-type'], 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
  assert.is(reply.text.slice(0, 5), '\n\x032.0', 'field 1 is the version')
  assert.ok(reply.text.includes('io.k8s.api.core.v1.PodSpec'))
  const { swagger, definitions, paths } = (await server.call('/openapi/v2')).json
  assert.is(swagger, '2.0')
  assert.ok(definitions['io.k8s.api.core.v1.PodSpec'].properties.containers)
  assert.ok(paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch)
})

test('OpenAPI v2 follows the kinds, and those who ask at once share one document', async () => {
  const kinds = createRegistry()
  const openApi = createOpenApi(kinds, createClock(), { title: 't', version: 'v' }, nobody)
  const [first, second] = await Promise.all([openApi.document('/v2', undefined), openApi.document('/v2', undefined)])
  assert.is(first, second)
  assert.is(await openApi.document('/v2', undefined), first)
  const model = kinds.resource('apps', 'v1', 'deployments') as ResourceKind
  kinds.register({ ...model, resource: 'boats', singular: 'boat', kind: 'Boat' })
  const third = await openApi.document('/v2', undefined)
  assert.is.not(third, first)
  assert.ok(third?.bytes.toString().includes('/apis/apps/v1/namespaces/{namespace}/boats/{name}'))
})

test('the version is one that clients can parse', () => {
  const info = versionInfo('0.1.0')
  assert.match(info.gitVersion ?? '', /^v1\.33\.0\+[0-9A-Za-z.-]+$/)
  assert.match(info.gitCommit ?? '', /^[0-9a-f]{40}$/)
  assert.not(Number.isNaN(Date.parse(info.buildDate ?? '')))
  for (const key of ['major', 'minor', 'gitTreeState', 'goVersion', 'compiler', 'platform']) assert.ok(info[key], key)
})

test('health: each check, all of them, and what fails', () => {
  let started = false
  const checks: HealthCheck[] = [
    { name: 'ping', liveness: true, healthy: () => true },
    { name: 'started', liveness: false, healthy: () => started },
  ]
  const ask = (path: string, query = '') => healthAnswer(path, parseQuery(query), checks)
  assert.equal(ask('/livez'), { code: 200, text: 'ok' })
  assert.equal(ask('/readyz'), { code: 500, text: '[+]ping ok\n[-]started failed\nreadyz check failed\n' })
  assert.is(ask('/readyz', 'exclude=started')?.code, 200)
  assert.is(ask('/readyz/started')?.code, 500)
  assert.is(ask('/readyz/other'), undefined)
  assert.is(ask('/livez/started'), undefined)
  started = true
  assert.equal(ask('/readyz'), { code: 200, text: 'ok' })
  assert.equal(ask('/healthz', 'verbose'), { code: 200, text: '[+]ping ok\nhealthz check passed\n' })
})

test('metrics are Prometheus text', () => {
  const metrics = createMetrics()
  metrics.request('GET', 200)
  metrics.request('GET', 200)
  for (let index = 0; index < 10; index++) metrics.request(`MADE-UP-${index}`, 401)
  const ended = metrics.longRunning('WATCH')
  const text = metrics.text({ some_gauge: 7 })
  assert.match(text, 'apiserver_request_total{verb="GET",code="200"} 2\n')
  assert.match(text, 'apiserver_longrunning_requests{verb="WATCH"} 1\n')
  assert.match(text, '# TYPE some_gauge gauge\nsome_gauge 7\n')
  ended()
  ended()
  assert.match(text, 'apiserver_request_total{verb="other",code="401"} 10\n')
  assert.match(metrics.text({}), 'apiserver_longrunning_requests{verb="WATCH"} 0\n')
})

test('the registry that discovery shows is the one that is served', async () => {
  const { resources } = (await server.call('/api/v1')).json
  const own = registry.all().filter((kind) => kind.group === '')
  assert.equal(
    resources
      .filter((one: Named) => !one.name.includes('/'))
      .map((one: Named) => one.name)
      .sort(),
    own.map((kind) => kind.resource).sort(),
  )
})
