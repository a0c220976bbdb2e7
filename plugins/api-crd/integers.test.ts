/** Integers beyond 2^53 in custom resources, over the wire: what comes back has the digits that were sent. */
import { type Reply, startServer, type TestServer } from '@davit/core/api/testkit'
import { controlPlaneParts } from '@davit/core/controller/testkit'
import { formatJson, parseJson } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const most = '9223372036854775807'
const odd = '9007199254740993'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const counters = '/apis/example.com/v1/namespaces/default/counters'

const count = { type: 'integer', format: 'int64' }
const spec = `{
  "type": "object",
  "x-kubernetes-validations": [{ "rule": "!has(self.limit) || self.count <= self.limit", "message": "more than the limit" }],
  "properties": {
    "count": { "type": "integer", "format": "int64", "minimum": 0, "maximum": 9223372036854775807 },
    "limit": { "type": "integer", "format": "int64" },
    "start": { "type": "integer", "format": "int64", "default": ${odd} },
    "level": { "type": "integer", "enum": [1, ${odd}] },
    "even": { "type": "integer", "multipleOf": 2 },
    "small": { "type": "integer", "format": "int32" },
    "either": { "x-kubernetes-int-or-string": true },
    "ratio": { "type": "number" },
    "name": { "type": "string" },
    "free": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
    "set": { "type": "array", "x-kubernetes-list-type": "set", "items": ${JSON.stringify(count)} },
    "map": {
      "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"],
      "items": { "type": "object", "required": ["id"], "properties": { "id": ${JSON.stringify(count)}, "note": { "type": "string" } } }
    }
  }
}`
const definition = `{
  "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": { "name": "counters.example.com" },
  "spec": {
    "group": "example.com", "scope": "Namespaced", "names": { "plural": "counters", "kind": "Counter" },
    "versions": [{
      "name": "v1", "served": true, "storage": true,
      "additionalPrinterColumns": [
        { "name": "Count", "type": "integer", "jsonPath": ".spec.count" },
        { "name": "Text", "type": "string", "jsonPath": ".spec.count" },
        { "name": "Big", "type": "string", "jsonPath": ".spec.map[?(@.id==${odd})].note" }
      ],
      "selectableFields": [{ "jsonPath": ".spec.limit" }],
      "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": ${spec} } } }
    }]
  }
}`

async function start(t: TestContext): Promise<TestServer> {
  const own = new Set(['store-memory', 'watch-cache', 'token-issuer', 'api-pipeline'])
  const parts = controlPlaneParts().flatMap(({ plugin }) => (own.has(plugin.id) ? [] : [plugin]))
  const server = await startServer({ plugins: [...parts, plugin] })
  t.defer(() => server.stop())
  const made = await send(server, 'POST', definitions, 'application/json', definition)
  has(made, `"default":${odd}`, `"enum":[1,${odd}]`)
  while ((await server.call(counters)).code !== 200) await new Promise((resolve) => setTimeout(resolve, 5))
  return server
}

const body = (fields: string, name = 'a'): string =>
  `{"apiVersion":"example.com/v1","kind":"Counter","metadata":{"name":"${name}"},"spec":{${fields}}}`

function send(server: TestServer, method: string, path: string, type: string, text: string): Promise<Reply> {
  return server.call(path, { method, headers: { 'content-type': type }, body: text })
}
const create = (server: TestServer, fields: string, name?: string) =>
  send(server, 'POST', counters, 'application/json', body(fields, name))
const patch = (server: TestServer, type: string, text: string, query = '') =>
  send(server, 'PATCH', `${counters}/a${query}`, `application/${type}`, text)

const has = (reply: Reply, ...texts: string[]): void => {
  assert.ok(reply.code < 300, reply.text)
  for (const text of texts) assert.ok(reply.text.includes(text), `${text} is not in ${reply.text}`)
}
const causes = (reply: Reply): string[] =>
  (reply.json.details?.causes ?? []).map((cause: { field: string; message: string }) => `${cause.field}: ${cause.message}`)

