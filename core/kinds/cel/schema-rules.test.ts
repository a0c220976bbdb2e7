import { assert, test } from '../../testing/contract.js'
import type { SchemaRules } from '../cel.js'
import type { JSONSchemaProps, ValidationRule } from '../types.js'
import { celOf } from './testing.js'

const rulesOf = async (schema: JSONSchemaProps): Promise<SchemaRules> => (await celOf()).schemaRules(schema)
const object = (properties: Record<string, JSONSchemaProps>, ...rules: ValidationRule[]): JSONSchemaProps => ({
  type: 'object',
  properties,
  ...(rules.length === 0 ? {} : { 'x-kubernetes-validations': rules }),
})
const rule = (text: string, rest: Partial<ValidationRule> = {}): ValidationRule => ({ rule: text, ...rest })
const text: JSONSchemaProps = { type: 'string' }
const integer: JSONSchemaProps = { type: 'integer' }

async function found(schema: JSONSchemaProps, value: unknown, old?: unknown, path = ''): Promise<string[]> {
  const rules = await rulesOf(schema)
  assert.equal(rules.problems, [])
  return rules.validate(value, old, path).map(({ reason, field, message }) => `${reason} ${field}: ${message}`)
}
async function problems(schema: JSONSchemaProps): Promise<string[]> {
  return (await rulesOf(schema)).problems.map(({ field, message }) => `${field}: ${message.split('\n')[0]}`)
}

test('a schema without rules costs nothing', async () => {
  const rules = await rulesOf(object({ spec: object({ a: text }) }))
  assert.is(rules.empty, true)
  assert.equal(rules.validate({ spec: { a: 'x' } }, undefined, ''), [])
})

test('a rule that does not hold is told with its message, or with itself', async () => {
  const spec = object({ min: integer, max: integer }, rule('self.min <= self.max'))
  const schema = object({ spec })
  assert.equal(await found(schema, { spec: { min: 1, max: 2 } }), [])
  assert.equal(await found(schema, { spec: { min: 3, max: 2 } }), [
    'FieldValueInvalid spec: Invalid value: "object": failed rule: self.min <= self.max',
  ])
  const told = object({
    spec: { ...spec, 'x-kubernetes-validations': [rule('self.min <= self.max', { message: ' min is too large ' })] },
  })
  assert.equal(await found(told, { spec: { min: 3, max: 2 } }), [
    'FieldValueInvalid spec: Invalid value: "object": min is too large',
  ])
  assert.equal(await found(spec, { min: 3, max: 2 }, undefined, 'spec.inner'), [
    'FieldValueInvalid spec.inner: Invalid value: "object": failed rule: self.min <= self.max',
  ])
})

test('messageExpression makes the message, unless it fails or says nothing', async () => {
  const message = 'the fixed one'
  const schema = (messageExpression: string) =>
    object({ a: integer, b: text }, rule('self.a < 5', { message, messageExpression }))
  const refused = async (expression: string, value: object) => (await found(schema(expression), value))[0]?.split('"object": ')[1]
  assert.is(await refused("'a is ' + string(self.a)", { a: 7 }), 'a is 7')
  assert.is(await refused("'b is ' + self.b", { a: 7 }), message)
  assert.is(await refused("'   '", { a: 7 }), message)
  assert.is(await refused("'two\\nlines'", { a: 7 }), message)
})

test('reason and fieldPath say what kind of fault it is, and of which field', async () => {
  const schema = (reason: ValidationRule['reason']) =>
    object({ spec: object({ a: text }, rule('has(self.a)', { message: 'a it is', fieldPath: '.a', reason })) })
  const refused = (reason: ValidationRule['reason']) => found(schema(reason), { spec: {} })
  assert.equal(await refused(undefined), ['FieldValueInvalid spec.a: Invalid value: "object": a it is'])
  assert.equal(await refused('FieldValueRequired'), ['FieldValueRequired spec.a: Required value: a it is'])
  assert.equal(await refused('FieldValueForbidden'), ['FieldValueForbidden spec.a: Forbidden: a it is'])
  assert.equal(await refused('FieldValueDuplicate'), ['FieldValueDuplicate spec.a: Duplicate value: "object"'])
  const keyed = object({ m: { type: 'object', additionalProperties: text } }, rule('false', { fieldPath: ".m['a b']" }))
  assert.match((await found(keyed, { m: {} }))[0] ?? '', /^FieldValueInvalid m\[a b\]: /)
})

