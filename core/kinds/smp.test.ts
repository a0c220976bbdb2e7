import { assert, test } from '@davit/core/testing'
import * as fc from 'fast-check'
import type { KubeObject } from './contract.js'
import { strategicMergePatch } from './patch.js'
import { builtinSchema } from './schema.js'

const pod = builtinSchema('core/v1', 'Pod')
const deployment = builtinSchema('apps/v1', 'Deployment')
const service = builtinSchema('core/v1', 'Service')

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const child of Object.values(value)) freeze(child)
  return Object.freeze(value)
}

function patched(schema: typeof pod, before: object, patch: unknown): Record<string, unknown> {
  const text = JSON.stringify(before)
  const result = strategicMergePatch(schema, freeze(before) as KubeObject, freeze(patch))
  assert.ok(result.ok, JSON.stringify(result))
  assert.is(JSON.stringify(before), text, 'the current object stays as it was')
  if (!result.ok) throw new Error('unreachable')
  assert.not.match(JSON.stringify(result.object), /"\$/, 'no directive leaks')
  const again = strategicMergePatch(schema, result.object, patch)
  assert.ok(again.ok)
  if (again.ok) assert.equal(again.object, result.object, 'applying it again changes nothing')
  return result.object as unknown as Record<string, unknown>
}

const specs: [name: string, before: object, patch: object, after: object][] = [
  [
    'containers merge by name',
    {
      containers: [
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:1' },
      ],
    },
    { containers: [{ name: 'b', image: 'b:2' }] },
    {
      containers: [
        { name: 'a', image: 'a:1' },
        { name: 'b', image: 'b:2' },
      ],
    },
  ],
  [
    'a new container goes where the order list says',
    { containers: [{ name: 'a', image: 'a:1' }] },
    {
      $setElementOrder: 0,
      '$setElementOrder/containers': [{ name: 'new' }, { name: 'a' }],
      containers: [{ name: 'new', image: 'n' }],
    },
    {
      containers: [
        { name: 'new', image: 'n' },
        { name: 'a', image: 'a:1' },
      ],
    },
  ],
  [
    'elements that the patch does not know keep their place before those they stood before',
    { containers: [{ name: 'sidecar' }, { name: 'a', image: '1' }, { name: 'late' }] },
    { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'a', image: '2' }] },
    { containers: [{ name: 'sidecar' }, { name: 'a', image: '2' }, { name: 'late' }] },
  ],
  [
    'order alone',
    { containers: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    { '$setElementOrder/containers': [{ name: 'c' }, { name: 'b' }, { name: 'a' }] },
    { containers: [{ name: 'c' }, { name: 'b' }, { name: 'a' }] },
  ],
  ['order of a list that is not there', { nodeName: 'n' }, { '$setElementOrder/containers': [{ name: 'a' }] }, { nodeName: 'n' }],
  [
    'a container is deleted',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { '$setElementOrder/containers': [{ name: 'b' }], containers: [{ $patch: 'delete', name: 'a' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'deleting what is not there',
    { containers: [{ name: 'b' }] },
    { containers: [{ $patch: 'delete', name: 'a' }] },
    { containers: [{ name: 'b' }] },
  ],
  [
    'a list is replaced',
    { containers: [{ name: 'a' }, { name: 'b' }] },
    { containers: [{ $patch: 'replace' }, { name: 'c', image: null }] },
    { containers: [{ name: 'c' }] },
  ],
  [
    'env by name, with order',
    {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'X', value: '1' },
            { name: 'Y', value: '2' },
          ],
        },
      ],
    },
    {
      '$setElementOrder/containers': [{ name: 'a' }],
      containers: [
        {
          name: 'a',
          '$setElementOrder/env': [{ name: 'Y' }, { name: 'Z' }],
          env: [
            { name: 'Z', value: '3' },
            { $patch: 'delete', name: 'X' },
          ],
        },
      ],
    },
    {
      containers: [
        {
          name: 'a',
          env: [
            { name: 'Y', value: '2' },
            { name: 'Z', value: '3' },
          ],
        },
      ],
    },
  ],
  [
    'env from a value to a reference',
    { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }] }] },
    { containers: [{ name: 'a', env: [{ name: 'X', value: null, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }] },
    { containers: [{ name: 'a', env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }] },
  ],
  [
    'ports by containerPort',
    { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP' }] }] },
    { containers: [{ name: 'a', ports: [{ containerPort: 80, name: 'http' }, { containerPort: 81 }] }] },
    { containers: [{ name: 'a', ports: [{ containerPort: 80, protocol: 'TCP', name: 'http' }, { containerPort: 81 }] }] },
  ],
  [
    'volumeMounts by mountPath',
    { containers: [{ name: 'a', volumeMounts: [{ mountPath: '/x', name: 'v' }] }] },
    { containers: [{ name: 'a', volumeMounts: [{ mountPath: '/x', readOnly: true, name: 'v' }] }] },
    { containers: [{ name: 'a', volumeMounts: [{ mountPath: '/x', name: 'v', readOnly: true }] }] },
  ],
  [
    'args are atomic',
    { containers: [{ name: 'a', args: ['x', 'y'] }] },
    { containers: [{ name: 'a', args: ['z'] }] },
    { containers: [{ name: 'a', args: ['z'] }] },
  ],
  ['tolerations are atomic', { tolerations: [{ key: 'a' }] }, { tolerations: [{ key: 'b' }] }, { tolerations: [{ key: 'b' }] }],
  [
    'a volume changes its source by retainKeys',
    { volumes: [{ name: 'v', emptyDir: {} }] },
    {
      '$setElementOrder/volumes': [{ name: 'v' }],
      volumes: [{ $retainKeys: ['name', 'configMap'], name: 'v', configMap: { name: 'c' } }],
    },
    { volumes: [{ name: 'v', configMap: { name: 'c' } }] },
  ],
  [
    'null deletes',
    { nodeSelector: { a: 'b', c: 'd' }, nodeName: 'n' },
    { nodeSelector: { a: null }, nodeName: null },
    { nodeSelector: { c: 'd' } },
  ],
  ['null deletes a list', { containers: [{ name: 'a' }], nodeName: 'n' }, { containers: null }, { nodeName: 'n' }],
  [
    'nulls in what is new are dropped',
    {},
    { securityContext: { runAsUser: null, seccompProfile: { type: 'x', localhostProfile: null } } },
    { securityContext: { seccompProfile: { type: 'x' } } },
  ],
  [
    'an object is replaced',
    { securityContext: { runAsUser: 1, fsGroup: 2 } },
    { securityContext: { $patch: 'replace', runAsUser: 3 } },
    { securityContext: { runAsUser: 3 } },
  ],
  [
    'an object is emptied',
    { securityContext: { runAsUser: 1 } },
    { securityContext: { $patch: 'delete' } },
    { securityContext: {} },
  ],
  ['an object that is not there is not emptied', {}, { securityContext: { $patch: 'delete' } }, {}],
  [
    'merge said aloud',
    { securityContext: { runAsUser: 1 } },
    { securityContext: { $patch: 'merge', fsGroup: 2 } },
    { securityContext: { runAsUser: 1, fsGroup: 2 } },
  ],
  ['an unknown field is taken as it is', {}, { soon: { a: [1] } }, { soon: { a: [1] } }],
  [
    'a new list loses its directives',
    {},
    {
      containers: [
        {
          name: 'a',
          $patch: 'merge',
          env: [{ name: 'X', $patch: 'delete' }, { name: 'Y' }],
          '$setElementOrder/env': [{ name: 'Y' }],
        },
      ],
    },
    { containers: [{ name: 'a', env: [{ name: 'Y' }] }] },
  ],
  [
    'imagePullSecrets and topology constraints have their keys; without an order list what is new comes first',
    { imagePullSecrets: [{ name: 'a' }], topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1 }] },
    { imagePullSecrets: [{ name: 'b' }], topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 2 }] },
    { imagePullSecrets: [{ name: 'b' }, { name: 'a' }], topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 2 }] },
  ],
  [
    'a scalar replaces an object and the other way round',
    { affinity: 'x', nodeName: { a: 1 } },
    { affinity: { nodeAffinity: {} }, nodeName: 'n' },
    { affinity: { nodeAffinity: {} }, nodeName: 'n' },
  ],
]
for (const [name, before, patch, after] of specs) {
  test(`SMP: ${name}`, () => {
    const { $setElementOrder: _, ...clean } = patch as Record<string, unknown>
    assert.equal(patched(pod, { spec: before }, { spec: clean }).spec, after)
  })
}

