import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import { join } from 'node:path'
import { adminToken, userToken } from '@davit/core/api/testkit'
import { ClientsToken, type ResourceRef } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { apiServicesPath, plane, startBackend, stopBackend } from './testing.js'

const widgets = '/apis/metrics.test/v1/namespaces/default/widgets'
const passed = (reason: string): boolean => reason === 'Passed'
const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' }

test('local group versions have their APIServices, and have them again', async (t) => {
  const { call, available, until } = await plane(t)
  const local = await available('v1.apps', (reason) => reason === 'Local')
  assert.equal([local.status, local.message], ['True', 'Local APIServices are always available'])
  await available('v1.', (reason) => reason === 'Local')
  const { json } = await call(`${apiServicesPath}/v1.apps`)
  assert.equal(json.spec, { group: 'apps', version: 'v1', groupPriorityMinimum: 17800, versionPriority: 15 })
  assert.is((await call(`${apiServicesPath}/v1.apiregistration.k8s.io`)).code, 404)
  assert.is((await call(`${apiServicesPath}/v1.apps`, { method: 'DELETE' })).code, 200)
  const again = await until(async () => {
    const found = await call(`${apiServicesPath}/v1.apps`)
    return found.code === 200 && found.json.metadata.uid !== json.metadata.uid ? found.json : undefined
  })
  assert.equal(again.spec, json.spec)
  const spec = {
    ...again.spec,
    groupPriorityMinimum: 1,
    service: { name: 'evil', namespace: 'default' },
    insecureSkipTLSVerify: true,
  }
  assert.is((await call(`${apiServicesPath}/v1.apps`, { method: 'PUT', body: { ...again, spec } })).code, 200)
  assert.is((await call('/apis/apps/v1/deployments')).code, 200, 'what we serve ourselves goes nowhere else')
  await until(async () => ((await call(`${apiServicesPath}/v1.apps`)).json.spec.service === undefined ? true : undefined))
})

test('a request goes on whole, in the name of the user', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  const condition = await cluster.available('v1.metrics.test', passed)
  assert.equal([condition.status, condition.message], ['True', 'all checks passed'])
  for (const call of [cluster.call, cluster.call2]) {
    backend.requests.length = 0
    const headers = { 'x-remote-user': 'root', 'X-Remote-Group': 'system:masters', 'x-remote-extra-a': 'b', accept: 'text/x' }
    const reply = await call(`${widgets}?labelSelector=a%3Db`, { headers })
    assert.equal([reply.code, reply.json.kind, reply.headers['x-peer']], [200, 'Widget', 'front-proxy-client'])
    assert.equal(backend.requests, [`GET ${widgets}?labelSelector=a%3Db as admin`])
    const got = backend.last?.headers ?? {}
    assert.equal(got['x-remote-group'], 'system:masters, system:authenticated')
    assert.equal(
      [got['x-remote-extra-a'], got.authorization, got.host, got.accept],
      [undefined, undefined, 'metrics.default.svc', 'text/x'],
    )
    const posted = await call(widgets, { method: 'POST', body: { some: 'body' } })
    assert.equal([posted.code, posted.json.body], [201, '{"some":"body"}'])
  }
  const key = 'why/not'
  const impersonating = {
    'impersonate-user': 'bob',
    'impersonate-group': 'system:masters',
    [`impersonate-extra-${encodeURIComponent(key)}`]: 'x',
  }
  await cluster.call(widgets, { headers: impersonating })
  assert.is(backend.last?.headers['x-remote-user'], 'bob')
  assert.is(backend.last?.headers['x-remote-extra-why%2fnot'], 'x')
})

test('who may not is refused here, and the other server hears nothing of it', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', passed)
  backend.requests.length = 0
  const refused = await cluster.call(`${widgets}/a/deep/path`, { token: userToken })
  assert.is(refused.code, 403)
  assert.match(refused.json.message, 'User "alice" cannot get resource "widgets/deep" in API group "metrics.test"')
  assert.is((await cluster.call(widgets, { token: '' })).code, 401)
  for (const path of ['a/b/../../../../b/widgets', 'a/b/%2e%2E/c', 'a/.']) {
    assert.is((await cluster.call(`${widgets}/${path}`)).code, 400, path)
  }
  assert.equal(backend.requests, [])
  assert.is((await cluster.call('/apis/metrics.test/v1', { token: userToken })).code, 200, 'discovery is for everybody')
})

