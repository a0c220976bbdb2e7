import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import { appliedProblems, mergeApplied, pruneApplied } from './apply-merge.js'
import { arbitraryObject, found } from './arbitrary.js'
import { createRegistry, decode, equalJson, type KubeObject, type ResourceKind } from './contract.js'
import { type FieldSet, noFields } from './field-set.js'
import { appliedFields, type WrittenPart } from './field-walk.js'

const kinds = createRegistry()
const kindOf = (apiVersion: string, name: string): ResourceKind => found(kinds.kind(apiVersion, name))
const part: WrittenPart = { has: () => true, metadata: new Set(['labels', 'annotations', 'ownerReferences', 'finalizers']) }
const pods = kindOf('v1', 'Pod')
const deployments = kindOf('apps/v1', 'Deployment')

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}
const pod = (fields: object): Record<string, unknown> =>
  freeze({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, ...fields })
const merged = (live: object, config: object): unknown =>
  (mergeApplied(pods.schema, pod({ spec: live }), { spec: config }) as KubeObject).spec

test('fields are laid over, and what the configuration leaves out stays', () => {
  assert.equal(merged({ nodeName: 'n', hostNetwork: true }, { hostNetwork: false, priority: 1 }), {
    nodeName: 'n',
    hostNetwork: false,
    priority: 1,
  })
})

test('items are merged by key: the order of the configuration, the others where they were', () => {
  const live = {
    containers: [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
      { name: 'c', image: '1' },
    ],
  }
  const config = {
    containers: [
      { name: 'd', image: '2' },
      { name: 'c', image: '2' },
      { name: 'a', stdin: true },
    ],
  }
  assert.equal(merged(live, config), {
    containers: [
      { name: 'b', image: '1' },
      { name: 'd', image: '2' },
      { name: 'c', image: '2' },
      { name: 'a', image: '1', stdin: true },
    ],
  })
})

test('atomic lists and structs are replaced, sets are joined', () => {
  const live = { tolerations: [{ key: 'a' }], containers: [{ name: 'a', args: ['1', '2'] }] }
  assert.equal(merged(live, { tolerations: [{ key: 'b' }], containers: [{ name: 'a', args: ['3'] }] }), {
    tolerations: [{ key: 'b' }],
    containers: [{ name: 'a', args: ['3'] }],
  })
  const object = pod({ metadata: { name: 'a', finalizers: ['x/a', 'x/b'] } })
  const both = mergeApplied(pods.schema, object, { metadata: { finalizers: ['x/c', 'x/b'] } }) as KubeObject
  assert.equal([...(both.metadata.finalizers ?? [])].sort(), ['x/a', 'x/b', 'x/c'])
})

test('null takes the value away, and nothing reaches a prototype', () => {
  assert.equal(merged({ nodeName: 'n' }, { nodeName: null }), { nodeName: null })
  const labels = mergeApplied(pods.schema, pod({}), { metadata: { labels: { constructor: 'a', toString: 'b' } } }) as KubeObject
  assert.equal(labels.metadata.labels, { constructor: 'a', toString: 'b' } as never)
})

