import { X509Certificate } from 'node:crypto'
import { connect } from 'node:tls'
import { definePlugin } from '../../kernel/contract.js'
import { assert, test } from '../../testing/contract.js'
import { ApiHooksToken } from '../contract.js'
import { adminToken, clientCertificate, pod, pods, type Reply, send, startServer, type TestServer, userToken } from './testing.js'
import { formatYaml, parseYaml } from './yaml.js'

let server: TestServer
test.before(async () => {
  server = await startServer({ config: { bodyLimitBytes: 100_000 } })
  await server.call(pods, { method: 'POST', body: pod('one') })
})
test.after(() => server.stop())

function isStatus(reply: Reply, code: number, reason: string): void {
  assert.is(reply.code, code, reply.text)
  assert.is(reply.json.kind, 'Status')
  assert.is(reply.json.code, code)
  assert.is(reply.json.reason, reason)
  assert.match(String(reply.headers['content-type']), /^application\/json/)
}

test('an object goes through its life, the same over both versions of HTTP', async () => {
  for (const call of [server.call, server.call2]) {
    const created = await call(pods, { method: 'POST', body: pod('life') })
    assert.is(created.code, 201, created.text)
    const got = await call(`${pods}/life`)
    assert.is(got.text, created.text)
    assert.is(got.headers['content-type'], 'application/json')
    const patch = {
      method: 'PATCH',
      headers: { 'content-type': 'application/merge-patch+json' },
      body: { metadata: { labels: { a: 'b' } } },
    }
    assert.is((await call(`${pods}/life`, patch)).json.metadata.labels.a, 'b')
    const listed = await call(`${pods}?labelSelector=a%3Db`)
    assert.equal(
      listed.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['life'],
    )
    assert.is((await call(`${pods}/life?gracePeriodSeconds=0`, { method: 'DELETE' })).code, 200)
    isStatus(await call(`${pods}/life`), 404, 'NotFound')
  }
})

test('HEAD has the headers of GET and no body', async () => {
  const get = await server.call(`${pods}/one`)
  for (const call of [server.call, server.call2]) {
    const head = await call(`${pods}/one`, { method: 'HEAD' })
    assert.is(head.code, 200)
    assert.is(head.text, '')
    assert.is(head.headers['content-length'], String(Buffer.byteLength(get.text)))
  }
})

test('bodies may be YAML, and replies too', async () => {
  const headers = { 'content-type': 'application/yaml', accept: 'application/yaml' }
  const created = await server.call(pods, { method: 'POST', headers, body: formatYaml(pod('yaml')) })
  assert.is(created.code, 201, created.text)
  assert.is(created.headers['content-type'], 'application/yaml')
  assert.is((parseYaml(created.text) as { metadata: { name: string } }).metadata.name, 'yaml')
  const list = parseYaml((await server.call(pods, { headers })).text) as { kind: string }
  assert.is(list.kind, 'PodList')
  const broken = await server.call(pods, { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: 'a: [' })
  isStatus(broken, 400, 'BadRequest')
})

test('bodies that cannot be read are refused', async () => {
  const post = (body: string | Buffer, type: string): Promise<Reply> =>
    server.call(pods, { method: 'POST', body, headers: { 'content-type': type } })
  isStatus(await post('{', 'application/json'), 400, 'BadRequest')
  isStatus(await post(Buffer.from([0x7b, 0xff, 0x7d]), 'application/json'), 400, 'BadRequest')
  isStatus(await post('[]', 'application/json'), 400, 'BadRequest')
  isStatus(await post('x', 'application/vnd.kubernetes.protobuf'), 400, 'BadRequest')
  const unknown = await post('x', 'text/plain')
  isStatus(unknown, 415, 'UnsupportedMediaType')
  assert.match(unknown.json.message, 'application/yaml')
  isStatus(await server.call(pods, { method: 'POST', body: '' }), 400, 'BadRequest')
})

test('a body without a type is JSON, over HTTP/2 also where it says no length; a patch still needs its type', async () => {
  const untyped = { 'content-type': '' }
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
  const maps = '/api/v1/namespaces/default/configmaps'
  for (const [name, call] of [['untyped-1', server.call] as const, ['untyped-2', server.call2] as const]) {
    const made = await call(maps, { method: 'POST', headers: untyped, body: map(name) })
    assert.is(made.code, 201, made.text)
    assert.is((await call(maps, { method: 'POST', headers: untyped, body: 'no json' })).code, 400)
    assert.is((await call(`${maps}/${name}`, { method: 'PATCH', headers: untyped, body: {} })).code, 415)
    assert.is((await call(`${maps}/${name}`, { method: 'DELETE' })).code, 200)
  }
})

