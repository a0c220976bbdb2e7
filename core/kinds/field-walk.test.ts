import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { arbitraryObject, found } from './arbitrary.js'
import { applyDefaults, createRegistry, decode, type KubeObject, type ObjectSchema, type ResourceKind } from './contract.js'
import { compareFields, isUnchanged } from './field-compare.js'
import { differenceOf, equalSets, fieldPaths, isEmptySet, unionOf } from './field-set.js'
import { appliedFields, createdFields, fieldSetText, type WrittenPart } from './field-walk.js'

const kinds = createRegistry()
const kindOf = (apiVersion: string, name: string): ResourceKind => found(kinds.kind(apiVersion, name))
const ownable = new Set(['generateName', 'labels', 'annotations', 'ownerReferences', 'finalizers'])
const spec: WrittenPart = { has: (field) => field !== 'status', metadata: ownable }
const all: WrittenPart = { has: () => true, metadata: ownable }

function read(object: object, defaults = true): [ResourceKind, KubeObject] {
  const { apiVersion, kind: name } = object as KubeObject
  const kind = kindOf(apiVersion, name)
  const decoded = decode(kind, object, { unknownFields: 'drop' }).object
  if (defaults) applyDefaults(kind, decoded)
  return [kind, decoded]
}
function created(object: object): unknown {
  const [kind, decoded] = read(object)
  return createdFields(kind.schema, decoded, spec)
}
const parsed = (text: string): unknown => JSON.parse(text)

test('a pod as kubectl run makes it', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', labels: { run: 'web' } } }
  assert.equal(
    created({ ...pod, spec: { containers: [{ name: 'web', image: 'nginx', resources: {} }] }, status: { phase: 'Running' } }),
    parsed(`{"f:metadata":{"f:labels":{".":{},"f:run":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"web\\"}":{".":{},"f:image":{},
      "f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},
      "f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},
      "f:terminationGracePeriodSeconds":{}}}`),
  )
})

test('a deployment: what is a struct to a Go server is not owned by itself', () => {
  const container = { name: 'a', image: 'b', ports: [{ containerPort: 80 }], env: [{ name: 'X', value: '1' }] }
  const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [container] } }
  const metadata = { name: 'a', namespace: 'x', finalizers: ['example.com/a'], uid: '1', generation: 3 }
  const tree = created({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { selector: { matchLabels: { app: 'a' } }, template },
  })
  const item = (tree as Record<string, Record<string, unknown>>)['f:spec'] ?? {}
  assert.equal((tree as Record<string, unknown>)['f:metadata'], parsed('{"f:finalizers":{".":{},"v:\\"example.com/a\\"":{}}}'))
  assert.equal(item['f:strategy'], parsed('{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}}'))
  assert.equal(item['f:selector'], {})
  const inner = (item['f:template'] as Record<string, Record<string, Record<string, Record<string, unknown>>>>)['f:spec']
  assert.equal(
    inner?.['f:containers']?.['k:{"name":"a"}']?.['f:ports'],
    parsed(`{".":{},"k:{\\"containerPort\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{},"f:protocol":{}}}`),
  )
})

test('a configuration claims leaves, keys and items, and nothing between', () => {
  const kind = kindOf('v1', 'Pod')
  const config = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a', labels: { app: 'x' }, annotations: {} },
    spec: {
      hostNetwork: false,
      nodeSelector: { a: 'b' },
      tolerations: [{ key: 'a' }],
      containers: [{ name: 'c', resources: { limits: { cpu: '1' } }, ports: [{ containerPort: 1 }], stdin: null }],
      volumes: [],
    },
    status: {},
  }
  assert.equal(
    appliedFields(kind.schema, config, spec),
    parsed(`{"f:metadata":{"f:annotations":{},"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\\"name\\":\\"c\\"}":{".":{},
      "f:name":{},"f:ports":{"k:{\\"containerPort\\":1,\\"protocol\\":\\"TCP\\"}":{".":{},"f:containerPort":{}}},
      "f:resources":{"f:limits":{"f:cpu":{}}},"f:stdin":{}}},"f:hostNetwork":{},"f:nodeSelector":{},"f:tolerations":{}}}`),
  )
})

test('without a schema the form decides: objects by their fields, lists whole', () => {
  const schema: ObjectSchema = { type: 'object', name: 'x', fields: new Map() }
  const object = { apiVersion: 'e/v1', kind: 'X', metadata: { name: 'a' }, spec: { 'a"b': { c: [1, { d: 1 }] }, constructor: 1 } }
  assert.equal(createdFields(schema, object, all), {
    'f:spec': { '.': {}, 'f:a"b': { '.': {}, 'f:c': {} }, 'f:constructor': {} },
  })
  const old = { ...object, spec: { toString: 1 } } as unknown as KubeObject
  const { changed, removed } = compareFields(schema, old, object, all)
  assert.equal(fieldPaths(changed), ['.spec.a"b', '.spec.constructor', '.spec.a"b.c'])
  assert.equal(fieldPaths(removed), ['.spec.toString'])
})

test('objects that are written alike share one set and its text', () => {
  const make = (name: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { b: name, a: '' } })
  const [a, b] = [created(make('a')), created(make('b'))]
  assert.is(a, b)
  assert.is(fieldSetText(a as never), '{"f:data":{".":{},"f:a":{},"f:b":{}}}')
})