test('watches stream, upgrades pass, redirects do not', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', passed)
  const outgoing = request(cluster.options(`${widgets}?watch=true`)).end()
  t.defer(() => void outgoing.destroy())
  const [reply] = (await once(outgoing, 'response')) as [IncomingMessage]
  const [event] = (await once(reply, 'data')) as [Buffer]
  assert.is(event.toString(), '{"type":"ADDED"}\n')
  reply.on('error', () => {})
  outgoing.destroy()

  const headers = { connection: 'Upgrade', upgrade: 'echo', authorization: `Bearer ${adminToken}` }
  const upgrading = request({ ...cluster.options(`${widgets}/a/connect`), headers, agent: false }).end()
  const [, socket] = await once(upgrading, 'upgrade')
  t.defer(() => void socket.destroy())
  socket.write('hello')
  const [echo] = (await once(socket, 'data')) as [Buffer]
  assert.is(echo.toString(), 'hello')
  assert.is((await cluster.call(`${widgets}/redirect`)).code, 502)
})

test('discovery and OpenAPI tell of both, and one that is away does not break the rest', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', passed)
  const versions = [{ groupVersion: 'metrics.test/v1', version: 'v1' }]
  const { groups } = (await cluster.call('/apis')).json
  assert.equal(groups.at(-1), { name: 'metrics.test', versions, preferredVersion: versions[0] })
  assert.equal((await cluster.call('/apis/metrics.test')).json.versions, versions)
  assert.is((await cluster.call('/apis/metrics.test/v1')).json.resources[0].name, 'widgets')
  const found = async () => (await cluster.call('/apis', { headers: aggregated })).json.items.at(-1)
  const now = await found()
  assert.is(now.metadata.name, 'metrics.test')
  const [{ freshness, resources }] = now.versions
  assert.is(freshness, 'Current')
  assert.equal(resources, [
    {
      resource: 'widgets',
      responseKind: { group: 'metrics.test', version: 'v1', kind: 'Widget' },
      scope: 'Namespaced',
      singularResource: 'widget',
      verbs: ['get', 'list'],
      shortNames: ['wd'],
      subresources: [
        { subresource: 'status', responseKind: { group: 'metrics.test', version: 'v1', kind: 'Widget' }, verbs: ['get'] },
      ],
    },
  ])
  const url = (await cluster.call('/openapi/v3')).json.paths['apis/metrics.test/v1'].serverRelativeURL
  assert.is(url, '/openapi/v3/apis/metrics.test/v1?hash=AB')
  assert.is((await cluster.call(url)).json.openapi, '3.0.0')

  await cluster.endpoints(backend, false)
  await cluster.available('v1.metrics.test', (reason) => reason === 'MissingEndpoints')
  const away = await cluster.until(async () => {
    const item = await found()
    return item.versions[0].freshness === 'Stale' ? item : undefined
  })
  assert.equal(away.versions[0].resources, resources, 'what it served last')
  const reply = await cluster.call(widgets)
  assert.equal([reply.code, reply.text], [503, 'service unavailable\n'])
  assert.is((await cluster.call('/apis')).json.groups.length, groups.length)
  assert.is((await cluster.call('/api/v1/namespaces')).code, 200)
  await cluster.endpoints(backend, true)
  await cluster.available('v1.metrics.test', passed)
  assert.is((await cluster.call(widgets)).code, 200)
})

test('why it is not available', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  const reason = async (name: string, wanted: string): Promise<string> =>
    (await cluster.available(name, (found) => found === wanted)).message
  await cluster.register(backend, { service: { name: 'none', namespace: 'default' } }, 'a.test')
  assert.is(await reason('v1.a.test', 'ServiceNotFound'), 'service/none in "default" is not present')
  await cluster.register(backend, { service: { name: 'metrics', namespace: 'default', port: 444 } }, 'b.test')
  assert.is(await reason('v1.b.test', 'ServicePortError'), 'service/metrics in "default" is not listening on port 444')
  await cluster.register(backend)
  assert.is(await reason('v1.metrics.test', 'EndpointsNotFound'), 'cannot find endpoints for service/metrics in "default"')
  assert.is((await cluster.call(widgets)).code, 503)
  backend.broken = true
  await cluster.endpoints(backend)
  const failing = await reason('v1.metrics.test', 'FailedDiscoveryCheck')
  const url = `https://127.0.0.1:${backend.port}/apis/metrics.test/v1`
  assert.is(failing, `failing or missing response from ${url}: bad status from ${url}: 500`)
})

