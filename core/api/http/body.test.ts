import { createRegistry, type ObjectSchema, type TypeSchema } from '../../kinds/contract.js'
import { assert, test } from '../../testing/contract.js'
import { bodyFormatOf, decodeBody, patchTypeOf } from './body.js'
import { checkTreeNesting, nestingLimit } from './nesting.js'

const kinds = createRegistry()
const varint = (value: number): Buffer => {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    bytes.push(rest > 127 ? (rest % 128) | 128 : rest)
    if (rest <= 127) return Buffer.from(bytes)
  }
}
const field = (number: number, content: Uint8Array | string): Buffer =>
  Buffer.concat([varint(number * 8 + 2), varint(content.length), Buffer.from(content)])
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])), field(2, raw)])
const code = (expected: number) => (error: unknown) => (error as { code?: number }).code === expected

test('protobuf becomes the object that a JSON client would have sent', async () => {
  const raw = Buffer.concat([field(1, field(1, 'map')), field(2, Buffer.concat([field(1, 'key'), field(2, 'value')]))])
  const { value, text } = await decodeBody(envelope('v1', 'ConfigMap', raw), 'protobuf', kinds)
  assert.equal(value, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' }, data: { key: 'value' } })
  assert.is(text, undefined)
})

test('protobuf that cannot be read is 400', async () => {
  for (const bytes of [
    Buffer.from('no envelope'),
    envelope('v1', 'Unknown', Buffer.alloc(0)),
    envelope('v1', 'ConfigMap', Buffer.from([0x0a, 0x7f])),
  ]) {
    await assert.rejects(decodeBody(bytes, 'protobuf', kinds), code(400))
  }
})

test('protobuf in protobuf in protobuf is 400, however deep', async () => {
  const definition = kinds.kind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')?.schema as ObjectSchema
  let schema: ObjectSchema = definition
  const numbers = ['spec', 'versions', 'schema', 'openAPIV3Schema'].map((name) => {
    const found = schema.fields.get(name) ?? { number: 0, schema }
    schema = ('items' in found.schema ? found.schema.items : found.schema) as ObjectSchema & TypeSchema
    return found.number
  })
  const not = schema.fields.get('not')?.number ?? 0
  for (const depth of [nestingLimit + 1, 2000, 50_000]) {
    const heads: Buffer[] = []
    for (let length = 0; heads.length < depth; length += heads.at(-1)?.length ?? 0)
      heads.push(Buffer.concat([varint(not * 8 + 2), varint(length)]))
    const raw = numbers.reduceRight((inner, number) => field(number, inner), Buffer.concat(heads.reverse()) as Buffer)
    await assert.rejects(
      decodeBody(envelope('apiextensions.k8s.io/v1', 'CustomResourceDefinition', raw), 'protobuf', kinds),
      code(400),
    )
  }
})

const read = async (text: string, format: 'json' | 'yaml' = 'json'): Promise<unknown> =>
  (await decodeBody(Buffer.from(text), format, kinds)).value

test('integers are exact, in JSON and in YAML', async () => {
  for (const digits of ['9007199254740993', '-9007199254740993', '9223372036854775807', '-9223372036854775808']) {
    const value = BigInt(digits)
    assert.equal(await read(`{"a":${digits}}`), { a: value })
    assert.is(await read(digits), value)
    assert.equal(await read(`{"\\"":"\\\\","b":[{"c":${digits}}]}`), { '"': '\\', b: [{ c: value }] })
    assert.equal(await read(`a: ${digits}`, 'yaml'), { a: value })
    assert.equal(await read(`a:\n- b: [${digits}]`, 'yaml'), { a: [{ b: [value] }] })
    assert.equal(await read(`{"a":${digits}}`, 'yaml'), { a: value })
  }
  assert.equal(await read('a: 0x7fffffffffffffff\nb: 9_007_199_254_740_993\nc: &x 9007199254740993\nd: *x', 'yaml'), {
    a: 2n ** 63n - 1n,
    b: 9007199254740993n,
    c: 9007199254740993n,
    d: 9007199254740993n,
  })
})

test('every other number of many digits is a number', async () => {
  const exact = ['9007199254740991', '-9007199254740991', '1234567890123456', '0', '-1']
  // Beyond int64 they are floats to Kubernetes too, as are those with a point or an exponent.
  const floats = ['12345678901234567890123', '0.12345678901234567', '1.5e300', '12345678901234567.5', '12345678901234567e2']
  for (const text of [...exact, ...floats]) {
    assert.is(await read(text), Number(text))
    assert.equal(await read(`{"a":[${text}]}`), { a: [Number(text)] })
  }
  for (const text of exact) assert.equal(await read(`a: ${text}`, 'yaml'), { a: Number(text) })
  assert.equal(
    await read('1: a\n12345678901234567890123: b\n0o17: c', 'yaml'),
    await read('"1": a\n"1.2345678901234568e+22": b\n0o17: c', 'yaml'),
  )
  const inStrings = { '9007199254740993': '9007199254740993', 'a\\': '\\"9007199254740993', b: 'x 9007199254740993, y' }
  assert.equal(await read(JSON.stringify(inStrings)), inStrings)
  assert.equal(await read(`a: "9007199254740993"\nb: '9007199254740993'`, 'yaml'), {
    a: '9007199254740993',
    b: '9007199254740993',
  })
})

test('JSON: any value, with its text; 400 for what is none', async () => {
  assert.equal(await decodeBody(Buffer.from('{"a":[1]}'), 'json', kinds), { value: { a: [1] }, text: '{"a":[1]}' })
  for (const text of ['', '{', 'nul', '{"a":1,}', `${'['.repeat(1000)}${']'.repeat(1000)}`]) {
    await assert.rejects(decodeBody(Buffer.from(text), 'json', kinds), code(400))
  }
  await assert.rejects(decodeBody(Buffer.from([0x22, 0xc3, 0x28, 0x22]), 'json', kinds), code(400))
  const own = (await decodeBody(Buffer.from('{"__proto__":{"a":1}}'), 'json', kinds)).value as object
  assert.is(Object.getPrototypeOf(own), Object.prototype)
})

test('a tree may be as deep as the limit', () => {
  const tree = (depth: number): unknown => (depth === 0 ? 'leaf' : [tree(depth - 1)])
  checkTreeNesting(tree(nestingLimit))
  assert.fails(() => checkTreeNesting(tree(nestingLimit + 1)), code(400))
})

test('formats by their type', () => {
  assert.is(bodyFormatOf(undefined), 'json')
  assert.is(bodyFormatOf('application/json; charset=UTF-8'), 'json')
  assert.is(bodyFormatOf('application/yaml'), 'yaml')
  assert.is(bodyFormatOf('application/vnd.kubernetes.protobuf'), 'protobuf')
  for (const type of ['text/plain', 'application/xml', 'application/json-patch+json'])
    assert.fails(() => bodyFormatOf(type), code(415))
  assert.is(patchTypeOf('application/apply-patch+yaml'), 'apply')
  for (const type of [undefined, '', 'application/json']) assert.fails(() => patchTypeOf(type), code(415))
})