test('a patch needs a type of patch', async () => {
  const reply = await server.call(`${pods}/one`, { method: 'PATCH', body: {} })
  isStatus(reply, 415, 'UnsupportedMediaType')
  assert.match(reply.json.message, 'application/merge-patch+json')
})

test('a body beyond the limit is refused before it is read', async () => {
  const body = JSON.stringify(pod('big', { metadata: { name: 'big', annotations: { a: 'x'.repeat(150_000) } } }))
  for (const call of [server.call, server.call2])
    isStatus(await call(pods, { method: 'POST', body }), 413, 'RequestEntityTooLarge')
})

test('unknown and duplicate fields: refused, warned of, or dropped, as the client asks', async () => {
  const text = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fields"},"data":{"a":"1","a":"2"},"dta":{}}'
  const path = '/api/v1/namespaces/default/configmaps?dryRun=All'
  const post = (validation: string): Promise<Reply> =>
    server.call(`${path}&fieldValidation=${validation}`, { method: 'POST', body: text })
  const strict = await post('Strict')
  isStatus(strict, 400, 'BadRequest')
  assert.match(strict.json.message, 'unknown field "dta"')
  assert.match(strict.json.message, 'duplicate field "data.a"')
  const warned = await post('Warn')
  assert.is(warned.code, 201)
  assert.match(String(warned.headers.warning), '299 - "unknown field \\"dta\\""')
  assert.match(String(warned.headers.warning), 'duplicate field')
  const ignored = await post('Ignore')
  assert.is(ignored.code, 201)
  assert.is(ignored.headers.warning, undefined)
})

test('several warnings are several values over HTTP/2 too', async () => {
  const body = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fields"},"x":1,"y":2}'
  const reply = await server.call2('/api/v1/namespaces/default/configmaps?dryRun=All', { method: 'POST', body })
  assert.is(reply.code, 201, reply.text)
  assert.match(String(reply.headers.warning), '299 - "unknown field \\"x\\"", 299 - "unknown field \\"y\\""')
})

test('tables are for those who print', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const list = (await server.call(`${pods}?fieldSelector=metadata.name%3Done`, { headers: { accept } })).json
  assert.is(list.kind, 'Table')
  assert.is(list.apiVersion, 'meta.k8s.io/v1')
  assert.is(list.columnDefinitions[0].name, 'Name')
  assert.equal(list.rows[0].cells.slice(0, 3), ['one', '0/1', 'Pending'])
  assert.is(list.rows[0].cells.length, list.columnDefinitions.length)
  assert.is(list.rows[0].object.kind, 'PartialObjectMetadata')
  assert.is(list.rows[0].object.spec, undefined)
  const one = (await server.call(`${pods}/one?includeObject=Object`, { headers: { accept } })).json
  assert.is(one.rows[0].object.kind, 'Pod')
  const none = (await server.call(`${pods}/one?includeObject=None`, { headers: { accept: accept.replace('v=v1', 'v=v1beta1') } }))
    .json
  assert.is(none.rows[0].object, null)
  assert.is(none.apiVersion, 'meta.k8s.io/v1beta1')
  isStatus(await server.call(`${pods}/one?includeObject=Some`, { headers: { accept } }), 400, 'BadRequest')
})

test('metadata alone', async () => {
  const accept = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
  const one = (await server.call(`${pods}/one`, { headers: { accept } })).json
  assert.equal(Object.keys(one).sort(), ['apiVersion', 'kind', 'metadata'])
  assert.is(one.kind, 'PartialObjectMetadata')
  const list = (await server.call(pods, { headers: { accept: accept.replace('Metadata;', 'MetadataList;') } })).json
  assert.is(list.kind, 'PartialObjectMetadataList')
  assert.is(list.items[0].spec, undefined)
})

test('a scale has a table of its own', async () => {
  const deployments = '/apis/apps/v1/namespaces/default/deployments'
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const spec = { replicas: 3, selector: { matchLabels: { a: 'b' } }, template }
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'scaled' }, spec }
  await server.call(deployments, { method: 'POST', body })
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  const table = (await server.call(`${deployments}/scaled/scale`, { headers: { accept } })).json
  assert.equal(
    table.columnDefinitions.map(({ name }: { name: string }) => name),
    ['Name', 'Desired', 'Available', 'Age'],
  )
  assert.equal(table.rows[0].cells.slice(0, 3), ['scaled', 3, 0])
  await server.call(`${deployments}/scaled`, { method: 'DELETE' })
})