test('a server with another certificate than the bundle says gets nothing, unless anything will do', async (t) => {
  const cluster = await plane(t)
  const [backend, other] = await Promise.all([startBackend(t), startBackend(t)])
  await cluster.endpoints(backend)
  await cluster.register({ ...backend, caBundle: other.caBundle })
  await cluster.available('v1.metrics.test', (reason) => reason === 'FailedDiscoveryCheck')
  assert.is(backend.last, undefined)
  const { json } = await cluster.call(`${apiServicesPath}/v1.metrics.test`)
  const { caBundle: _bundle, ...spec } = json.spec
  const body = { ...json, spec: { ...spec, insecureSkipTLSVerify: true } }
  assert.is((await cluster.call(`${apiServicesPath}/v1.metrics.test`, { method: 'PUT', body })).code, 200)
  await cluster.available('v1.metrics.test', passed)
  assert.is((await cluster.call(widgets)).code, 200)
})

test('a server that is gone, and an APIService that is', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', passed)
  await cluster.call(widgets)
  await stopBackend(backend)
  const replies = await Promise.all([
    cluster.call(widgets),
    cluster.call2(widgets),
    cluster.call(widgets, { method: 'POST', body: {} }),
  ])
  for (const reply of replies) {
    assert.is(reply.code, 503)
    assert.match(reply.json.message, /^error trying to reach service: /)
  }
  assert.is((await cluster.call(`${apiServicesPath}/v1.metrics.test`, { method: 'DELETE' })).code, 200)
  await cluster.until(async () => ((await cluster.call(widgets)).code === 404 ? true : undefined))
  assert.is((await cluster.call('/apis/metrics.test')).code, 404)
})

test('the front proxy is told to others with the first of them, and its key to nobody', async (t) => {
  const cluster = await plane(t)
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
  await cluster.available('v1.apps', (reason) => reason === 'Local')
  const key = join(cluster.directory, 'pki', 'front-proxy-client.key')
  await assert.rejects(stat(key), 'ENOENT')
  assert.is((await cluster.call(path)).code, 404)
  const backend = await startBackend(t)
  await cluster.endpoints(backend)
  await cluster.register(backend)
  await cluster.available('v1.metrics.test', passed)
  assert.is((await stat(key)).mode & 0o777, 0o600)
  const { data } = (await cluster.call(path)).json
  assert.is(data['client-ca-file'], cluster.address.ca)
  assert.match(data['requestheader-client-ca-file'], 'BEGIN CERTIFICATE')
  assert.not.equal(data['requestheader-client-ca-file'], data['client-ca-file'])
  assert.is(data['requestheader-allowed-names'], '["front-proxy-client"]')
  assert.equal(Object.keys(data).filter((name) => name.startsWith('requestheader-')).length, 5)
})

test('clients of this process read from it in their own name', async (t) => {
  const cluster = await plane(t)
  const backend = await startBackend(t)
  const widget: ResourceRef = { group: 'metrics.test', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true }
  const clients = cluster.kernel.get(ClientsToken)
  const root = clients.as({ name: 'root', groups: ['system:masters'] })
  await assert.rejects(root.get(widget, 'default', 'a'), 'the server could not find the requested resource')
  await cluster.register(backend)
  await cluster.endpoints(backend)
  await cluster.available('v1.metrics.test', passed)
  assert.is((await root.get(widget, 'default', 'a')).kind, 'Widget')
  await root.getSubresource(widget, 'default', '*', 'speed', { labelSelector: 'a=b', empty: '' })
  assert.equal(backend.requests.slice(-2), [`GET ${widgets}/a as root`, `GET ${widgets}/*/speed?labelSelector=a%3Db as root`])
  await assert.rejects(root.list(widget, { namespace: 'default' }), 'the answer to a list is no list')
  const stranger = clients.as({ name: 'stranger' })
  await assert.rejects(stranger.get(widget, 'default', 'a'), /cannot get resource "widgets" in API group "metrics.test"/)
  await assert.rejects(root.delete(widget, 'default', 'a'), /delete is not supported on resources of kind "widgets.metrics.test"/)
  await cluster.endpoints(backend, false)
  await cluster.available('v1.metrics.test', (reason) => reason === 'MissingEndpoints')
  await assert.rejects(root.get(widget, 'default', 'a'), 'the server is currently unable to handle the request')
})
