import { assert, test } from '../testing/contract.js'
import { equalJson, equalOrEmpty } from './equal.js'

test('order of keys and undefined do not count', () => {
  assert.ok(equalJson({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1, d: undefined }))
  for (const [left, right] of [
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: 1, b: 2 }, { a: 1 }],
    [[1], [1, 2]],
    [[], {}],
    [{}, []],
    [null, {}],
    [{}, null],
    [{ a: undefined }, { b: 1 }],
    ['1', 1],
  ]) {
    assert.not(equalJson(left, right), JSON.stringify([left, right]))
  }
})

test('nothing that every object has is taken for a field', () => {
  assert.not(equalJson({ constructor: 'x' }, {}))
  assert.not(equalJson({}, { toString: 'x' }))
  assert.not(equalJson(JSON.parse('{"__proto__":{}}'), {}))
})

test('where absent and empty are the same', () => {
  for (const [left, right] of [
    [undefined, []],
    [{}, undefined],
    [null, {}],
  ])
    assert.ok(equalOrEmpty(left, right))
  assert.not(equalOrEmpty(undefined, ['a']))
  assert.not(equalOrEmpty({ a: 1 }, undefined))
})