test('rules stand at every level: scalars, items of lists, values of maps', async () => {
  const schema = object({
    size: { ...integer, 'x-kubernetes-validations': [rule('self % 2 == 0', { message: 'must be even' })] },
    names: { type: 'array', items: { ...text, 'x-kubernetes-validations': [rule("self != 'bad'")] } },
    labels: { type: 'object', additionalProperties: { ...text, 'x-kubernetes-validations': [rule('self.size() < 3')] } },
    list: { type: 'array', items: text, 'x-kubernetes-validations': [rule('self.isSorted()')] },
  })
  assert.equal(await found(schema, { size: 3, names: ['good', 'bad'], labels: { a: 'x', b: 'long' }, list: ['b', 'a'] }), [
    'FieldValueInvalid size: Invalid value: "integer": must be even',
    `FieldValueInvalid names[1]: Invalid value: "string": failed rule: self != 'bad'`,
    'FieldValueInvalid labels[b]: Invalid value: "string": failed rule: self.size() < 3',
    'FieldValueInvalid list: Invalid value: "array": failed rule: self.isSorted()',
  ])
  assert.equal(await found(schema, { size: 2 }), [], 'what is absent is not judged')
})

test('the schema says what numbers and texts are', async () => {
  const holds = async (property: JSONSchemaProps, value: unknown, text: string) =>
    assert.equal(await found(object({ v: property }, rule(text)), { v: value }), [], text)
  await holds(integer, 3, 'self.v + 1 == 4')
  await holds({ type: 'number' }, 3, 'self.v / 2.0 == 1.5')
  await holds({ type: 'string', format: 'date-time' }, '2024-01-01T00:00:00Z', 'self.v.getFullYear() == 2024')
  await holds({ type: 'string', format: 'duration' }, '90m', "self.v > duration('1h')")
  await holds({ type: 'string', format: 'byte' }, 'YWJj', "self.v == b'abc'")
  const either = { 'x-kubernetes-int-or-string': true }
  await holds(either, 3, "type(self.v) == int ? self.v > 2 : self.v == '30%'")
  await holds(either, '30%', "type(self.v) == int ? self.v > 2 : self.v == '30%'")
  await holds({ ...text, nullable: true }, null, 'self.v == null')
  await holds({ type: 'object', additionalProperties: integer }, { a: 1 }, 'self.v.all(k, self.v[k] == 1)')
  await holds(
    object({ 'a-b': text, namespace: text }),
    { 'a-b': 'x', namespace: 'y' },
    "self.v.a__dash__b == 'x' && self.v.__namespace__ == 'y'",
  )
  await holds(object({ a: text }), { a: 'x' }, 'self.v == self.v && has(self.v.a)')
})

test('of the root a rule sees the kind and the name, and no more of its metadata', async () => {
  const schema = object({ spec: object({ name: text }) }, rule("self.kind + '/' + self.metadata.name == self.spec.name"))
  const value = { apiVersion: 'v1', kind: 'Boat', metadata: { name: 'one', labels: {} }, spec: { name: 'Boat/one' } }
  assert.equal(await found(schema, value), [])
  assert.match((await problems(object({}, rule('has(self.metadata.labels)'))))[0] ?? '', "undefined field 'labels'")
})

