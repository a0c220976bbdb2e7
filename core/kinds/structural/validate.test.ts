import { assert, test } from '@davit/core/testing'
import type { FieldError } from '../contract.js'
import { checkEmbedded } from './embedded.js'
import { hasFormat } from './format.js'
import { findDuplicates } from './lists.js'
import { patternOf } from './pattern.js'
import type { Schema } from './schema.js'
import { validateValue } from './validate.js'

/** Findings about `value` at "spec", as a user reads them. */
function found(schema: Schema, value: unknown, old?: unknown): string[] {
  const errors: FieldError[] = []
  validateValue(errors, schema, value, old, 'spec')
  return errors.map(({ field, message }) => `${field}: ${message}`)
}
const text: Schema = { type: 'string' }
const integer: Schema = { type: 'integer' }

const wrongTypes: [schema: Schema, value: unknown, wanted: string, type: string][] = [
  [integer, 'x', 'integer', 'string'],
  [integer, 1.5, 'integer', 'number'],
  [text, 1, 'string', 'integer'],
  [text, null, 'string', 'null'],
  [{ type: 'boolean' }, 'true', 'boolean', 'string'],
  [{ type: 'number' }, true, 'number', 'boolean'],
  [{ type: 'object' }, [], 'object', 'array'],
  [{ type: 'array', items: text }, {}, 'array', 'object'],
  [{ 'x-kubernetes-int-or-string': true }, true, 'integer,string', 'boolean'],
]
for (const [schema, value, wanted, type] of wrongTypes) {
  test(`${JSON.stringify(value)} is no ${wanted}`, () => {
    assert.equal(found(schema, value), [`spec: Invalid value: "${type}": spec in body must be of type ${wanted}: "${type}"`])
  })
}

