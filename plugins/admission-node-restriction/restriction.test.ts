import { ApiHooksToken } from '@davit/core/api'
import { type Client, leases, nodes, persistentVolumes, pods, serviceAccounts } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { KubeObject, Lease, Node, PersistentVolume, Pod } from '@davit/core/kinds'
import { assert, type Booted, boot, suite, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { forbiddenLabels } from './labels.js'

const labelled = suite('labels')
for (const [name, forbidden] of [
  ['team', false],
  ['example.com/zone', false],
  ['node-restriction.kubernetes.io/trusted', true],
  ['sub.node-restriction.kubernetes.io/trusted', true],
  ['node-role.kubernetes.io/control-plane', true],
  ['kubernetes.io/role', true],
  ['x.k8s.io/y', true],
  ['notkubernetes.io/y', false],
  ['kubernetes.io/hostname', false],
  ['topology.kubernetes.io/zone', false],
  ['node.kubernetes.io/anything', false],
  ['sub.kubelet.kubernetes.io/anything', false],
] as const) {
  labelled(`${name} ${forbidden ? 'is not' : 'is'} the node's to set`, () => {
    const expected = forbidden ? [name] : []
    assert.equal(forbiddenLabels({ [name]: 'a' }, undefined), expected)
    assert.equal(forbiddenLabels(undefined, { [name]: 'a' }), expected, 'nor to take off')
    assert.equal(forbiddenLabels({ [name]: 'a' }, { [name]: 'b' }), expected, 'nor to change')
    assert.equal(forbiddenLabels({ [name]: 'a' }, { [name]: 'a' }), [], 'it may stay')
  })
}

/** Admission alone is tried: the authorizer lets everything through. */
const everything = definePlugin({
  id: 'test-allow',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, (_request) => ({ allowed: true, reason: '' }))
    return {}
  },
})
const node = (name: string, more: Partial<Node> = {}): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  ...more,
})
const pod = (name: string, nodeName: string, metadata: Partial<Pod['metadata']> = {}, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...metadata },
  spec: { nodeName, containers: [{ name: 'c', image: 'nginx' }], ...spec },
})

async function start(t: TestContext): Promise<Booted & { one: Client }> {
  const plane = await boot({ plugins: [{ plugin }, { plugin: everything }] })
  t.defer(() => plane.stop())
  const one = plane.clients.as({ name: 'system:node:one', groups: ['system:nodes'] })
  return { ...plane, one }
}
async function refused(call: Promise<unknown>, message: string | RegExp): Promise<void> {
  const error = (await assert.rejects(call)) as Error & { code?: number }
  assert.is(error.code, 403, error.message)
  assert.match(error.message, message)
}

test('a node writes its own Node, but no labels of trust, no taints and no owners', async (t) => {
  const { one, client } = await start(t)
  await refused(one.create(nodes, node('two')), 'nodes "two" is forbidden: node "one" is not allowed to modify node "two"')
  const trusted = {
    metadata: { name: 'one', labels: { 'node-restriction.kubernetes.io/a': 'b', 'node-role.kubernetes.io/x': '' } },
  }
  await refused(
    one.create(nodes, node('one', trusted)),
    'is not allowed to set the following labels: node-restriction.kubernetes.io/a, node-role.kubernetes.io/x',
  )
  const taint = { key: 'a', effect: 'NoSchedule' }
  const made = await one.create(
    nodes,
    node('one', { metadata: { name: 'one', labels: { team: 'x' } }, spec: { taints: [taint] } }),
  )
  await one.updateStatus(nodes, { ...made, status: { capacity: { cpu: '1' } } })
  const patch = (body: object) => one.patch(nodes, '', 'one', 'merge', body)
  await patch({ metadata: { labels: { team: 'y' } } })
  await refused(patch({ spec: { taints: null } }), 'node "one" is not allowed to modify taints')
  await refused(patch({ metadata: { labels: { 'node-role.kubernetes.io/x': '' } } }), 'is not allowed to modify labels')
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u' }
  await refused(patch({ metadata: { ownerReferences: [owner] } }), 'is not allowed to modify ownerReferences')
  await client.patch(nodes, '', 'one', 'merge', { metadata: { labels: { 'node-role.kubernetes.io/x': '' } } })
  await patch({ metadata: { labels: { team: 'z' } } })
  await refused(patch({ metadata: { labels: { 'node-role.kubernetes.io/x': null } } }), 'is not allowed to modify labels')
  await client.create(nodes, node('two'))
  await refused(
    one.patch(nodes, '', 'two', 'merge', { metadata: { labels: { team: 'z' } } }),
    'is not allowed to modify node "two"',
  )
  const other = await client.get(nodes, '', 'two')
  await refused(one.updateStatus(nodes, other), 'is not allowed to modify node "two"')
})