test('SMP: conditions by type', () => {
  const before = {
    status: {
      conditions: [
        { type: 'Ready', status: 'False' },
        { type: 'Initialized', status: 'True' },
      ],
    },
  }
  const patch = { status: { $setElementOrder: undefined, conditions: [{ type: 'Ready', status: 'True', reason: null }] } }
  assert.equal(patched(pod, before, JSON.parse(JSON.stringify(patch))).status, {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Initialized', status: 'True' },
    ],
  })
})

test('SMP: finalizers are added, removed and ordered', () => {
  const before = { metadata: { finalizers: ['a', 'b'] } }
  assert.equal(patched(pod, before, { metadata: { finalizers: ['c'] } }).metadata, { finalizers: ['c', 'a', 'b'] })
  assert.equal(patched(pod, before, { metadata: { finalizers: ['b'] } }).metadata, { finalizers: ['a', 'b'] })
  const remove = { metadata: { '$deleteFromPrimitiveList/finalizers': ['a', 'x'] } }
  assert.equal(patched(pod, before, remove).metadata, { finalizers: ['b'] })
  const both = {
    metadata: {
      '$deleteFromPrimitiveList/finalizers': ['a'],
      '$setElementOrder/finalizers': ['c', 'b'],
      finalizers: ['c'],
    },
  }
  assert.equal(patched(pod, before, both).metadata, { finalizers: ['c', 'b'] })
  const absent = { metadata: { name: 'x' } }
  assert.equal(patched(pod, absent, remove).metadata, { name: 'x' })
})