const refused: [schema: Schema, value: unknown, ...messages: string[]][] = [
  [{ type: 'string', minLength: 3 }, 'äö', 'spec: Invalid value: "äö": spec in body should be at least 3 chars long'],
  [{ type: 'string', maxLength: 2 }, 'abc', 'spec: Too long: may not be more than 2 bytes'],
  [{ type: 'string', pattern: '^a+$' }, 'b', `spec: Invalid value: "b": spec in body should match '^a+$'`],
  [{ type: 'string', enum: ['a', 'b'] }, 'c', 'spec: Unsupported value: "c": supported values: "a", "b"'],
  [{ type: 'integer', enum: [1, 2] }, 3, 'spec: Unsupported value: 3: supported values: "1", "2"'],
  [{ type: 'string', format: 'ipv4' }, 'x', 'spec: Invalid value: "x": spec in body must be of type ipv4: "x"'],
  [{ type: 'integer', minimum: 1 }, 0, 'spec: Invalid value: 0: spec in body should be greater than or equal to 1'],
  [{ type: 'integer', minimum: 1, exclusiveMinimum: true }, 1, 'spec: Invalid value: 1: spec in body should be greater than 1'],
  [{ type: 'integer', maximum: 1 }, 2, 'spec: Invalid value: 2: spec in body should be less than or equal to 1'],
  [{ type: 'number', maximum: 1, exclusiveMaximum: true }, 1, 'spec: Invalid value: 1: spec in body should be less than 1'],
  [{ type: 'integer', multipleOf: 5 }, 7, 'spec: Invalid value: 7: spec in body should be a multiple of 5'],
  [
    { type: 'integer', format: 'int32' },
    2 ** 31,
    '<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec',
  ],
  [{ type: 'array', items: text, maxItems: 1 }, ['a', 'b'], 'spec: Too many: 2: must have at most 1 items'],
  [{ type: 'array', items: text, minItems: 1 }, [], 'spec: Invalid value: 0: spec in body should have at least 1 items'],
  [{ type: 'object', maxProperties: 1 }, { a: 1, b: 1 }, 'spec: Too many: 2: must have at most 1 items'],
  [{ type: 'object', minProperties: 1 }, {}, 'spec: Invalid value: 0: spec in body should have at least 1 properties'],
  [{ type: 'object', properties: { a: text }, required: ['a', 'b'] }, { a: 'x' }, 'spec.b: Required value'],
  [
    { type: 'object', properties: { list: { type: 'array', items: { type: 'object', properties: { n: integer } } } } },
    { list: [{ n: 1 }, { n: 'x' }] },
    'spec.list[1].n: Invalid value: "string": spec.list[1].n in body must be of type integer: "string"',
  ],
  [
    { type: 'object', additionalProperties: integer },
    { k: 'x' },
    'spec.k: Invalid value: "string": spec.k in body must be of type integer: "string"',
  ],
  [
    { type: 'object', properties: { a: text, b: text }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    {},
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found none valid',
    'spec.a: Required value',
  ],
  [
    { type: 'object', properties: { a: text, b: text }, oneOf: [{ required: ['a'] }, { required: ['b'] }] },
    { a: '', b: '' },
    '<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives',
  ],
  [
    { type: 'integer', anyOf: [{ minimum: 5 }, { maximum: 1 }] },
    3,
    '<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)',
    'spec: Invalid value: 3: spec in body should be greater than or equal to 5',
  ],
  [
    { type: 'integer', allOf: [{ minimum: 5 }, { maximum: 9 }] },
    3,
    'spec: Invalid value: 3: spec in body should be greater than or equal to 5',
    '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)',
  ],
  [{ type: 'integer', not: { minimum: 5 } }, 7, '<nil>: Invalid value: "": "spec" must not validate the schema (not)'],
]
for (const [schema, value, ...messages] of refused) {
  test(`${JSON.stringify(value)} is refused by ${JSON.stringify(schema)}`, () => assert.equal(found(schema, value), messages))
}

const taken: [schema: Schema, value: unknown][] = [
  [{ type: 'number' }, 1],
  [{ type: 'integer', nullable: true }, null],
  [{ type: 'string', nullable: true, enum: ['a'] }, null],
  [{ 'x-kubernetes-int-or-string': true }, 'x'],
  [{ 'x-kubernetes-int-or-string': true }, 1],
  [{ 'x-kubernetes-preserve-unknown-fields': true }, { any: [1] }],
  [{ type: 'number', multipleOf: 0.1 }, 0.3],
  [{ type: 'string', maxLength: 2 }, '😀😀'],
  [{ type: 'string', format: 'no-such-format' }, 'x'],
  [{ type: 'object', properties: { a: text } }, {}],
]
for (const [schema, value] of taken) {
  test(`${JSON.stringify(value)} is taken by ${JSON.stringify(schema)}`, () => assert.equal(found(schema, value), []))
}

test('what an update did not touch is not looked at', () => {
  const item: Schema = { type: 'object', properties: { name: text, size: { type: 'integer', maximum: 5 } } }
  const list = { type: 'array', items: item, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] }
  const schema: Schema = { type: 'object', properties: { a: integer, b: text, list } }
  const old = { a: 'wrong', b: 'x', list: [{ name: 'n', size: 9 }] }
  assert.equal(found(schema, { ...old, b: 'y' }, old), [])
  assert.is(found(schema, { ...old, a: 'worse' }, old).length, 1)
  // Elements of keyed lists are known by their keys, wherever they stand.
  assert.equal(found(schema, { ...old, list: [{ name: 'm', size: 1 }, ...old.list] }, old), [])
  assert.is(found(schema, { ...old, list: [{ name: 'm', size: 9 }] }, old).length, 1)
  const plain: Schema = { type: 'array', items: { type: 'integer', maximum: 5 } }
  assert.is(found(plain, [9, 1], [9]).length, 1)
})

test('patterns are those of RE2', () => {
  const good = patternOf('^(?i)ab\\d+$')
  assert.ok(typeof good !== 'string' && good.matches('AB12') && !good.matches('xAB12'))
  assert.type(patternOf('(?=a)'), 'string')
  assert.type(patternOf('a(b'), 'string')
  const slow = patternOf('^(a+)+$')
  assert.ok(typeof slow !== 'string' && !slow.matches(`${'a'.repeat(50_000)}b`))
})

