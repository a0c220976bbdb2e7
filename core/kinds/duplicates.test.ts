import { assert, test } from '@davit/core/testing'
import fc from 'fast-check'
import { duplicateFields } from './duplicates.js'

const cases: [text: string, want: string[]][] = [
  ['{}', []],
  ['[]', []],
  ['"a"', []],
  ['{"a":1,"b":1}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":1,"a":2,"a":3}', ['a', 'a']],
  ['{"spec":{"replicas":1,"replicas":2}}', ['spec.replicas']],
  ['{"spec":{"containers":[{"name":"a"},{"name":"b","image":"x","name":"c"}]}}', ['spec.containers[1].name']],
  ['{"a":[[1,2],[{"x":1},{"x":1,"x":2}]]}', ['a[1][1].x']],
  ['{"a":{"x":1},"b":{"x":1}}', []],
  ['{"a":"{\\"a\\":1,\\"a\\":2}"}', []],
  ['{"a\\"b":1,"a\\"b":2}', ['a"b']],
  ['{"a":1,"\\u0061":2}', ['a']],
  ['{"a\\\\":1,"b":"\\\\","a\\\\":2}', ['a\\']],
  ['{ "a" : [ ] , "b" : { } , "a" : null }', ['a']],
  ['[{"a":1},{"a":1,"a":1}]', ['[1].a']],
]
for (const [text, want] of cases) {
  test(`duplicates in ${text}`, () => assert.equal(duplicateFields(text), want))
}

test('what JSON.stringify writes has none', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => assert.equal(duplicateFields(JSON.stringify(value)), [])),
    { seed: 7 },
  )
})

test('one doubled key is found wherever it is', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('object', 'list'), { maxLength: 6 }), fc.string(), (levels, key) => {
      const name = JSON.stringify(key)
      const inner = `{${name}:1,"other${key.length}x":{},${name}:2}`
      const text = levels.reduce((inside, level) => (level === 'list' ? `[0,${inside}]` : `{"in":${inside}}`), inner)
      assert.is(duplicateFields(text).length, 1)
    }),
    { seed: 7 },
  )
})

test('broken text ends', () => {
  for (const text of ['{"a', '{"a":"\\', '}}]]', '"\\"']) assert.ok(Array.isArray(duplicateFields(text)))
})