test('SMP: ownerReferences by uid', () => {
  const before = {
    metadata: {
      ownerReferences: [
        { uid: '1', name: 'a' },
        { uid: '2', name: 'b' },
      ],
    },
  }
  const release = { metadata: { uid: 'p', ownerReferences: [{ $patch: 'delete', uid: '1' }] } }
  assert.equal(patched(pod, before, release).metadata, { uid: 'p', ownerReferences: [{ uid: '2', name: 'b' }] })
  const adopt = { metadata: { ownerReferences: [{ uid: '3', name: 'c', controller: true }] } }
  assert.equal((patched(pod, before, adopt).metadata as { ownerReferences: unknown[] }).ownerReferences.length, 3)
})

test('SMP: labels and annotations, as apply writes them', () => {
  const before = {
    metadata: { labels: { a: '1', b: '2' }, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'old' } },
  }
  const patch = {
    metadata: { labels: { a: null, c: '3' }, annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'new' } },
  }
  assert.equal(patched(pod, before, patch).metadata, {
    labels: { b: '2', c: '3' },
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'new' },
  })
})

test('SMP: a Deployment goes from RollingUpdate to Recreate', () => {
  const before = { spec: { replicas: 1, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%' } } } }
  const patch = { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }
  assert.equal(patched(deployment, before, patch).spec, { replicas: 1, strategy: { type: 'Recreate' } })
})

test('SMP: kubectl set image, deep in a template', () => {
  const before = {
    spec: { template: { spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] } } },
  }
  const patch = {
    spec: {
      template: { spec: { '$setElementOrder/containers': [{ name: 'web' }], containers: [{ image: 'web:2', name: 'web' }] } },
    },
  }
  assert.equal(patched(deployment, before, patch).spec, {
    template: { spec: { containers: [{ name: 'web', image: 'web:2', ports: [{ containerPort: 80 }] }] } },
  })
})

test('SMP: service ports by port', () => {
  const before = {
    spec: {
      ports: [
        { port: 80, nodePort: 30080 },
        { port: 443, nodePort: 30443 },
      ],
    },
  }
  const patch = {
    spec: {
      '$setElementOrder/ports': [{ port: 443 }, { port: 80 }],
      ports: [
        { port: 443, name: 'tls' },
        { port: 80, name: 'web' },
      ],
    },
  }
  assert.equal(patched(service, before, patch).spec, {
    ports: [
      { port: 443, nodePort: 30443, name: 'tls' },
      { port: 80, nodePort: 30080, name: 'web' },
    ],
  })
})

test('SMP: the whole object is replaced', () => {
  assert.equal(patched(pod, { spec: { nodeName: 'a' }, kind: 'Pod' }, { $patch: 'replace', kind: 'Pod' }), { kind: 'Pod' })
})