test('a form that cannot be served is 406', async () => {
  isStatus(await server.call(pods, { headers: { accept: 'text/html' } }), 406, 'NotAcceptable')
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes: { verb: 'get', resource: 'pods' } },
  }
  const options = {
    method: 'POST',
    body: review,
    headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io', 'content-type': 'application/json' },
  }
  isStatus(await server.call('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', options), 406, 'NotAcceptable')
})

test('people get indented replies', async () => {
  assert.match((await server.call(`${pods}/one?pretty=true`)).text, '\n  "kind": "Pod"')
  assert.match((await server.call(`${pods}/one`, { headers: { 'user-agent': 'curl/8' } })).text, '\n  "kind": "Pod"')
  assert.not.match((await server.call(`${pods}/one?pretty=false`, { headers: { 'user-agent': 'curl/8' } })).text, '\n  "')
})

test('pages of a list lead through all of it', async () => {
  for (const name of ['p1', 'p2', 'p3']) await server.call(pods, { method: 'POST', body: pod(name) })
  const seen: string[] = []
  let next = ''
  do {
    const page = (await server.call(`${pods}?limit=2${next ? `&continue=${encodeURIComponent(next)}` : ''}`)).json
    seen.push(...page.items.map((item: { metadata: { name: string } }) => item.metadata.name))
    next = page.metadata.continue ?? ''
  } while (next !== '')
  assert.equal(seen, [...seen].sort())
  assert.ok(seen.includes('p3') && seen.includes('one'))
})

test('an empty list is a list', async () => {
  assert.equal((await server.call('/api/v1/namespaces/nowhere/pods')).json.items, [])
})

test('unknown paths, resources and methods', async () => {
  for (const path of [
    '/nothing',
    '/api/v2',
    '/api/v1/unknown',
    '/apis/none/v1/x',
    '/apis/apps/v1/deployments/a/b/c/d',
    '/openapi/v4',
  ]) {
    isStatus(await server.call(path), 404, 'NotFound')
  }
  isStatus(await server.call(`${pods}/one`, { method: 'POST', body: pod('one') }), 405, 'MethodNotAllowed')
  isStatus(await server.call('/version', { method: 'POST', body: {} }), 405, 'MethodNotAllowed')
  isStatus(await server.call(pods, { method: 'OPTIONS' }), 405, 'MethodNotAllowed')
  isStatus(await server.call(`${pods}/${'x'.repeat(3000)}`), 400, 'BadRequest')
})

test('without credentials, with wrong ones, and with none that anybody knows', async () => {
  isStatus(await server.call(pods, { token: '' }), 401, 'Unauthorized')
  isStatus(await server.call(pods, { token: 'wrong' }), 401, 'Unauthorized')
  isStatus(await server.call('/version', { token: 'wrong' }), 401, 'Unauthorized')
  isStatus(await server.call(pods, { token: '', headers: { authorization: 'Basic YTpi' } }), 401, 'Unauthorized')
  for (const path of ['/version', '/healthz', '/livez', '/readyz', '/readyz/ping'])
    assert.is((await server.call(path, { token: '' })).code, 200)
  isStatus(await server.call('/metrics', { token: '' }), 401, 'Unauthorized')
  isStatus(await server.call('/api', { token: '' }), 401, 'Unauthorized')
})

test('a user without rights may look around, and no more', async () => {
  for (const path of ['/api', '/apis', '/apis/apps/v1', '/version', '/openapi/v2'])
    assert.is((await server.call(path, { token: userToken })).code, 200)
  const refused = await server.call(pods, { token: userToken })
  isStatus(refused, 403, 'Forbidden')
  assert.match(refused.json.message, 'User "alice" cannot list resource "pods"')
  isStatus(await server.call('/metrics', { token: userToken }), 403, 'Forbidden')
})

const whoami = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
const reviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

test('a client certificate says who it is, over both versions of HTTP', async () => {
  const certificate = await clientCertificate(server)
  const { agent: _agent, ...options } = server.options(reviews, {
    method: 'POST',
    token: '',
    headers: { 'content-type': 'application/json' },
  })
  const reply = await send({ ...options, ...certificate, agent: false }, Buffer.from(JSON.stringify(whoami)))
  assert.is(reply.code, 201, reply.text)
  assert.is(reply.json.status.userInfo.username, 'davit-admin')
  assert.equal(reply.json.status.userInfo.groups, ['system:masters', 'system:authenticated'])
})