const deployment = (spec: object, metadata: object = {}): KubeObject =>
  freeze({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a', ...metadata }, spec })
const claims = (spec: object, metadata: object = {}): FieldSet =>
  appliedFields(deployments.schema, deployment(spec, metadata), part)
const pruned = (live: KubeObject, last: FieldSet, ...owned: FieldSet[]): KubeObject =>
  pruneApplied(deployments.schema, live, last, owned) as KubeObject

test('what the manager applied last and nobody owns is taken out', () => {
  const live = deployment({ replicas: 3, paused: true, minReadySeconds: 4 })
  const left = pruned(live, claims({ replicas: 3, paused: true }), claims({ paused: true }))
  assert.equal(left.spec, { paused: true, minReadySeconds: 4 })
  assert.equal(pruned(live, noFields, noFields), live)
})

test('what others own stays', () => {
  const live = deployment({ replicas: 3, paused: true }, { labels: { a: '1', b: '2' } })
  const last = claims({ replicas: 3 }, { labels: { a: '1', b: '2' } })
  const left = pruned(live, last, claims({}, { labels: { b: '2' } }), { 'f:spec': { 'f:replicas': noFields } })
  assert.equal(left.spec, { replicas: 3, paused: true })
  assert.equal(left.metadata, { name: 'a', labels: { b: '2' } })
})

test('items go whole, unless somebody owns a part of them', () => {
  const containers = [
    { name: 'a', image: '1' },
    { name: 'b', image: '1', stdin: true },
  ]
  const live = deployment({ template: { spec: { containers } } })
  const last = claims({ template: { spec: { containers: containers.map(({ name, image }) => ({ name, image })) } } })
  const other = claims({ template: { spec: { containers: [{ name: 'b', stdin: true }] } } })
  const left = pruned(live, last, other) as unknown as { spec: { template: { spec: { containers: unknown } } } }
  assert.equal(left.spec.template.spec.containers, [{ name: 'b', stdin: true }])
})

test('a struct that nobody owns anything in goes with all that is in it; metadata never does', () => {
  const live = deployment({ replicas: 1, strategy: { type: 'Recreate', rollingUpdate: {} } }, { labels: { a: '1' } })
  const left = pruned(live, claims({ strategy: { type: 'Recreate' } }, { labels: { a: '1' } }), claims({ replicas: 1 }))
  assert.equal(left.spec, { replicas: 1 })
  assert.is(left.metadata.name, 'a')
  assert.is(left.metadata.labels, undefined)
})

test('what is not fit to be applied is named with its path', () => {
  const spec = {
    nope: 1,
    containers: [{ name: 'a', bad: 1, ports: [{ containerPort: 1 }, { containerPort: 1, protocol: 'TCP' }] }, { image: 'x' }],
    tolerations: [{ key: 'a', wrong: 1 }],
  }
  assert.equal(appliedProblems(pods.schema, pod({ spec })), [
    '.spec.nope: field not declared in schema',
    '.spec.containers[name="a"].bad: field not declared in schema',
    '.spec.containers[name="a"].ports: duplicate entries for key [containerPort=1,protocol="TCP"]',
    '.spec.containers: element 1: associative list with keys has an element that omits key field "name"',
    '.spec.tolerations[0].wrong: field not declared in schema',
  ])
  const data = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { any: 'x' } }, data: { constructor: 'a' } }
  assert.equal(appliedProblems(kindOf('v1', 'ConfigMap').schema, data), [])
})

for (const kind of [pods, deployments, kindOf('v1', 'Service'), kindOf('v1', 'Node')]) {
  const read = (object: KubeObject): KubeObject => decode(kind, object, { unknownFields: 'drop' }).object
  const fit = arbitraryObject(kind)
    .map(read)
    .filter((object) => appliedProblems(kind.schema, object).length === 0)

  test(`${kind.kind}: laying over twice is laying over once, and neither argument changes`, () => {
    fc.assert(
      fc.property(fit, fit, (live, config) => {
        const [frozenLive, frozenConfig] = [freeze(live), freeze(config)]
        const once = mergeApplied(kind.schema, frozenLive, frozenConfig)
        assert.ok(equalJson(mergeApplied(kind.schema, once, frozenConfig), once))
      }),
      { numRuns: 80 },
    )
  })

  test(`${kind.kind}: what only one manager ever applied is gone when it applies nothing of it`, () => {
    fc.assert(
      fc.property(fit, (config) => {
        const last = appliedFields(kind.schema, config, part)
        const left = pruneApplied(kind.schema, freeze(config), last, []) as KubeObject
        const fields = appliedFields(kind.schema, left, part)
        const { 'f:metadata': _metadata, ...others } = fields
        assert.equal(others, {})
      }),
      { numRuns: 80 },
    )
  })
}