test('what does not compile is told with its place', async () => {
  const schema = object({
    spec: object(
      { a: integer },
      rule('self.b > 1'),
      rule('self.a'),
      rule('self.a >'),
      rule(''),
      rule('self.a > 1', { messageExpression: 'self.a' }),
    ),
  })
  const at = 'properties[spec].x-kubernetes-validations'
  assert.equal(await problems(schema), [
    `${at}[0].rule: Invalid value: "self.b > 1": compilation failed: ERROR: <input>:1:5: undefined field 'b'`,
    `${at}[1].rule: Invalid value: "self.a": must evaluate to bool but got int`,
    `${at}[2].rule: Invalid value: "self.a >": compilation failed: ERROR: <input>:1:9: Syntax error: Unexpected token: EOF`,
    `${at}[3].rule: Required value: rule is not specified`,
    `${at}[4].messageExpression: Invalid value: "self.a": must evaluate to string but got int`,
  ])
  const items = object({ list: { type: 'array', items: { ...text, 'x-kubernetes-validations': [rule('nothing')] } } })
  assert.match(
    (await problems(items))[0] ?? '',
    /^properties\[list\]\.items\.x-kubernetes-validations\[0\]\.rule: .*undeclared reference to 'nothing'/,
  )
})

test('what else is wrong with a rule', async () => {
  const wrong = async (rest: Partial<ValidationRule>, written = 'self.a > 1') =>
    (await problems(object({ a: integer }, rule(written, rest)))).map((line) => line.replace('x-kubernetes-validations[0].', ''))
  assert.equal(await wrong({ message: 'a\nb' }), ['message: Invalid value: "a\\nb": message must not contain line breaks'])
  assert.equal(await wrong({ message: '  ' }), ['message: Invalid value: "  ": message must be non-empty if specified'])
  assert.match((await wrong({ reason: 'Other' as never }))[0] ?? '', 'Unsupported value: "Other"')
  assert.equal(await wrong({ fieldPath: '.b' }), ['fieldPath: Invalid value: ".b": fieldPath must be a valid path'])
  assert.equal(await wrong({ fieldPath: 'a' }), ['fieldPath: Invalid value: "a": fieldPath must be a valid path'])
  assert.match((await wrong({ optionalOldSelf: true }))[0] ?? '', /^optionalOldSelf: /)
})

test('a rule on what was there before is asked on updates alone', async () => {
  const schema = object({ a: integer }, rule('self.a >= oldSelf.a', { message: 'may only grow' }))
  assert.equal(await found(schema, { a: 1 }), [])
  assert.equal(await found(schema, { a: 2 }, { a: 1 }), [])
  assert.equal(await found(schema, { a: 1 }, { a: 2 }), ['FieldValueInvalid : Invalid value: "object": may only grow'])
  const field = object({ a: { ...integer, 'x-kubernetes-validations': [rule('self == oldSelf', { message: 'is immutable' })] } })
  assert.equal(await found(field, { a: 1 }, {}), [], 'nothing was there')
  assert.equal(await found(field, { a: 1 }, { a: 2 }), ['FieldValueInvalid a: Invalid value: "integer": is immutable'])
})

test('with optionalOldSelf it is asked of what is new, too', async () => {
  const schema = object(
    { a: integer },
    rule('!oldSelf.hasValue() ? self.a == 0 : self.a > oldSelf.value().a', { optionalOldSelf: true }),
  )
  assert.equal(await found(schema, { a: 0 }), [])
  assert.is((await found(schema, { a: 1 })).length, 1)
  assert.equal(await found(schema, { a: 2 }, { a: 1 }), [])
  assert.is((await found(schema, { a: 1 }, { a: 1 })).length, 1)
})

test('items of a list are known again by their keys, and only by them', async () => {
  const item = object({ name: text, size: integer }, rule('self.size >= oldSelf.size'))
  const keyed = (type: string) =>
    object({ list: { type: 'array', 'x-kubernetes-list-type': type, 'x-kubernetes-list-map-keys': ['name'], items: item } })
  const before = {
    list: [
      { name: 'a', size: 1 },
      { name: 'b', size: 5 },
    ],
  }
  assert.equal(
    await found(
      keyed('map'),
      {
        list: [
          { name: 'b', size: 4 },
          { name: 'c', size: 0 },
          { name: 'a', size: 1 },
        ],
      },
      before,
    ),
    ['FieldValueInvalid list[0]: Invalid value: "object": failed rule: self.size >= oldSelf.size'],
  )
  assert.match((await problems(keyed('atomic')))[0] ?? '', 'oldSelf cannot be used on the uncorrelatable portion of the schema')
})