test('a certificate of another authority is nobody', async (t) => {
  const other = await startServer()
  t.defer(() => other.stop())
  const { agent: _agent, ...options } = server.options(pods, { token: '' })
  isStatus(await send({ ...options, ...(await clientCertificate(other)), agent: false }), 401, 'Unauthorized')
})

test('impersonation, for those who may', async () => {
  const as = async (headers: Record<string, string | string[]>, token = adminToken): Promise<Reply> =>
    server.call(reviews, { method: 'POST', body: whoami, headers: { 'content-type': 'application/json', ...headers }, token })
  const user = await as({
    'Impersonate-User': 'carol',
    'Impersonate-Group': ['one, two', 'three'],
    'Impersonate-Extra-Reason%2fwhy': 'audit',
  })
  isStatus(user, 403, 'Forbidden')
  const masters = await as({
    'Impersonate-User': 'carol',
    'Impersonate-Group': ['system:masters', 'one, two'],
    'Impersonate-Extra-Why%2fnot': 'audit',
  })
  assert.is(masters.code, 201, masters.text)
  const info = masters.json.status.userInfo
  assert.is(info.username, 'carol')
  assert.equal(info.groups, ['system:masters', 'one, two', 'system:authenticated'])
  assert.equal(info.extra, { 'why/not': ['audit'] })
  const named = await as({
    'Impersonate-User': 'carol',
    'Impersonate-Group': 'system:masters',
    'Impersonate-Extra-Constructor': 'x',
  })
  assert.equal(named.json.status.userInfo.extra.constructor, ['x'], 'a key that every object knows is a key like others')
  isStatus(await as({ 'Impersonate-Group': 'one' }), 400, 'BadRequest')
  const refused = await as({ 'Impersonate-User': 'carol' }, userToken)
  isStatus(refused, 403, 'Forbidden')
  assert.match(refused.json.message, 'User "alice" cannot impersonate resource "users"')
})

test('the server is who its kubeconfig says', async () => {
  const socket = connect({
    host: '127.0.0.1',
    port: server.address.port,
    ca: server.address.ca,
    servername: 'kubernetes.default.svc',
    ALPNProtocols: ['h2'],
  })
  await new Promise<void>((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  assert.ok(socket.authorized)
  assert.is(socket.alpnProtocol, 'h2')
  assert.is(new X509Certificate(socket.getPeerCertificate().raw).checkHost('localhost'), 'localhost')
  socket.destroy()
})

test('large lists come whole, as they are and compressed', async () => {
  const blob = 'x'.repeat(20_000)
  for (let index = 0; index < 60; index++) {
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `big-${index}` }, data: { blob } }
    assert.is((await server.call('/api/v1/namespaces/kube-public/configmaps', { method: 'POST', body })).code, 201)
  }
  for (const call of [server.call, server.call2]) {
    const list = await call('/api/v1/namespaces/kube-public/configmaps', { headers: { 'accept-encoding': 'gzip' } })
    assert.is(list.json.items.length, 60)
    assert.is(list.headers['content-encoding'], undefined)
    assert.is(list.headers['content-length'], String(Buffer.byteLength(list.text)))
  }
})

test('requests are counted', async () => {
  const { text } = await server.call('/metrics')
  assert.match(text, /apiserver_request_total\{verb="GET",code="200"\} \d+/)
  assert.match(text, /process_resident_memory_bytes \d+/)
})

test('a refusal carries the warnings of admission, over both versions of HTTP', async () => {
  const warning = definePlugin({
    id: 'test-warning',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, ({ name, warn }) => {
        warn(`do not name it "${name}"`)
        warn('ever')
        return name === 'refused' ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined
      })
      return {}
    },
  })
  const own = await startServer({ plugins: [warning] })
  try {
    const path = '/api/v1/namespaces/default/configmaps'
    for (const call of [own.call, own.call2]) {
      for (const [name, code] of Object.entries({ refused: 403, allowed: 201 })) {
        const reply = await call(`${path}?dryRun=All`, { method: 'POST', body: { metadata: { name } } })
        assert.is(reply.code, code)
        assert.match(String(reply.headers.warning), `299 - "do not name it \\"${name}\\""`)
        assert.match(String(reply.headers.warning), '299 - "ever"')
      }
    }
  } finally {
    await own.stop()
  }
})
