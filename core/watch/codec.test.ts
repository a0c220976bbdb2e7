import fc from 'fast-check'
import type { KubeObject } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { codec } from './codec.js'

const key = '/core/configmaps/default/settings'
const configMap = (): KubeObject => ({
  data: { text: 'ü "metadata":{ ✓' },
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default', resourceVersion: '7', labels: { app: 'web' } },
  apiVersion: 'v1',
})
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const isFrozenThroughout = (value: unknown): boolean =>
  typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(isFrozenThroughout))

test('stores apiVersion, kind and metadata first, and no resourceVersion', () => {
  const { value } = codec.encode(configMap())
  assert.ok(text(value).startsWith('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"'))
  assert.not.ok(text(value).includes('resourceVersion'))
})

test('shows the revision in bytes and object, without a change of anything else', () => {
  const { value } = codec.encode(configMap())
  const item = codec.open({ key, value, revision: 42, created: 40 })
  const shown = { ...configMap(), metadata: { ...configMap().metadata, resourceVersion: '42' } }
  assert.equal(JSON.parse(text(item.bytes)), shown)
  assert.equal(item.object, shown)
  assert.is(item.namespace, 'default')
  assert.is(item.name, 'settings')
  assert.is(item.created, 40)
})

test('what is asked for with the escapes of Go has them, and the values are the same', () => {
  const odd = 'a && b > c < d \u2028 \u2029 " \\u003c é'
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'web-1' }, data: { odd }, revision: 1 }
  const { value, memo } = codec.encode(revision, 'go')
  const inGo = 'a \\u0026\\u0026 b \\u003e c \\u003c d \\u2028 \\u2029 \\" \\\\u003c é'
  assert.ok(text(value).includes(`"data":{"odd":"${inGo}"}`), text(value))
  const item = codec.open({ key, value, revision: 42, created: 40 })
  for (const shown of [item.object, JSON.parse(text(item.bytes))]) assert.equal(shown.data, { odd })
  assert.equal((memo as { data?: unknown }).data, { odd })
  assert.ok(text(codec.encode({ ...configMap(), data: { odd } }).value).includes('a && b > c < d'), 'others do not')
})

test('a name with the mark of the metadata in it does not mislead it', () => {
  const odd = { apiVersion: '"metadata":{', kind: 'Odd', metadata: { name: 'x' } }
  const item = codec.open({ key, value: codec.encode(odd).value, revision: 3, created: 3 })
  assert.equal(JSON.parse(text(item.bytes)), { ...odd, metadata: { name: 'x', resourceVersion: '3' } })
})

test('fields named by numbers, which come first in any JSON, do not mislead it', () => {
  const odd = { 0: { metadata: { name: 'inner' } }, apiVersion: 'v1', kind: 'Odd', metadata: { name: 'x' } }
  const item = codec.open({ key, value: codec.encode(odd).value, revision: 3, created: 3 })
  assert.equal(JSON.parse(text(item.bytes)), { ...odd, metadata: { name: 'x', resourceVersion: '3' } })
})

test('an object without any metadata field is shown too', () => {
  const bare = { apiVersion: 'v1', kind: 'Bare', metadata: {} } as unknown as KubeObject
  const item = codec.open({ key, value: codec.encode(bare).value, revision: 3, created: 3 })
  assert.is(text(item.bytes), '{"apiVersion":"v1","kind":"Bare","metadata":{"resourceVersion":"3"}}')
})

test('a cluster-scoped object has no namespace', () => {
  const item = codec.open({ key: '/core/nodes//one', value: Buffer.from('{"metadata":{}}'), revision: 1, created: 1 })
  assert.is(item.namespace, '')
  assert.is(item.name, 'one')
})

test('bytes and object are made once', () => {
  const { value } = codec.encode(configMap())
  const item = codec.open({ key, value, revision: 42, created: 40 })
  assert.is(item.bytes, item.bytes)
  assert.is(item.object, item.object)
})

test('everything is frozen, with a memo and without', () => {
  const object = configMap()
  const { value, memo } = codec.encode(object)
  assert.ok(isFrozenThroughout(object))
  assert.ok(isFrozenThroughout(memo))
  assert.ok(isFrozenThroughout(codec.open({ key, value, memo, revision: 2, created: 1 }).object))
  assert.ok(isFrozenThroughout(codec.open({ key, value, revision: 2, created: 1 }).object))
})

test('the memo shares its parts with the object and spares the parsing', () => {
  const object = configMap()
  const { memo } = codec.encode(object)
  const item = codec.open({ key, value: Buffer.from('not JSON'), memo, revision: 2, created: 1 })
  assert.is(item.object.data, object.data)
  assert.is(item.object.metadata.resourceVersion, '2')
})

test('what JSON cannot say is gone from the memo as it is from the bytes', () => {
  const object = { ...configMap(), spec: { absent: undefined, list: [undefined, 1] } }
  const { value, memo } = codec.encode(object)
  assert.equal(memo, JSON.parse(text(value)))
  assert.not.ok('absent' in (memo.spec as object))
})

test('any object comes back as it went in', () => {
  const object = fc.record({
    apiVersion: fc.string(),
    kind: fc.string(),
    metadata: fc.dictionary(fc.string(), fc.jsonValue()),
    spec: fc.jsonValue(),
  })
  const property = fc.property(object, fc.integer({ min: 1, max: 2 ** 50 }), (made, revision) => {
    const plain = JSON.parse(JSON.stringify(made))
    const { value, memo } = codec.encode(plain as KubeObject)
    const shown = { ...plain, metadata: { ...plain.metadata, resourceVersion: String(revision) } }
    const entry = { key, value, revision, created: 1 }
    assert.equal(JSON.parse(text(codec.open(entry).bytes)), shown)
    assert.equal(codec.open(entry).object, shown)
    assert.equal(codec.open({ ...entry, memo }).object, shown)
  })
  fc.assert(property, { numRuns: 200, seed: 11 })
})