const formats: [format: string, good: readonly string[], bad: readonly string[]][] = [
  ['date', ['2024-02-29'], ['2023-02-29', '2024-1-1', 'x']],
  ['date-time', ['2024-01-01T00:00:00Z', '2024-01-01T00:00:00.5+02:00'], ['2024-01-01', 'x']],
  ['duration', ['1h30m', '0', '1.5s', '3 days'], ['1x', '']],
  ['email', ['a@b.example'], ['a', '@b']],
  ['hostname', ['a.b-c.example'], ['a_.', '-a', '']],
  ['ipv4', ['10.0.0.1'], ['10.0.0', '::1']],
  ['ipv6', ['::1'], ['10.0.0.1', 'fe80::1%eth0']],
  ['cidr', ['10.0.0.0/8', 'fd00::/8'], ['10.0.0.0', '10.0.0.0/33', '10.0.0.0/08']],
  ['mac', ['01:23:45:67:89:ab', '0123.4567.89ab'], ['01:23']],
  ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], ['123e4567']],
  ['uuid4', ['123e4567-e89b-42d3-a456-426614174000'], ['123e4567-e89b-12d3-a456-426614174000']],
  ['byte', ['aGk=', ''], ['aGk']],
  ['uri', ['https://a.example/x', '/path'], ['x y', 'x']],
  ['isbn', ['0-306-40615-2', '978-3-16-148410-0'], ['1-306-40615-2']],
  ['creditcard', ['4111 1111 1111 1111'], ['4111 1111 1111 1112']],
  ['hexcolor', ['#fff', 'a0b0c0'], ['#ffff']],
  ['rgbcolor', ['rgb(1, 20,255)'], ['rgb(1,2)', 'rgb(1,2,256)']],
  ['bsonobjectid', ['507f1f77bcf86cd799439011'], ['507f']],
  ['ssn', ['111-22-3333'], ['1-2-3']],
  ['password', [''], []],
]
for (const [format, good, bad] of formats) {
  test(`the format ${format}`, () => {
    for (const one of good) assert.ok(hasFormat(format, one), one)
    for (const one of bad) assert.not.ok(hasFormat(format, one), one)
  })
}

const duplicates = (schema: Schema, value: unknown): string[] => {
  const errors: FieldError[] = []
  findDuplicates(errors, schema, value, 'spec')
  return errors.map(({ field, message }) => `${field}: ${message}`)
}

test('lists that are sets or maps hold each element once', () => {
  const set: Schema = { type: 'array', items: {}, 'x-kubernetes-list-type': 'set' }
  assert.equal(duplicates(set, ['a', 'b', 'a']), ['spec[2]: Duplicate value: "a"'])
  assert.equal(
    duplicates(set, [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ]),
    ['spec[1]: Duplicate value: {"b":2,"a":1}'],
  )
  const item: Schema = { type: 'object', properties: { n: text, p: text } }
  const map: Schema = {
    type: 'array',
    items: item,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['n', 'p'],
  }
  const twice = [
    { n: 'a', p: 'x' },
    { n: 'a', p: 'y' },
    { n: 'a', p: 'x', more: 1 },
  ]
  assert.equal(duplicates(map, twice), ['spec[2]: Duplicate value: {"n":"a","p":"x"}'])
  const deep: Schema = { type: 'object', properties: { l: map }, additionalProperties: undefined }
  assert.equal(duplicates({ type: 'object', additionalProperties: deep }, { k: { l: twice } }), [
    'spec[k].l[2]: Duplicate value: {"n":"a","p":"x"}',
  ])
  assert.equal(duplicates({ type: 'array', items: text }, ['a', 'a']), [])
})

test('an object within an object says what it is', () => {
  const embedded: Schema = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const errors: FieldError[] = []
  const value = { list: [{ apiVersion: 'v1', kind: 'Pod', metadata: { labels: { '': 'x' } } }, {}] }
  checkEmbedded(errors, { type: 'object', properties: { list: { type: 'array', items: embedded } } }, value, '')
  assert.equal(
    errors.map(({ field }) => field),
    ['list[0].metadata.labels', 'list[1].apiVersion', 'list[1].kind'],
  )
})