test('status, deletion and eviction of its own Pods alone', async (t) => {
  const { one, client } = await start(t)
  const [mine, other] = [await client.create(pods, pod('mine', 'one')), await client.create(pods, pod('other', 'two'))]
  const running = (of: Pod) => one.updateStatus(pods, { ...of, status: { phase: 'Running' } })
  const written = await running(mine)
  await refused(running(other), 'node "one" can only update pod status for pods with spec.nodeName set to itself')
  await refused(
    one.update(pods, { ...written, metadata: { ...written.metadata, labels: { a: 'b' } } }),
    'unexpected operation "UPDATE"',
  )
  const evict = (name: string): Promise<KubeObject> => {
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
    return one.createSubresource(pods, 'default', name, 'eviction', eviction)
  }
  await refused(evict('other'), 'node one can only evict pods with spec.nodeName set to itself')
  await refused(one.delete(pods, 'default', 'other'), 'node "one" can only delete pods with spec.nodeName set to itself')
  await evict('mine')
  await client.create(pods, pod('third', 'one'))
  await one.delete(pods, 'default', 'third', { gracePeriodSeconds: 0 })
  assert.is(
    (await client.list(pods)).items.find(({ metadata }) => metadata.name === 'third'),
    undefined,
  )
})

test('mirror Pods are its own, and refer to nothing', async (t) => {
  const { one, client } = await start(t)
  await refused(one.create(pods, pod('a', 'one')), 'node "one" can only create mirror pods')
  const annotations = { 'kubernetes.io/config.mirror': 'x' }
  await refused(one.create(pods, pod('a', 'two', { annotations })), 'with spec.nodeName set to itself')
  await refused(one.create(pods, pod('a', 'one', { annotations })), 'with an owner reference set to itself')
  const { uid = '' } = (await client.create(nodes, node('one'))).metadata
  const owner = { apiVersion: 'v1', kind: 'Node', name: 'one', uid, controller: true }
  const owned = (changes: object, spec: Partial<Pod['spec']> = {}) =>
    one.create(pods, pod('a', 'one', { annotations, ownerReferences: [{ ...owner, ...changes }] }, spec))
  await refused(owned({ name: 'two' }), 'with an owner reference set to itself')
  await refused(owned({ controller: false }), 'with a controller owner reference set to itself')
  await refused(owned({ blockOwnerDeletion: true }), 'must not set blockOwnerDeletion')
  await refused(owned({ uid: 'foreign' }), `UID mismatch: expected foreign got ${uid}`)
  await refused(owned({}, { serviceAccountName: 'robot' }), 'reference a service account')
  await refused(owned({}, { volumes: [{ name: 'v', secret: { secretName: 's' } }] }), 'reference secrets')
  await refused(owned({}, { volumes: [{ name: 'v', configMap: { name: 's' } }] }), 'reference configmaps')
  await refused(
    owned({}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 's' } }] }),
    'reference persistentvolumeclaims',
  )
  await refused(owned({}, { imagePullSecrets: [{ name: 's' }] }), 'reference secrets')
  assert.ok(await owned({}))
})

test('its own lease', async (t) => {
  const { one } = await start(t)
  const lease = (name: string, namespace = 'kube-node-lease'): Lease => ({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace },
    spec: { holderIdentity: name, leaseDurationSeconds: 40 },
  })
  await refused(one.create(leases, lease('one', 'default')), 'can only access leases in the "kube-node-lease" system namespace')
  await refused(one.create(leases, lease('two')), 'can only access node lease with the same name as the requesting node')
  const made = await one.create(leases, lease('one'))
  await one.update(leases, { ...made, spec: { ...made.spec, leaseDurationSeconds: 50 } })
})

