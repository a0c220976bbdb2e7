import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { found } from './arbitrary.js'
import { canonicalElement, compareElements, elementText, sortedJson } from './field-element.js'
import {
  differenceOf,
  equalSets,
  type FieldSet,
  fieldPaths,
  intersectionOf,
  isEmptySet,
  noFields,
  parseFieldSet,
  unionOf,
} from './field-set.js'

const parse = (tree: unknown): FieldSet => found(parseFieldSet(tree))

/** A set as the paths of its fields: what the algebra is held against. */
function pathsOf(set: FieldSet, prefix: readonly string[] = []): string[] {
  return Object.keys(set).flatMap((element) => {
    if (element === '.') return []
    const node = set[element] ?? noFields
    const path = [...prefix, element]
    const isField = isEmptySet(node) || node['.'] !== undefined
    return [...(isField ? [JSON.stringify(path)] : []), ...pathsOf(node, path)]
  })
}

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:c', 'f:spec'),
  fc.constantFrom('k:{"name":"x"}', 'k:{"name":"y"}', 'k:{"containerPort":80,"protocol":"TCP"}', 'v:"a"', 'v:2', 'v:10', 'i:0'),
)
const { set: anySet } = fc.letrec<{ set: FieldSet; node: unknown }>((tie) => ({
  node: fc.oneof({ maxDepth: 4 }, fc.constant({}), nodeOf(tie('node'))),
  set: fc.dictionary(element, tie('node'), { maxKeys: 4 }).map(parse),
}))
function nodeOf(inner: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(fc.boolean(), fc.dictionary(element, inner, { maxKeys: 3, minKeys: 1 }))
    .map(([isField, children]) => (isField ? { '.': {}, ...children } : children))
}
const members = (set: FieldSet): Set<string> => new Set(pathsOf(set))

test('union, difference and intersection are those of the sets of paths', () => {
  fc.assert(
    fc.property(anySet, anySet, (a, b) => {
      const [x, y] = [members(a), members(b)]
      assert.equal(members(unionOf(a, b)), new Set([...x, ...y]))
      assert.equal(members(differenceOf(a, b)), new Set([...x].filter((path) => !y.has(path))))
      assert.equal(members(intersectionOf(a, b)), new Set([...x].filter((path) => y.has(path))))
    }),
  )
})

test('the laws of sets hold, and every result is canonical', () => {
  fc.assert(
    fc.property(anySet, anySet, anySet, (a, b, c) => {
      const same = (x: FieldSet, y: FieldSet): void => {
        assert.ok(equalSets(x, y))
        assert.is(JSON.stringify(x), JSON.stringify(y))
        assert.is(JSON.stringify(parse(x)), JSON.stringify(x))
      }
      same(unionOf(a, b), unionOf(b, a))
      same(unionOf(a, unionOf(b, c)), unionOf(unionOf(a, b), c))
      same(intersectionOf(a, b), intersectionOf(b, a))
      same(differenceOf(a, unionOf(b, c)), differenceOf(differenceOf(a, b), c))
      same(unionOf(differenceOf(a, b), intersectionOf(a, b)), a)
      same(unionOf(a, a), a)
      same(differenceOf(a, a), noFields)
      same(intersectionOf(a, noFields), noFields)
    }),
  )
})

test('what does not change is the same tree', () => {
  fc.assert(
    fc.property(anySet, anySet, (a, b) => {
      assert.is(unionOf(a, intersectionOf(a, b)), a)
      assert.is(differenceOf(a, differenceOf(b, a)), a)
    }),
  )
})

test('the text of fieldsV1 survives', () => {
  fc.assert(
    fc.property(anySet, (set) => {
      const again = parse(JSON.parse(JSON.stringify(set)))
      assert.ok(equalSets(set, again))
      assert.is(JSON.stringify(again), JSON.stringify(set))
    }),
  )
})

test('reading puts elements into the order and the spelling of Kubernetes', () => {
  const sent = {
    'v:"b"': {},
    'k:{"protocol":"TCP","containerPort":443}': { 'f:b': {}, '.': {}, 'f:a': {} },
    'k:{"containerPort":80,"protocol":"TCP"}': {},
    'i:1': {},
    'f:z': { '.': {} },
    'f:a': {},
  }
  assert.is(
    JSON.stringify(parse(sent)),
    '{"f:a":{},"f:z":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{},' +
      '"k:{\\"containerPort\\":443,\\"protocol\\":\\"TCP\\"}":{".":{},"f:a":{},"f:b":{}},"v:\\"b\\"":{},"i:1":{}}',
  )
})

test('elements of a kind that is not known are left out, and what is no tree is no set', () => {
  assert.equal(parse({ 'f:a': {}, 'x:b': {}, 'k:no': {}, 'k:1': {}, 'i:x': {} }), { 'f:a': {} })
  for (const wrong of [undefined, null, 1, 'f:a', [], { 'f:a': 1 }, { 'f:a': { 'f:b': null } }]) {
    assert.is(parseFieldSet(wrong), undefined)
  }
})

test('the prototype is no field', () => {
  const set = parse(JSON.parse('{"f:__proto__":{"f:x":{}},"f:constructor":{}}'))
  assert.equal(fieldPaths(set), ['.constructor', '.__proto__.x'])
  assert.is(unionOf(set, parse({ 'f:a': {} }))['f:constructor'], noFields)
})

test('paths are shown as messages of Kubernetes show them', () => {
  const set = parse({
    'f:spec': {
      'f:replicas': {},
      'f:template': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:hostPort': {} } },
      'f:finalizers': { 'v:"a"': {}, 'i:3': {} },
    },
  })
  assert.equal(fieldPaths(set), [
    '.spec.replicas',
    '.spec.finalizers[="a"]',
    '.spec.finalizers[3]',
    '.spec.template[containerPort=80,protocol="TCP"]',
    '.spec.template[containerPort=80,protocol="TCP"].hostPort',
  ])
  assert.is(elementText('v:1'), '[=1]')
})

test('the order of elements is total, numbers by value', () => {
  const ordered = [
    '.',
    'f:a',
    'f:b',
    'k:{"a":2}',
    'k:{"a":10}',
    'k:{"a":10,"b":1}',
    'k:{"b":1}',
    'v:2',
    'v:10',
    'v:"1"',
    'v:true',
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(ordered, { minLength: ordered.length }), (shuffled) => {
      assert.equal([...shuffled].sort(compareElements), ordered)
    }),
  )
})

test('one element has one spelling', () => {
  assert.is(canonicalElement('k:{"b":1, "a":"x"}'), 'k:{"a":"x","b":1}')
  assert.is(canonicalElement('f:any thing'), 'f:any thing')
  assert.is(canonicalElement('v:'), undefined)
  assert.is(sortedJson({ b: [1, { d: undefined, c: null }], a: 'x' }), '{"a":"x","b":[1,{"c":null}]}')
})