test('what an update leaves as it was is not complained of', async () => {
  const schema = object({ a: object({ v: integer }, rule('self.v > 5')), b: text })
  assert.is((await found(schema, { a: { v: 1 }, b: 'x' })).length, 1)
  assert.equal(await found(schema, { a: { v: 1 }, b: 'y' }, { a: { v: 1 }, b: 'x' }), [])
  assert.is((await found(schema, { a: { v: 2 } }, { a: { v: 1 } })).length, 1)
})

test('of a list whose items have no keys an update leaves all as they were, or none', async () => {
  const item = object(
    { v: integer, deep: { type: 'array', items: object({ v: integer }, rule('self.v > 5')) } },
    rule('self.v > 5'),
  )
  const schema = object({ list: { type: 'array', items: item }, b: text })
  const bad = { v: 1, deep: [{ v: 2 }] }
  const good = { v: 6, deep: [{ v: 7 }] }
  const update = async (list: object[], before: object[] | undefined): Promise<number> =>
    (await found(schema, { list, b: 'y' }, { b: 'x', ...(before && { list: before }) })).length
  assert.is(await update([bad], [bad]), 0)
  assert.is(await update([bad, good], [bad, good]), 0)
  assert.is(await update([bad, good], [good, bad]), 2, 'which is which is not known')
  assert.is(await update([bad, good], [bad]), 2)
  assert.is(await update([bad], undefined), 2, 'what is new is looked at')
  assert.is(await update([bad], []), 2)
  assert.is((await found(schema, { list: [bad] })).length, 2)
})

test('an item that is new in a list with keys is looked at, whatever is in it', async () => {
  const deep: JSONSchemaProps = { type: 'array', items: object({ v: integer }, rule('self.v > 5')) }
  const schema = object({
    list: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: object({ name: text, deep }),
    },
  })
  const item = (name: string) => ({ name, deep: [{ v: 1 }] })
  assert.equal(await found(schema, { list: [item('a')] }, { list: [item('a')] }), [])
  assert.equal(
    (await found(schema, { list: [item('b'), item('a')] }, { list: [item('a')] })).map((text) => text.split(':')[0]),
    ['FieldValueInvalid list[0].deep[0]'],
  )
})

test('a rule that fails refuses, with the failure', async () => {
  const schema = object(
    { a: integer, b: { 'x-kubernetes-int-or-string': true } },
    rule('1 / self.a == 1'),
    rule('self.b + 1 > 1', { message: 'b it is' }),
  )
  assert.equal(await found(schema, { a: 0, b: 'x' }), [
    'FieldValueInvalid : Invalid value: "object": division by zero evaluating rule: 1 / self.a == 1',
    `FieldValueInvalid : Invalid value: "object": 'no such overload': call arguments did not match a supported operator, function or macro signature for rule: b it is`,
  ])
  assert.equal(await found(object({ a: integer }, rule('self.a > 0')), {}), [
    'FieldValueInvalid : Invalid value: "object": no such key: a evaluating rule: self.a > 0',
  ])
})

test('rules that cost too much end the validation, with a word on it', async () => {
  const list = { type: 'array', items: integer }
  const costly = rule('self.l.all(a, self.l.all(b, self.l.all(c, a + b + c >= 0)))')
  const schema = object({ l: list }, costly, rule('false'))
  const value = { l: Array.from({ length: 500 }, (_one, index) => index) }
  const told = await found(schema, value)
  assert.is(told.length, 1, 'no other rule is asked')
  assert.match(told[0] ?? '', 'no further validation rules will be run due to call cost exceeds limit')
  const each = object({ l: { type: 'array', items: object({ l: list }, rule('self.l.all(a, self.l.all(b, a + b >= 0))')) } })
  const many = { l: Array.from({ length: 50 }, () => ({ l: value.l.slice(0, 200) })) }
  const last = (await found(each, many)).at(-1) ?? ''
  assert.match(last, 'validation failed due to running out of cost budget, no further validation rules will be run')
})