test('tokens for Pods that run on it', async (t) => {
  const { kernel, client } = await start(t)
  const mine = await client.create(pods, pod('mine', 'one'))
  const other = await client.create(pods, pod('other', 'two'))
  const hooks = kernel.get(ApiHooksToken)
  const kind = { group: '', version: 'v1', resource: serviceAccounts.resource } as Parameters<
    typeof hooks.validate.call
  >[0]['kind']
  const ask = async (boundObjectRef?: object) => {
    const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: {}, spec: { boundObjectRef } }
    const denial = await hooks.validate.call({
      ...{ operation: 'CREATE', kind, subresource: 'token', namespace: 'default', name: 'robot', dryRun: false },
      ...{ object: object as unknown as KubeObject, warn: () => {}, audit: () => {} },
      user: { name: 'system:node:one', groups: ['system:nodes'] },
    })
    return denial?.message.replace('serviceaccounts "robot" is forbidden: ', '')
  }
  const ref = ({ metadata }: Pod, uid = metadata.uid) => ({ apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid })
  assert.is(await ask(), 'node requested token not bound to a pod')
  assert.is(await ask({ ...ref(mine), kind: 'Secret' }), 'node requested token not bound to a pod')
  assert.is(await ask({ ...ref(mine), uid: undefined }), 'node requested token with a pod binding without a uid')
  assert.is(await ask(ref(other)), 'node requested token bound to a pod scheduled on a different node')
  assert.match((await ask(ref(mine, 'old'))) ?? '', 'does not match the UID in record')
  assert.is(await ask({ ...ref(mine), name: 'gone' }), 'pods "gone" not found')
  assert.is(await ask(ref(mine)), undefined)
})

test('whoever is no node is not its affair', async (t) => {
  const { clients } = await start(t)
  for (const identity of [{ name: 'alice' }, { name: 'system:node:one' }, { name: 'bob', groups: ['system:nodes'] }]) {
    const client = clients.as(identity)
    await client.create(nodes, node(`by-${identity.name.replaceAll(':', '-')}`))
  }
  const nameless = clients.as({ name: 'system:node:', groups: ['system:nodes'] })
  await refused(nameless.create(nodes, node('x')), 'could not determine node from user "system:node:"')
})

test('a node lets go of a volume of its own folders that is being deleted and not bound, and changes nothing else', async (t) => {
  const { one, client } = await start(t)
  const folder = 'davit.dev/local-path-folder'
  for (const name of ['one', 'two']) await client.create(nodes, node(name, { metadata: { name, labels: { host: name } } }))
  const on = (host: string) => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'host', operator: 'In', values: [host] }] }] },
  })
  const make = async (name: string, host: string, ...finalizers: string[]): Promise<PersistentVolume> => {
    await client.create(persistentVolumes, {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name, finalizers },
      spec: {
        ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'] },
        ...{ local: { path: '/data' }, nodeAffinity: on(host) },
      },
    } as PersistentVolume)
    return client.get(persistentVolumes, '', name)
  }
  const remove = async (name: string): Promise<PersistentVolume> => {
    await client.delete(persistentVolumes, '', name)
    return client.get(persistentVolumes, '', name)
  }
  const left = (volume: PersistentVolume, ...finalizers: string[]) => ({
    ...volume,
    metadata: { ...volume.metadata, finalizers },
  })
  const message = 'node "one" can only let go of persistent volumes of its own folders that are being deleted and not bound'
  const made = await make('v', 'one', folder, 'example.com/a')
  await refused(one.update(persistentVolumes, left(made, 'example.com/a')), message)
  await refused(one.create(persistentVolumes, { ...made, metadata: { name: 'w' } }), message)

  await client.updateStatus(persistentVolumes, { ...made, status: { phase: 'Bound' } })
  await refused(one.update(persistentVolumes, left(await remove('v'), 'example.com/a')), message)
  const bound = await client.get(persistentVolumes, '', 'v')
  const going = await client.updateStatus(persistentVolumes, { ...bound, status: { phase: 'Released' } })
  await refused(one.update(persistentVolumes, left(going, folder)), message)
  await refused(one.update(persistentVolumes, left(going)), message)
  await refused(
    one.update(persistentVolumes, { ...left(going, 'example.com/a'), status: { phase: 'Failed' } }, { subresource: 'status' }),
    message,
  )
  const labelled = left(going, 'example.com/a')
  await refused(one.update(persistentVolumes, { ...labelled, metadata: { ...labelled.metadata, labels: { a: 'b' } } }), message)
  const claimed = { ...going.spec, claimRef: { kind: 'PersistentVolumeClaim', namespace: 'x', name: 'y' } }
  await refused(one.update(persistentVolumes, { ...labelled, spec: claimed } as PersistentVolume), message)
  const less = await one.update(persistentVolumes, left(going, 'example.com/a'))
  assert.equal(less.metadata.finalizers, ['example.com/a'])
  await refused(one.update(persistentVolumes, left(less)), message)

  await make('of-two', 'two', folder)
  await refused(one.update(persistentVolumes, left(await remove('of-two'))), message)
  await make('alone', 'one', folder)
  await one.update(persistentVolumes, left(await remove('alone')))
  await assert.rejects(client.get(persistentVolumes, '', 'alone'), /not found/)
})
