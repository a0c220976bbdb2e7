import { assert, test } from '@davit/core/testing'
import type { KubeObject } from '../contract.js'
import { decodeCustom } from './decode.js'
import type { Schema } from './schema.js'
import { isPruned, settleInPlace, settleObject } from './settle.js'
import { objectTypes } from './types.js'

const text: Schema = { type: 'string' }
const kind = { apiVersion: 'example.com/v1', kind: 'Widget' }
const ofSpec = (spec: Schema): Schema => ({ type: 'object', properties: { spec } })
const decoded = (schema: Schema, body: object) =>
  decodeCustom(kind, schema, { metadata: { name: 'a' }, ...body }, { unknownFields: 'report' })
const settled = (spec: Schema, value: unknown) =>
  settleObject(ofSpec(spec), { ...kind, metadata: { name: 'a' }, spec: value } as KubeObject).spec

test('what the schema does not know is pruned and told, at any depth', () => {
  const spec: Schema = {
    type: 'object',
    properties: {
      a: text,
      list: { type: 'array', items: { type: 'object', properties: { b: text } } },
      map: { type: 'object', additionalProperties: { type: 'object', properties: { c: text } } },
      any: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, properties: { in: { type: 'object' } } },
      open: { type: 'object', additionalProperties: true },
    },
  }
  const body = {
    spec: { a: 1, x: 1, list: [{ b: 1, x: 1 }], map: { k: { c: 1, x: 1 } }, any: { y: 1, in: { x: 1 } }, open: { z: { z: 1 } } },
    top: 1,
  }
  const { object, strict, errors } = decoded(ofSpec(spec), body)
  assert.equal(object.spec, { a: 1, list: [{ b: 1 }], map: { k: { c: 1 } }, any: { y: 1, in: {} }, open: { z: { z: 1 } } })
  const unknown = ['spec.x', 'spec.list[0].x', 'spec.map.k.x', 'spec.any.in.x', 'top']
  assert.equal(
    strict,
    unknown.map((path) => `unknown field "${path}"`),
  )
  // Types are the business of validation.
  assert.equal(errors, [])
})

test('metadata is that of any object, and of a wrong type unreadable', () => {
  const { object, strict, errors } = decoded({ type: 'object' }, { metadata: { name: 'a', labels: { a: 1 }, more: 1 } })
  assert.is(object.metadata.name, 'a')
  assert.equal(strict, ['unknown field "metadata.more"'])
  assert.is(errors.length, 1)
})

test('an embedded object keeps its head, and its metadata is pruned', () => {
  const template: Schema = { type: 'object', 'x-kubernetes-embedded-resource': true, properties: { spec: { type: 'object' } } }
  const inner = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', x: 1 }, spec: { y: 1 }, z: 1 }
  const { object, strict } = decoded(ofSpec({ type: 'object', properties: { template } }), { spec: { template: inner } })
  assert.equal(object.spec, { template: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: {} } })
  assert.equal(strict, [
    'unknown field "spec.template.metadata.x"',
    'unknown field "spec.template.spec.y"',
    'unknown field "spec.template.z"',
  ])
})

test('decoding copies: the body may be frozen and shared', () => {
  const body = Object.freeze({ spec: Object.freeze({ any: Object.freeze({ list: Object.freeze([1]) }) }) })
  const schema = ofSpec({ type: 'object', 'x-kubernetes-preserve-unknown-fields': true })
  const { object } = decoded(schema, body)
  assert.equal(object.spec, body.spec)
  ;(object.spec as { any: { list: number[] } }).any.list.push(2)
  assert.equal(body.spec.any.list, [1])
  const named = decoded(schema, JSON.parse('{"spec":{"__proto__":{"x":1}}}') as object)
  assert.is(JSON.stringify(named.object.spec), '{"__proto__":{"x":1}}')
})

test('defaults fill what is absent, also within defaults, in lists and in maps', () => {
  const inner: Schema = { type: 'object', properties: { b: { ...text, default: 'B' } } }
  assert.equal(settled({ type: 'object', properties: { a: { ...inner, default: {} } } }, {}), { a: { b: 'B' } })
  assert.equal(settled({ type: 'object', properties: { a: inner } }, {}), {})
  const lists: Schema = { type: 'object', properties: { l: { type: 'array', items: inner } } }
  assert.equal(settled(lists, { l: [{}, { b: 'x' }] }), { l: [{ b: 'B' }, { b: 'x' }] })
  const maps: Schema = { type: 'object', additionalProperties: inner }
  assert.equal(settled(maps, { k: {} }), { k: { b: 'B' } })
  const falsy: Schema = { type: 'object', properties: { a: { type: 'boolean', default: false } } }
  assert.equal(settled(falsy, {}), { a: false })
})