const refused: [name: string, before: object, patch: unknown, message: RegExp][] = [
  ['no object', {}, [], /must be an object/],
  ['null', {}, null, /must be an object/],
  ['prototype', {}, JSON.parse('{"spec":{"__proto__":{"a":1}}}'), /__proto__/],
  [
    'unknown directive value',
    { spec: { securityContext: {} } },
    { spec: { securityContext: { $patch: 'melt' } } },
    /unknown patch type/,
  ],
  ['unknown directive', { spec: {} }, { spec: { $explode: 1 } }, /unknown directive "\$explode"/],
  [
    'element without its key',
    { spec: { containers: [{ name: 'a' }] } },
    { spec: { containers: [{ image: 'x' }] } },
    /merge key: name/,
  ],
  ['scalar among objects', { spec: { containers: [{ name: 'a' }] } }, { spec: { containers: ['x'] } }, /not identical/],
  ['object among scalars', { metadata: { finalizers: ['a'] } }, { metadata: { finalizers: [{}] } }, /not identical/],
  [
    'retainKeys is no list',
    { spec: { volumes: [{ name: 'v' }] } },
    { spec: { volumes: [{ name: 'v', $retainKeys: 'x' }] } },
    /retainKeys/,
  ],
  [
    'retainKeys forgets a field of the patch',
    { spec: { volumes: [{ name: 'v' }] } },
    { spec: { volumes: [{ name: 'v', emptyDir: {}, $retainKeys: ['name'] }] } },
    /invalid patch format of retainKeys/,
  ],
  [
    'primitive deletions are no list',
    { metadata: { finalizers: ['a'] } },
    { metadata: { '$deleteFromPrimitiveList/finalizers': 'a' } },
    /primitive list/,
  ],
  ['order is no list', { spec: { containers: [] } }, { spec: { '$setElementOrder/containers': 'a' } }, /setElementOrder/],
  [
    'order list lacks an element of the patch',
    { spec: { containers: [{ name: 'a' }] } },
    { spec: { '$setElementOrder/containers': [{ name: 'a' }], containers: [{ name: 'b' }] } },
    /doesn't match \$setElementOrder/,
  ],
  [
    'order list has another order',
    { spec: { containers: [{ name: 'a' }, { name: 'b' }] } },
    { spec: { '$setElementOrder/containers': [{ name: 'a' }, { name: 'b' }], containers: [{ name: 'b' }, { name: 'a' }] } },
    /doesn't match/,
  ],
]
for (const [name, before, patch, message] of refused) {
  test(`SMP refuses: ${name}`, () => {
    const result = strategicMergePatch(pod, freeze(before) as KubeObject, patch)
    assert.not.ok(result.ok)
    if (!result.ok) {
      assert.is(result.kind, 'invalid')
      assert.match(result.message, message)
    }
  })
}

const names: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { maxLength: 5 })
const containers = names.chain((list) =>
  fc.tuple(
    ...list.map((name) => fc.record({ name: fc.constant(name), image: fc.constantFrom('1', '2'), args: fc.constant(['x']) })),
  ),
)
const elements = names.chain((list) =>
  fc.tuple(
    ...list.map((name) =>
      fc.oneof(
        fc.record({ name: fc.constant(name), image: fc.constantFrom('1', '2', null) }),
        fc.record({ name: fc.constant(name), $patch: fc.constant('delete') }),
        fc
          .record({ name: fc.constant(name), $patch: fc.constant('replace'), image: fc.constant('9') })
          .map((e) => ({ name: e.name, image: e.image })),
      ),
    ),
  ),
)

test('SMP applied twice is SMP applied once, whatever the lists', () => {
  fc.assert(
    fc.property(
      containers,
      elements,
      (before, patch) => void patched(pod, { spec: { containers: before } }, { spec: { containers: patch } }),
    ),
  )
})

test('SMP with an order list: its elements stand in its order, the others keep theirs', () => {
  fc.assert(
    fc.property(containers, names, (before, order) => {
      const patch = { spec: { '$setElementOrder/containers': order.map((name) => ({ name })) } }
      const spec = patched(pod, { spec: { containers: before } }, patch).spec as { containers: { name: string }[] }
      const got = spec.containers.map((container) => container.name)
      const had = before.map((container) => container.name)
      assert.equal([...got].sort(), [...had].sort(), 'nothing is lost or added')
      assert.equal(
        got.filter((name) => order.includes(name)),
        order.filter((name) => had.includes(name)),
      )
      assert.equal(
        got.filter((name) => !order.includes(name)),
        had.filter((name) => !order.includes(name)),
      )
    }),
  )
})