test('an integer comes back from every way in and out', async (t) => {
  const server = await start(t)
  const fields = `"count":${most},"limit":${most},"free":{"deep":[{"a":-${odd}}]},"either":${odd},"set":[${odd},1]`
  has(await create(server, fields), `"count":${most}`, `"start":${odd}`, `"deep":[{"a":-${odd}}]`, `"either":${odd}`)
  has(await server.call(`${counters}/a`), `"count":${most}`, `"start":${odd}`, `"set":[${odd},1]`)
  has(await server.call(counters), `"count":${most}`)
  has(await server.call(`${counters}?fieldSelector=spec.limit%3D${most}`), `"name":"a"`)
  has(await server.call(`${counters}/a?pretty=true`), `"count": ${most}`)
  has(await server.call(`${counters}?watch=true&timeoutSeconds=1`), `"count":${most}`)
  has(await server.call(`${counters}/a`, { headers: { accept: 'application/yaml' } }), `count: ${most}\n`)
  const table = await server.call(counters, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
  has(table, `"cells":["a",${most},"${most}",null]`)
  has(await server.call('/openapi/v3/apis/example.com/v1'), `"default":${odd}`)
  has(await server.call('/openapi/v2'), `"default":${odd}`)
  const yaml = `apiVersion: example.com/v1\nkind: Counter\nmetadata: {name: b}\nspec: {count: ${odd}, limit: 0x7fffffffffffffff}\n`
  has(await send(server, 'POST', counters, 'application/yaml', yaml), `"count":${odd}`, `"limit":${most}`)
  has(await send(server, 'POST', `${counters}?dryRun=All`, 'application/json', body(`"count":${odd}`, 'c')), `"count":${odd}`)
})

test('every kind of change keeps it, and a change that is none writes nothing', async (t) => {
  const server = await start(t)
  has(await create(server, `"count":1,"set":[${odd}],"map":[{"id":${odd},"note":"x"},{"id":2}]`))
  has(await patch(server, 'merge-patch+json', `{"spec":{"count":${odd}}}`), `"count":${odd}`, `"start":${odd}`)
  const next = BigInt(odd) + 1n
  const operations = `[{"op":"test","path":"/spec/count","value":${odd}},{"op":"replace","path":"/spec/count","value":${next}}]`
  has(await patch(server, 'json-patch+json', operations), `"count":${next}`)
  assert.is((await patch(server, 'json-patch+json', operations)).code, 422, 'the test must fail: another number by one')
  const read = await server.call(`${counters}/a`)
  const same = await send(server, 'PUT', `${counters}/a`, 'application/json', read.text)
  has(same, `"count":${next}`, `"set":[${odd}]`)
  assert.is(same.json.metadata.resourceVersion, read.json.metadata.resourceVersion)
  const put = formatJson(parseJson(read.text)).replace(`"count":${next}`, `"count":${most}`)
  has(await send(server, 'PUT', `${counters}/a`, 'application/json', put), `"count":${most}`)
})

test('who applied which integer is told apart to the last digit', async (t) => {
  const server = await start(t)
  const apply = (manager: string, fields: string, force = false) =>
    patch(server, 'apply-patch+yaml', body(fields), `?fieldManager=${manager}&force=${force}`)
  has(await apply('one', `"count":${odd},"set":[${odd}],"map":[{"id":${odd},"note":"x"}]`), `"count":${odd}`)
  has(await apply('two', `"count":${odd}`))
  const conflict = await apply('two', `"count":${BigInt(odd) + 1n}`)
  assert.is(conflict.code, 409, conflict.text)
  const merged = await apply('two', `"set":[${BigInt(odd) + 1n}],"map":[{"id":${BigInt(odd) + 1n}}]`)
  has(merged, `"set":[${odd},${BigInt(odd) + 1n}]`, `{"id":${odd},"note":"x"},{"id":${BigInt(odd) + 1n}}`)
  has(merged, `"v:${odd}":{}`, `"k:{\\"id\\":${odd}}"`)
  has(await apply('two', `"count":${most}`, true), `"count":${most}`, `"set":[${odd}]`)
})

test('values are checked as the integers that they are', async (t) => {
  const server = await start(t)
  const cases: readonly (readonly [fields: string, ...found: string[]])[] = [
    [`"count":-${odd}`, `spec.count: Invalid value: -${odd}: spec.count in body should be greater than or equal to 0`],
    [`"level":${BigInt(odd) + 1n}`, `spec.level: Unsupported value: ${BigInt(odd) + 1n}: supported values: "1", "${odd}"`],
    [`"even":${odd}`, `spec.even: Invalid value: ${odd}: spec.even in body should be a multiple of 2`],
    [`"name":${odd}`, 'spec.name: Invalid value: "integer": spec.name in body must be of type string: "integer"'],
    [`"small":${odd}`, '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec.small'],
    [`"set":[${odd},1,${odd}]`, `spec.set[2]: Duplicate value: ${odd}`],
    [`"map":[{"id":${odd}},{"id":${odd}}]`, `spec.map[1]: Duplicate value: {"id":${odd}}`],
    [`"count":${most},"limit":${BigInt(most) - 1n}`, 'spec: Invalid value: "object": more than the limit'],
    [
      '"count":9223372036854775808',
      '<nil>: Invalid value: "": Checked value must be of type integer with format int64 in spec.count',
    ],
  ]
  const blocked = /Unsupported|in body must be of type/
  const unchecked =
    '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'
  for (const [fields, ...found] of cases) {
    const reply = await create(server, fields)
    assert.is(reply.code, 422, reply.text)
    assert.equal(causes(reply), blocked.test(found.join()) ? [...found, unchecked] : found)
  }
  const near = `"count":${odd},"limit":${odd},"level":${odd},"even":${BigInt(odd) + 1n},"ratio":${odd}`
  has(await create(server, `${near},"set":[${odd},${BigInt(odd) + 1n}],"map":[{"id":${odd},"note":"found"},{"id":1}]`))
  const table = await server.call(counters, { headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } })
  has(table, `"cells":["a",${odd},"${odd}","found"]`)
})

test('kinds of Kubernetes take them where any value may stand, and as quantities; their own integers are refused in words', async (t) => {
  const server = await start(t)
  const revision = `{"apiVersion":"apps/v1","kind":"ControllerRevision","metadata":{"name":"r"},"revision":1,"data":{"n":${odd}}}`
  const revisions = '/apis/apps/v1/namespaces/default/controllerrevisions'
  has(await send(server, 'POST', revisions, 'application/json', revision), `"n":${odd}`)
  has(await server.call(`${revisions}/r`), `"n":${odd}`)
  const quota = `{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"memory":${odd}}}}`
  has(await send(server, 'POST', '/api/v1/namespaces/default/resourcequotas', 'application/json', quota), `"memory":"${odd}"`)
  for (const field of ['"revision":9223372036854775807', '"revision":-9007199254740993']) {
    const reply = await send(server, 'POST', revisions, 'application/json', revision.replace('"revision":1', field))
    assert.is(reply.code, 400)
    assert.match(
      reply.json.message,
      /revision: the integer -?\d+ cannot be kept: beyond 2\^53 only custom resources can have one/,
    )
  }
})
