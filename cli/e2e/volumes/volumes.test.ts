// @timeout 120
/** Volumes on hollow nodes, with a clock that the test moves: scheduler, agents and controllers as they are. */
import { ApiHooksToken } from '@davit/core/api'
import { persistentVolumeClaims, persistentVolumes, pods, statefulSets, storageClasses } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import type { PersistentVolumeClaim, Pod, StatefulSet } from '@davit/core/kinds'
import { assert, type TestContext, test } from '@davit/core/testing'
import { builtins } from '../../builtins.js'

/** In the place of the authorisers of nodes and of the scheduler. */
const allowNodes = definePlugin({
  id: 'test-allow-nodes',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user }) => {
      const known = user.groups.includes('system:nodes') || user.name === 'system:kube-scheduler'
      return known ? { allowed: true, reason: '' } : undefined
    })
    return {}
  },
})

async function builtin(id: string, config?: object): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load(), ...(config && { config }) }
}

async function cluster(t: TestContext) {
  const nodes = ['one', 'two'].map((name, index) => ({ name, runtime: 'cri-hollow', podCidr: `10.244.${index}.0/24` }))
  const controllers = ['controller-volume', 'controller-statefulset', 'controller-gc', 'controller-protection']
  const others = ['cri-hollow', 'node-volumes', 'scheduler-host', 'scheduler-binpack', 'scheduler-volume']
  const admission = ['admission-default-storage-class', 'admission-storage-in-use']
  const plane = await controlPlane(t, await Promise.all(controllers.map((id) => builtin(id))), {
    beside: [
      { plugin: allowNodes },
      ...(await Promise.all([...others, ...admission, 'provisioner-local-path'].map((id) => builtin(id)))),
      await builtin('node-agent', { nodes, dataDirectory: await t.directory() }),
    ],
  })
  const { client } = plane
  const go = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) await plane.pass(1000)
  }
  return {
    ...plane,
    go,
    pod: (name: string) => client.get(pods, 'default', name),
    claims: async () => (await client.list(persistentVolumeClaims, { namespace: 'default' })).items,
    volumes: async () => (await client.list(persistentVolumes)).items,
  }
}

const template = (labels: object = {}) => ({
  metadata: { name: 'data', ...labels } as PersistentVolumeClaim['metadata'],
  spec: { accessModes: ['ReadWriteOnce' as const], resources: { requests: { storage: '1Gi' } } },
})
const containers = [{ name: 'main', image: 'db:1', volumeMounts: [{ name: 'data', mountPath: '/data' }] }]

test('the Pods of a StatefulSet keep their volumes and their nodes; those that go for good take them along', async (t) => {
  const { client, go, pod, claims, volumes, writes } = await cluster(t)
  const labels = { app: 'db' }
  const set: StatefulSet = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: { matchLabels: labels },
      persistentVolumeClaimRetentionPolicy: { whenScaled: 'Delete', whenDeleted: 'Delete' },
      template: { metadata: { labels } as never, spec: { containers, terminationGracePeriodSeconds: 1 } },
      volumeClaimTemplates: [{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...template() }],
    },
  }
  await client.create(statefulSets, set)
  await go(8)
  assert.equal((await claims()).map(({ metadata, status }) => `${metadata.name} ${status?.phase}`).sort(), [
    'data-db-0 Bound',
    'data-db-1 Bound',
  ])
  const before = await pod('db-0')
  assert.is(before.status?.phase, 'Running')
  const own = (await volumes()).find(({ spec }) => spec.claimRef?.name === 'data-db-0')
  const [term] = own?.spec.nodeAffinity?.required?.nodeSelectorTerms ?? []
  assert.equal(term?.matchExpressions?.[0]?.values, [before.spec.nodeName])

  await client.delete(pods, 'default', 'db-0')
  await go(8)
  const after = await pod('db-0')
  assert.is.not(after.metadata.uid, before.metadata.uid)
  assert.is(after.spec.nodeName, before.spec.nodeName, 'it is where its volume is')
  assert.is((await volumes()).length, 2)

  await client.patch(statefulSets, 'default', 'db', 'merge', { spec: { replicas: 1 } })
  await go(8)
  assert.equal(
    (await claims()).map(({ metadata }) => metadata.name),
    ['data-db-0'],
  )
  assert.equal(
    (await volumes()).map(({ spec }) => spec.claimRef?.name),
    ['data-db-0'],
  )

  writes()
  await go(60)
  assert.equal(writes(), [], 'what is settled is not written')
  await client.delete(statefulSets, 'default', 'db')
  await go(8)
  assert.equal([await claims(), await volumes()], [[], []])
})

test('an ephemeral volume comes and goes with its Pod', async (t) => {
  const { client, go, pod, claims, volumes } = await cluster(t)
  const web: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'data', ephemeral: { volumeClaimTemplate: { spec: template().spec } } }],
    },
  }
  await client.create(pods, web)
  await go(6)
  assert.is((await pod('web')).status?.phase, 'Running')
  assert.equal(
    (await claims()).map(({ metadata, status }) => [metadata.name, status?.phase]),
    [['web-data', 'Bound']],
  )
  await client.delete(pods, 'default', 'web')
  await go(6)
  assert.equal([await claims(), await volumes()], [[], []])
})

test('a claim that is deleted stays while its Pod runs, and its volume while it is bound', async (t) => {
  const { client, go, claims, volumes } = await cluster(t)
  const { metadata, spec } = template({ namespace: 'default' })
  await client.create(persistentVolumeClaims, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec })
  await client.create(pods, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      containers,
      terminationGracePeriodSeconds: 1,
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    },
  })
  await go(6)
  await client.delete(persistentVolumeClaims, 'default', 'data')
  await client.delete(persistentVolumes, '', (await volumes())[0]?.metadata.name ?? '')
  await go(3)
  assert.equal([(await claims()).length, (await volumes()).length], [1, 1])
  assert.is((await volumes())[0]?.status?.phase, 'Bound')
  await client.delete(pods, 'default', 'web')
  await go(6)
  assert.equal([await claims(), await volumes()], [[], []])
})

test('volumes made by hand are taken on the node where the Pod fits', async (t) => {
  const { client, go, pod, volumes } = await cluster(t)
  await client.create(storageClasses, {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'hand' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  })
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['two'] }]
  await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      storageClassName: 'hand',
      capacity: { storage: '5Gi' },
      accessModes: ['ReadWriteOnce'],
      local: { path: '/disk' },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions }] } },
    },
  })
  const { metadata, spec } = template({ namespace: 'default' })
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: { ...spec, storageClassName: 'hand' } }
  await client.create(persistentVolumeClaims, claim)
  const usesClaim = (name: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers, volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
  })
  await client.create(pods, usesClaim('web'))
  await go(6)
  assert.equal([(await pod('web')).spec.nodeName, (await pod('web')).status?.phase], ['two', 'Running'])
  await client.create(pods, usesClaim('beside'))
  await go(6)
  assert.is((await pod('beside')).spec.nodeName, 'two')
  assert.is((await volumes())[0]?.status?.phase, 'Bound')
})
