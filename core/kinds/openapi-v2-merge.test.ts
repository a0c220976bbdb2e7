import { assert, test } from '@davit/core/testing'
import type { Json } from './openapi-definitions.js'
import { mergeOpenApiV2, openApiV2Part } from './openapi-v2-merge.js'

const ref = (name: string): Json => ({ $ref: `#/definitions/${name}` })
const reply = (name: string): Json => ({ responses: { 200: { description: 'OK', schema: ref(name) } } })
const gvk = (group: string): Json => ({ 'x-kubernetes-group-version-kind': [{ group, kind: 'DeleteOptions', version: 'v1' }] })
const meta = { type: 'object', properties: { name: { type: 'string' } } }
const remote = {
  swagger: '2.0',
  paths: {
    '/apis/': { get: reply('Groups') },
    '/apis/metrics.test/': { get: reply('Groups') },
    '/apis/metrics.test/v1/': { get: reply('List') },
    '/apis/metrics.test/v1/widgets': { get: reply('Widget'), parameters: [{ $ref: '#/parameters/pretty-1' }] },
    '/apis/metrics.test/v10/widgets': { get: reply('Groups') },
  },
  definitions: {
    Groups: { type: 'object' },
    List: { type: 'array', items: ref('Widget') },
    Widget: { type: 'object', properties: { metadata: ref('Meta'), self: ref('Widget') } },
    Meta: meta,
    Unused: ref('Nowhere'),
  },
  parameters: { 'pretty-1': { in: 'query', name: 'pretty', type: 'string', uniqueItems: true } },
}
const own = {
  swagger: '2.0',
  paths: { '/apis/apps/v1/': { get: reply('Meta') } },
  definitions: { Meta: { ...meta, ...gvk('a') } },
}
const partOf = (document: unknown) => openApiV2Part(document, 'metrics.test', 'v1')
const definitionsOf = (document: Json) => document.definitions as Record<string, Json>

test('of another document counts the group version alone, with what it refers to', () => {
  const part = partOf(remote)
  assert.equal(Object.keys(part?.paths ?? {}), ['/apis/metrics.test/v1/', '/apis/metrics.test/v1/widgets'])
  assert.equal(Object.keys(part?.definitions ?? {}).sort(), ['List', 'Meta', 'Widget'])
  const widgets = part?.paths['/apis/metrics.test/v1/widgets'] as Json
  assert.equal(widgets.parameters, [remote.parameters['pretty-1']], 'shared parameters stand where they are used')
})

const { paths, definitions, parameters } = remote
const deep = JSON.parse(`${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`) as Json
for (const [what, document] of Object.entries({
  'no object': [],
  'nothing at all': null,
  'no paths': { definitions },
  'paths of others': { ...remote, paths: { '/apis/apps/v1/': {} } },
  'a path that is no object': { ...remote, paths: { '/apis/metrics.test/v1/': 'x' } },
  'no definitions': { paths, parameters },
  'a definition that is missing': { ...remote, definitions: { ...definitions, Meta: undefined } },
  'a definition that only objects have': { ...remote, definitions: { ...definitions, List: ref('constructor') } },
  'a definition of another document': {
    ...remote,
    definitions: { ...definitions, List: { $ref: 'https://elsewhere/#/definitions/Meta' } },
  },
  'a parameter that is missing': { ...remote, parameters: {} },
  'a reply of null': { ...remote, paths: { '/apis/metrics.test/v1/': { get: { responses: { 200: null } } } } },
  'a parameter of null': { ...remote, paths: { '/apis/metrics.test/v1/': { parameters: [null] } } },
  'a property of null': { ...remote, definitions: { ...definitions, Meta: { properties: { name: null } } } },
  'nesting without end': { ...remote, definitions: { ...definitions, Meta: deep } },
})) {
  test(`a document with ${what} is left out`, () => assert.is(partOf(document), undefined))
}

test('a key like a prototype’s is data', () => {
  const text = JSON.stringify(remote).replace('"Meta":{', '"Meta":{"__proto__":{"type":"string"},')
  const merged = mergeOpenApiV2(own, [partOf(JSON.parse(text)) ?? { paths: {}, definitions: {} }])
  assert.is(({} as Json).type, undefined)
  assert.ok(definitionsOf(merged).Widget)
})

test('parts are merged: what is the same once, what differs under another name', () => {
  const first = partOf(remote)
  assert.ok(first)
  const merged = mergeOpenApiV2(own, [first])
  assert.equal(Object.keys(merged.paths as Json), ['/apis/apps/v1/', '/apis/metrics.test/v1/', '/apis/metrics.test/v1/widgets'])
  assert.equal(Object.keys(definitionsOf(merged)).sort(), ['List', 'Meta', 'Widget'])
  assert.equal(definitionsOf(merged).Meta, own.definitions.Meta)
  assert.equal(Object.keys(own.definitions), ['Meta'], 'the document itself stays')

  const other = { ...remote, definitions: { ...definitions, Meta: { ...meta, description: 'of another release', ...gvk('b') } } }
  const second = partOf(other)
  assert.ok(second)
  const both = mergeOpenApiV2(own, [second, { ...second, paths: { '/apis/metrics.test/v1/more': { get: reply('Meta') } } }])
  assert.equal(Object.keys(definitionsOf(both)).sort(), ['List', 'Meta', 'Meta_v2', 'Widget', 'Widget_v2'])
  assert.equal(definitionsOf(both).Widget?.properties, { metadata: ref('Meta_v2'), self: ref('Widget') })
  assert.equal((both.paths as Json)['/apis/metrics.test/v1/more'], { get: reply('Meta_v2') })
})

test('a new name is none that the same document has given to something else', () => {
  const named = { ...definitions, Meta: { ...meta, description: 'another' }, Meta_v2: { type: 'string' } }
  const part = partOf({ ...remote, definitions: { ...named, Widget: { properties: { a: ref('Meta'), b: ref('Meta_v2') } } } })
  assert.ok(part)
  const merged = definitionsOf(mergeOpenApiV2(own, [part]))
  assert.equal(merged.Widget?.properties, { a: ref('Meta_v3'), b: ref('Meta_v2') })
  assert.equal([merged.Meta_v2, merged.Meta_v3?.description], [{ type: 'string' }, 'another'])
})

test('a definition of all has the kinds that each document gives it', () => {
  const same = { ...remote, definitions: { ...definitions, Meta: { ...meta, ...gvk('b') } } }
  const part = partOf(same)
  assert.ok(part)
  const groups = (document: Json) => {
    const { Meta = {} } = definitionsOf(document)
    return (Meta['x-kubernetes-group-version-kind'] as Json[]).map(({ group }) => group)
  }
  assert.equal(groups(mergeOpenApiV2(own, [part])), ['a', 'b'])
  assert.equal(groups(mergeOpenApiV2(own, [part, part])), ['a', 'b'])
  assert.equal(groups(mergeOpenApiV2({ ...own, definitions: { Meta: meta } }, [part])), ['b'])
})

test('a path that is there stays', () => {
  const part = partOf(remote)
  assert.ok(part)
  const mine = { ...own, paths: { '/apis/metrics.test/v1/': { get: reply('Meta') } } }
  assert.equal((mergeOpenApiV2(mine, [part]).paths as Json)['/apis/metrics.test/v1/'], { get: reply('Meta') })
})