test('many forms do not pile up', () => {
  const kind = kindOf('v1', 'ConfigMap')
  for (let index = 0; index < 1000; index++) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { [`k${index}`]: '1' } }
    assert.equal(fieldPaths(createdFields(kind.schema, object, spec)), ['.data', `.data.k${index}`])
  }
})

const changes: [name: string, before: object, after: object, changed: string[], removed: string[]][] = [
  ['nothing', { replicas: 1 }, { replicas: 1 }, [], []],
  ['a value', { replicas: 1 }, { replicas: 2 }, ['.spec.replicas'], []],
  ['a field more', {}, { paused: true }, ['.spec.paused'], []],
  ['a field less', { paused: true }, {}, [], ['.spec.paused']],
  [
    'an atomic struct',
    { selector: { matchLabels: { a: '1' } } },
    { selector: { matchLabels: { a: '2' } } },
    ['.spec.selector'],
    [],
  ],
]
for (const [name, before, after, changed, removed] of changes) {
  test(`a change of ${name}`, () => {
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } }
    const [kind, old] = read({ ...deployment, spec: before }, false)
    const result = compareFields(kind.schema, old, read({ ...deployment, spec: after }, false)[1], spec)
    assert.equal(fieldPaths(result.changed), changed)
    assert.equal(fieldPaths(result.removed), removed)
  })
}

test('items are compared by their keys, in whatever order', () => {
  const service = (ports: object[]): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports } })
  const [kind, old] = read(service([{ port: 80 }, { port: 81, name: 'b' }, { port: 82 }]))
  const [, object] = read(service([{ port: 81, name: 'c' }, { port: 80 }, { port: 83 }]))
  const { changed, removed } = compareFields(kind.schema, old, object, spec)
  const [b, c, d] = [81, 82, 83].map((port) => `.spec.ports[port=${port},protocol="TCP"]`)
  assert.equal(fieldPaths(changed), [d, `${b}.name`, `${d}.port`, `${d}.protocol`, `${d}.targetPort`])
  assert.equal(fieldPaths(removed), [c, `${c}.port`, `${c}.protocol`, `${c}.targetPort`])
})

test('items of one key are one value', () => {
  const env = (...values: string[]): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c', env: values.map((value) => ({ name: 'X', value })) }] },
  })
  const [kind, old] = read(env('1', '2'))
  const at = '.spec.containers[name="c"].env[name="X"]'
  assert.ok(fieldPaths(createdFields(kind.schema, old, spec)).includes(at))
  assert.equal(fieldPaths(compareFields(kind.schema, old, read(env('1', '3'))[1], spec).changed), [at])
  assert.ok(isUnchanged(compareFields(kind.schema, old, read(env('1', '2'))[1], spec)))
})

test('server-owned metadata is nobody’s', () => {
  const [kind, old] = read({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: '1', resourceVersion: '1' } })
  const other = { ...old, metadata: { ...old.metadata, uid: '2', resourceVersion: '2', generation: 2, deletionTimestamp: 'x' } }
  assert.ok(isUnchanged(compareFields(kind.schema, old, other, all)))
})

const someKinds = [
  ['v1', 'Pod'],
  ['apps/v1', 'Deployment'],
  ['v1', 'Service'],
  ['v1', 'Node'],
  ['batch/v1', 'CronJob'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apiextensions.k8s.io/v1', 'CustomResourceDefinition'],
] as const

for (const [apiVersion, name] of someKinds) {
  const kind = kindOf(apiVersion, name)
  const object = arbitraryObject(kind).map((made) => decode(kind, made, { unknownFields: 'drop' }).object)

  test(`${name}: what changed is exactly what differs`, () => {
    fc.assert(
      fc.property(object, object, (a, b) => {
        assert.ok(isUnchanged(compareFields(kind.schema, a, structuredClone(a), all)))
        const there = compareFields(kind.schema, a, b, all)
        const back = compareFields(kind.schema, b, a, all)
        // What appears one way disappears the other way; what only changed is in both.
        const changedOnly = differenceOf(there.changed, back.removed)
        assert.ok(isEmptySet(differenceOf(there.removed, back.changed)))
        assert.ok(equalSets(changedOnly, differenceOf(back.changed, there.removed)))
        const present = createdFields(kind.schema, b, all)
        const [before, after] = [createdFields(kind.schema, a, all), present]
        // Nothing is changed that is not there, or removed that was not.
        assert.equal(fieldPaths(differenceOf(there.changed, after)), [])
        assert.equal(fieldPaths(differenceOf(there.removed, before)), [])
        // All that is new is among the changes.
        assert.equal(fieldPaths(differenceOf(differenceOf(after, before), there.changed)), [])
        assert.equal(fieldPaths(differenceOf(differenceOf(before, after), unionOf(there.removed, there.changed))), [])
      }),
      { numRuns: 60 },
    )
  })

  test(`${name}: what a configuration claims is part of what it writes`, () => {
    fc.assert(
      fc.property(object, (config) => {
        const claimed = appliedFields(kind.schema, config, all)
        const leaves = differenceOf(claimed, createdFields(kind.schema, config, all))
        // But for empty structs, which are there before.
        assert.equal(
          fieldPaths(leaves).filter(
            (path) =>
              !/(spec|status|metadata|template|strategy|resources|names|nodeInfo|loadBalancer|daemonEndpoints|kubeletEndpoint|updateStrategy|jobTemplate)$/.test(
                path,
              ),
          ),
          [],
        )
      }),
      { numRuns: 60 },
    )
  })
}
