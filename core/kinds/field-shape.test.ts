import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { arbitraryObject, found } from './arbitrary.js'
import { createRegistry, type KubeObject, type ResourceKind } from './contract.js'
import { noFields } from './field-set.js'
import { setOfShape } from './field-shape.js'
import { createdFields, type WrittenPart } from './field-walk.js'

const kinds = createRegistry()
const kindOf = (apiVersion: string, name: string): ResourceKind => found(kinds.kind(apiVersion, name))
const ownable = new Set(['labels', 'annotations', 'ownerReferences', 'finalizers'])
const newPart = (): WrittenPart => ({ has: (field) => field !== 'status', metadata: ownable })

/** What is remembered of a part that is new is nothing. */
const unremembered = (kind: ResourceKind, object: KubeObject) => createdFields(kind.schema, object, newPart())

test('every object has the set that it has by itself, whatever was remembered before', () => {
  for (const kind of [kindOf('v1', 'Pod'), kindOf('apps/v1', 'Deployment'), kindOf('v1', 'Service'), kindOf('v1', 'ConfigMap')]) {
    const part = newPart()
    fc.assert(
      fc.property(fc.array(arbitraryObject(kind), { maxLength: 5 }), (objects) => {
        for (const object of objects) assert.equal(createdFields(kind.schema, object, part), unremembered(kind, object))
      }),
      { numRuns: 150 },
    )
  }
})

const pod = (spec: object, metadata: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', ...metadata },
  ...{ spec },
})
const port = (containerPort: number, more: object = {}): object => ({
  containers: [{ name: 'c', ports: [{ containerPort, ...more }] }],
})

const different: readonly (readonly [string, KubeObject, KubeObject])[] = [
  ['the name of an item', pod({ containers: [{ name: 'c' }] }), pod({ containers: [{ name: 'd' }] })],
  ['a key that is no text', pod(port(80)), pod(port(81))],
  ['a second item', pod({ containers: [{ name: 'c' }] }), pod({ containers: [{ name: 'c' }, { name: 'd' }] })],
  [
    'two items of one name',
    pod({ containers: [{ name: 'c', image: 'i' }] }),
    pod({ containers: [{ name: 'c' }, { name: 'c' }] }),
  ],
  ['a label', pod({}, { labels: { a: '1' } }), pod({}, { labels: { b: '1' } })],
  ['where a field stands', pod({ hostname: 'x' }), pod({ securityContext: { hostname: 'x' } })],
  ['an object that is empty', pod({ securityContext: {} }), pod({ securityContext: { runAsUser: 1 } })],
  [
    'a level that ends earlier',
    pod({ hostname: 'b' }, { labels: { a: '1', spec: '1' } }),
    pod({ hostname: 'b' }, { labels: { a: '1' } }),
  ],
  ['names that look like marks', pod({}, { labels: { '.': '1' } }), pod({}, { labels: { '{': '1' } })],
]

test('what the set shows tells two shapes apart', () => {
  const kind = kindOf('v1', 'Pod')
  const part = newPart()
  for (const [what, a, b] of different) {
    const [first, second] = [createdFields(kind.schema, a, part), createdFields(kind.schema, b, part)]
    assert.equal(first, unremembered(kind, a), what)
    assert.equal(second, unremembered(kind, b), what)
    assert.is.not(first, second, what)
  }
})

test('values do not count, and the set of one shape is made once', () => {
  const kind = kindOf('v1', 'Pod')
  const part = newPart()
  let made = 0
  const make = () => {
    made++
    return Object.freeze({ [`f:${made}`]: noFields }) as typeof noFields
  }
  const ask = (object: KubeObject) => setOfShape(kind.schema, object, part, make)
  const first = ask(pod({ hostname: 'a', containers: [{ name: 'c', image: 'one', command: ['x'] }] }))
  assert.is(ask(pod({ hostname: 'b', containers: [{ name: 'c', image: 'two', command: ['x', 'y'] }] })), first)
  assert.is(made, 1)
  assert.is.not(ask(pod({ hostname: 'b', containers: [{ name: 'c', image: 'two' }] })), first)
  assert.is(made, 2)
  assert.is.not(setOfShape(kind.schema, pod({ hostname: 'a' }), newPart(), make), first, 'another part has sets of its own')
})

test('shapes without end do not pile up', () => {
  const kind = kindOf('v1', 'ConfigMap')
  const part = newPart()
  let made = 0
  const make = () => {
    made++
    return noFields
  }
  const of = (index: number) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { [`k${index}`]: '' } })
  setOfShape(kind.schema, of(-1), part, make)
  for (let index = 0; index < 60_000; index++) setOfShape(kind.schema, of(index), part, make)
  assert.is(made, 60_001)
  setOfShape(kind.schema, of(-1), part, make)
  assert.is(made, 60_002, 'what is old was forgotten')
})
