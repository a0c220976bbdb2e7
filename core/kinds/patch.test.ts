import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import type { KubeObject } from './contract.js'
import { jsonPatch, mergePatch } from './patch.js'

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}
const thing = (fields: object): KubeObject => freeze({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'x' }, ...fields })
const rest = ({ apiVersion, kind, metadata, ...fields }: KubeObject) => fields

type Operations = unknown
const applied: [name: string, before: object, operations: Operations, after: object][] = [
  ['no operations', { a: 1 }, [], { a: 1 }],
  ['add a field', {}, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
  ['add replaces', { a: 0 }, [{ op: 'add', path: '/a', value: 1 }], { a: 1 }],
  ['add null', {}, [{ op: 'add', path: '/a', value: null }], { a: null }],
  ['add deep', { a: { b: {} } }, [{ op: 'add', path: '/a/b/c', value: [1] }], { a: { b: { c: [1] } } }],
  ['insert in front', { a: [1] }, [{ op: 'add', path: '/a/0', value: 0 }], { a: [0, 1] }],
  ['insert at the end', { a: [1] }, [{ op: 'add', path: '/a/1', value: 2 }], { a: [1, 2] }],
  ['append', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
  ['escapes', { 'a/b': { '~c': 1 } }, [{ op: 'replace', path: '/a~1b/~0c', value: 2 }], { 'a/b': { '~c': 2 } }],
  ['~01 is ~1', { '~1': 1 }, [{ op: 'remove', path: '/~01' }], {}],
  ['the empty key', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
  ['replace in a list', { a: [1, 2] }, [{ op: 'replace', path: '/a/1', value: 3 }], { a: [1, 3] }],
  ['remove from a list', { a: [1, 2, 3] }, [{ op: 'remove', path: '/a/1' }], { a: [1, 3] }],
  ['remove a field', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
  ['move', { a: 1 }, [{ op: 'move', from: '/a', path: '/b' }], { b: 1 }],
  ['move in a list', { a: [1, 2, 3] }, [{ op: 'move', from: '/a/0', path: '/a/2' }], { a: [2, 3, 1] }],
  ['move to its own place', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a' }], { a: { b: 1 } }],
  ['copy', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
  [
    'a copy is apart from its source',
    { a: { b: 1 } },
    [
      { op: 'copy', from: '/a', path: '/c' },
      { op: 'replace', path: '/c/b', value: 2 },
    ],
    { a: { b: 1 }, c: { b: 2 } },
  ],
  ['test passes', { a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
  ['test of what is not there against null', {}, [{ op: 'test', path: '/a', value: null }], {}],
  ['constructor is a name like others', {}, [{ op: 'add', path: '/constructor', value: 1 }], { constructor: 1 }],
  [
    'later operations see the earlier ones',
    {},
    [
      { op: 'add', path: '/a', value: {} },
      { op: 'add', path: '/a/b', value: 1 },
      { op: 'test', path: '/a/b', value: 1 },
    ],
    { a: { b: 1 } },
  ],
]
for (const [name, before, operations, after] of applied) {
  test(`JSON patch: ${name}`, () => {
    const current = thing(before)
    const text = JSON.stringify(current)
    const patch = freeze(operations)
    const result = jsonPatch(current, patch)
    assert.ok(result.ok, JSON.stringify(result))
    assert.equal(rest(result.object), after)
    assert.is(JSON.stringify(current), text)
  })
}

const refused: [name: string, before: object, operations: Operations, kind: 'invalid' | 'failed', message: RegExp][] = [
  ['no list', {}, { op: 'add' }, 'invalid', /array/],
  ['null', {}, null, 'invalid', /array/],
  ['no object', {}, ['add'], 'invalid', /must be an object/],
  ['unknown operation', {}, [{ op: 'merge', path: '/a' }], 'invalid', /Unexpected kind: merge/],
  ['inherited name as operation', {}, [{ op: 'toString', path: '/a' }], 'invalid', /Unexpected kind/],
  ['no path', {}, [{ op: 'remove' }], 'invalid', /"path"/],
  ['path without slash', {}, [{ op: 'remove', path: 'a' }], 'invalid', /"path"/],
  ['bad escape', {}, [{ op: 'remove', path: '/a~2' }], 'invalid', /"path"/],
  ['no from', {}, [{ op: 'move', path: '/a' }], 'invalid', /"from"/],
  ['no value', {}, [{ op: 'add', path: '/a' }], 'invalid', /"value"/],
  ['prototype in the path', {}, [{ op: 'add', path: '/__proto__/x', value: 1 }], 'invalid', /"path"/],
  ['prototype in from', {}, [{ op: 'copy', from: '/__proto__', path: '/a' }], 'invalid', /"from"/],
  ['prototype in the value', {}, JSON.parse('[{"op":"add","path":"/a","value":{"__proto__":{"x":1}}}]'), 'invalid', /__proto__/],
  ['missing parent', {}, [{ op: 'add', path: '/a/b', value: 1 }], 'failed', /missing path: "\/a\/b"/],
  ['parent is no container', { a: 'x' }, [{ op: 'add', path: '/a/b', value: 1 }], 'failed', /missing/],
  ['replace of what is not there', {}, [{ op: 'replace', path: '/a', value: 1 }], 'failed', /missing key: \/a/],
  ['remove of what is not there', {}, [{ op: 'remove', path: '/a' }], 'failed', /missing/],
  ['inherited names are not there', {}, [{ op: 'remove', path: '/toString' }], 'failed', /missing/],
  ['index past the end', { a: [1] }, [{ op: 'add', path: '/a/2', value: 1 }], 'failed', /array index/],
  ['index that is none', { a: [1] }, [{ op: 'add', path: '/a/x', value: 1 }], 'failed', /array index/],
  ['index with a zero in front', { a: [1, 2] }, [{ op: 'remove', path: '/a/01' }], 'failed', /missing/],
  ['replace behind the end', { a: [] }, [{ op: 'replace', path: '/a/-', value: 1 }], 'failed', /missing/],
  ['negative index', { a: [1] }, [{ op: 'remove', path: '/a/-1' }], 'failed', /missing/],
  ['length of a list', { a: [1] }, [{ op: 'replace', path: '/a/length', value: 9 }], 'failed', /missing/],
  ['test fails', { a: 1 }, [{ op: 'test', path: '/a', value: 2 }], 'failed', /testing value \/a failed/],
  ['test of what is not there', {}, [{ op: 'test', path: '/a', value: 2 }], 'failed', /failed/],
  ['move into itself', { a: {} }, [{ op: 'move', from: '/a', path: '/a/b' }], 'failed', /itself/],
  ['move of nothing', {}, [{ op: 'move', from: '/a', path: '/b' }], 'failed', /missing/],
  ['copy of nothing', {}, [{ op: 'copy', from: '/a', path: '/b' }], 'failed', /missing/],
  ['removal of the whole', {}, [{ op: 'remove', path: '' }], 'failed', /missing/],
  ['a whole that is no object', {}, [{ op: 'replace', path: '', value: 1 }], 'failed', /no object/],
]
for (const [name, before, operations, kind, message] of refused) {
  test(`JSON patch refuses: ${name}`, () => {
    const current = thing(before)
    const text = JSON.stringify(current)
    const result = jsonPatch(current, operations)
    assert.not.ok(result.ok)
    if (result.ok) return
    assert.is(result.kind, kind)
    assert.match(result.message, message)
    assert.is(JSON.stringify(current), text)
  })
}

test('JSON patch replaces the whole object', () => {
  const result = jsonPatch(thing({}), [{ op: 'replace', path: '', value: { kind: 'Other' } }])
  assert.equal(result, { ok: true, object: { kind: 'Other' } })
})

test('JSON patch stops at 10,000 operations', () => {
  const operation = { op: 'add', path: '/a', value: 1 }
  assert.ok(jsonPatch(thing({}), new Array(10_000).fill(operation)).ok)
  const result = jsonPatch(thing({}), new Array(10_001).fill(operation))
  assert.not.ok(result.ok)
  if (!result.ok) assert.match(result.message, /maximum operations in a JSON patch is 10000, got 10001/)
})

test('JSON patch cannot blow an object up by copying it into itself', () => {
  const double = { op: 'copy', from: '/a', path: '/a/-' }
  const result = jsonPatch(thing({ a: ['x'.repeat(100)] }), new Array(100).fill(double))
  assert.not.ok(result.ok)
  if (!result.ok) assert.match(result.message, /accumulated size/)
})

test('patches nested beyond reason are refused, not a stack overflow', () => {
  const deep = JSON.parse(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)
  for (const result of [mergePatch(thing({}), deep), jsonPatch(thing({}), [{ op: 'add', path: '/a', value: deep }])]) {
    assert.not.ok(result.ok)
    if (!result.ok) assert.match(result.message, /deeper than 512/)
  }
})

test('JSON patch shares what it does not touch', () => {
  const current = thing({ big: { list: [1, 2] }, a: 1 })
  const result = jsonPatch(current, [{ op: 'replace', path: '/a', value: 2 }])
  assert.ok(result.ok && result.object.big === current.big)
})

// The cases of RFC 7396, appendix A, one level down.
const merges: [before: unknown, patch: unknown, after: unknown][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ['x', 'y', 'y'],
]
for (const [before, patch, after] of merges) {
  test(`merge patch ${JSON.stringify(patch)} on ${JSON.stringify(before)}`, () => {
    const result = mergePatch(thing({ spec: before }), freeze({ spec: patch }))
    assert.ok(result.ok && rest(result.object))
    if (result.ok) assert.equal(result.object.spec, after)
  })
}

test('merge patch must be an object', () => {
  for (const patch of [null, [], 'x', 1, undefined]) {
    const result = mergePatch(thing({}), patch)
    assert.ok(!result.ok && result.kind === 'invalid')
  }
  const result = mergePatch(thing({}), JSON.parse('{"__proto__":{"x":1}}'))
  assert.ok(!result.ok && result.kind === 'invalid')
})

const json = fc.jsonValue({ maxDepth: 4 }).filter((value) => !JSON.stringify(value).includes('__proto__'))
const dictionary = fc.dictionary(
  fc.string({ maxLength: 3 }).filter((key) => key !== '__proto__'),
  json,
  { maxKeys: 5, noNullPrototype: true },
)

const merged = (before: object, patch: unknown): KubeObject => {
  const result = mergePatch(before as KubeObject, patch)
  assert.ok(result.ok)
  if (!result.ok) throw new Error('unreachable')
  return result.object
}

test('merge patch applied twice is merge patch applied once', () => {
  fc.assert(
    fc.property(dictionary, dictionary, (before, patch) => {
      const once = merged(freeze(structuredClone(before)), freeze(structuredClone(patch)))
      assert.equal(merged(once, patch), once)
    }),
  )
})

test('an empty merge patch changes nothing', () => {
  fc.assert(fc.property(dictionary, (before) => assert.equal(merged(before, {}), before)))
})

test('a merge patch without nulls wins wherever it says something', () => {
  const withoutNull = dictionary.filter((value) => !JSON.stringify(value).includes('null'))
  fc.assert(
    fc.property(withoutNull, withoutNull, (before, patch) => {
      assert.equal(merged(merged(before, patch), patch), merged(before, patch))
      for (const key of Object.keys(patch)) assert.ok(Object.hasOwn(merged(before, patch), key))
    }),
  )
})

test('a JSON patch that replaces each field makes the one object into the other', () => {
  fc.assert(
    fc.property(dictionary, dictionary, (before, after) => {
      const name = (key: string) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      const operations = [
        ...Object.keys(before).map((key) => ({ op: 'remove', path: name(key) })),
        ...Object.entries(after).map(([key, value]) => ({ op: 'add', path: name(key), value })),
      ]
      const result = jsonPatch(freeze(structuredClone(before)) as unknown as KubeObject, operations)
      assert.ok(result.ok)
      if (result.ok) assert.equal(result.object, after)
    }),
  )
})