test('null is kept where it is allowed, becomes the default or goes where it is not', () => {
  const fields: Schema = {
    type: 'object',
    properties: { free: { ...text, nullable: true }, preset: { ...text, default: 'x' }, other: text },
  }
  assert.equal(settled(fields, { free: null, preset: null, other: null }), { free: null, preset: 'x' })
  assert.equal(settled({ type: 'object', additionalProperties: text }, { k: null }), {})
  const list: Schema = { type: 'array', items: { ...text, default: 'x' } }
  assert.equal(settled({ type: 'object', properties: { list } }, { list: [null, 'a'] }), { list: ['x', 'a'] })
})

test('an object that is as it should be is handed back, and nothing frozen is touched', () => {
  const schema = ofSpec({ type: 'object', properties: { a: { ...text, default: 'x' }, list: { type: 'array', items: text } } })
  const whole = Object.freeze({ ...kind, metadata: {}, spec: Object.freeze({ a: 'y', list: Object.freeze(['b']) }) })
  assert.is(settleObject(schema, whole), whole)
  const short = Object.freeze({ ...kind, metadata: {}, spec: Object.freeze({ list: whole.spec.list, old: 1 }) })
  const made = settleObject(schema, short) as unknown as typeof whole
  assert.equal(made.spec, { a: 'x', list: ['b'] })
  assert.is(made.spec.list, whole.spec.list)
  assert.equal(short.spec, { list: ['b'], old: 1 })
})

test('settling in place is done once and for all', () => {
  const schema = ofSpec({ type: 'object', default: {}, properties: { a: { ...text, default: 'x' } } })
  const object: Record<string, unknown> = { ...kind, metadata: { name: 'a' }, gone: 1 }
  settleInPlace(schema, object)
  assert.equal(object, { ...kind, metadata: { name: 'a' }, spec: { a: 'x' } })
  const { spec } = object
  settleInPlace(schema, object)
  assert.is(object.spec, spec)
  ;(object.spec as { a: string }).a = 'changed'
  const other: Record<string, unknown> = { ...kind }
  settleInPlace(schema, other)
  assert.equal(other.spec, { a: 'x' }, 'defaults are not shared')
})

test('a default that the schema would take something from is not pruned', () => {
  const schema: Schema = { type: 'object', properties: { a: text, l: { type: 'array', items: { type: 'object' } } } }
  assert.ok(isPruned(schema, { a: 1, l: [{}] }))
  assert.not.ok(isPruned(schema, { b: 1 }))
  assert.not.ok(isPruned(schema, { l: [{ x: 1 }] }))
  assert.ok(isPruned({ type: 'object', additionalProperties: true }, { b: 1 }))
  assert.ok(isPruned(text, 'x'))
})

test('the types for merging keep what belongs together', () => {
  const ports: Schema = {
    type: 'array',
    items: { type: 'object', properties: { port: { type: 'integer', format: 'int32' } } },
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port'],
  }
  const spec: Schema = {
    type: 'object',
    'x-kubernetes-map-type': 'atomic',
    properties: {
      ports,
      set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
      map: { type: 'object', additionalProperties: { type: 'number' } },
      free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      either: { 'x-kubernetes-int-or-string': true },
      flag: { type: 'boolean' },
      any: { 'x-kubernetes-preserve-unknown-fields': true },
    },
  }
  const types = objectTypes(ofSpec(spec), 'com.example.v1.Widget')
  assert.ok(types.fields.get('metadata')?.schema.type === 'object')
  const found = types.fields.get('spec')?.schema
  assert.ok(found?.type === 'object' && found.atomic)
  const typeOf = (name: string) => found.fields.get(name)?.schema
  const list = typeOf('ports')
  assert.ok(list?.type === 'array' && list.listType === 'map' && list.items.type === 'object')
  assert.equal(list.keys, ['port'])
  assert.is((typeOf('set') as { listType?: string }).listType, 'set')
  assert.equal(typeOf('map'), { type: 'map', values: { type: 'number' } })
  assert.equal(typeOf('free'), { type: 'map', values: { type: 'any' } })
  const words = ['either', 'flag', 'any'].map((name) => typeOf(name)?.type)
  assert.equal(words, ['intOrString', 'boolean', 'any'])
})
