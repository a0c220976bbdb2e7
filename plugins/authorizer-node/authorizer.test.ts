import { ApiHooksToken, ApiPipelineToken, type AuthorizationRequest } from '@davit/core/api'
import {
  type Client,
  configMaps,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '@davit/core/client'
import type { Pod, PodSpec } from '@davit/core/kinds'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const identity = (node: string) => ({ name: `system:node:${node}`, groups: ['system:nodes'] })
const container = { name: 'c', image: 'nginx' }
const pod = (name: string, nodeName: string, spec: Partial<PodSpec> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName, containers: [container], automountServiceAccountToken: false, ...spec },
})

async function start(t: TestContext): Promise<Booted & { one: Client; two: Client; rest(): Promise<void> }> {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  const { client, clients, clock } = plane
  const rest = async () => {
    for (let turn = 0; turn < 10; turn += 1) await clock.settle()
  }
  for (const name of ['one', 'two']) await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
  return { ...plane, one: clients.as(identity('one')), two: clients.as(identity('two')), rest }
}
async function refused(call: Promise<unknown>, message: RegExp): Promise<void> {
  const error = (await assert.rejects(call)) as Error & { code?: number }
  assert.is(error.code, 403, error.message)
  assert.match(error.message, message)
}
const secret = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'default' } })
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

test("a node reads the Secrets of its own Pods, and no other node's", async (t) => {
  const { client, one, two, rest } = await start(t)
  const names = ['volume', 'projected', 'env', 'envfrom', 'pull', 'init']
  for (const name of [...names, 'foreign']) await client.create(secrets, secret(name))
  await refused(one.get(secrets, 'default', 'volume'), /no relationship found between node 'one' and this object$/)
  await client.create(
    pods,
    pod('web', 'one', {
      imagePullSecrets: [{ name: 'pull' }],
      volumes: [
        { name: 'v', secret: { secretName: 'volume' } },
        { name: 'p', projected: { sources: [{ secret: { name: 'projected' } }] } },
      ],
      initContainers: [{ ...container, name: 'i', envFrom: [{ secretRef: { name: 'init' } }] }],
      containers: [
        {
          ...container,
          env: [{ name: 'E', valueFrom: { secretKeyRef: { name: 'env', key: 'k' } } }],
          envFrom: [{ secretRef: { name: 'envfrom' } }],
        },
      ],
    }),
  )
  await rest()
  for (const name of names) {
    assert.is((await one.get(secrets, 'default', name)).metadata.name, name)
    await refused(two.get(secrets, 'default', name), /no relationship found between node 'two'/)
  }
  assert.is((await one.list(secrets, { namespace: 'default', fieldSelector: 'metadata.name=env' })).items.length, 1)
  await refused(one.get(secrets, 'default', 'foreign'), /no relationship/)
  await refused(one.list(secrets, { namespace: 'default' }), /No Object name found/)
  await refused(one.list(secrets), /can only read namespaced object of this type/)
  await refused(one.delete(secrets, 'default', 'env'), /can only read resources of this type/)
  await client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await rest()
  await refused(one.get(secrets, 'default', 'env'), /no relationship/)
})

test('a Pod that is bound later, and one that refers to something else after it was made anew', async (t) => {
  const { client, one, rest } = await start(t)
  for (const name of ['a', 'b']) await client.create(configMaps, configMap(name))
  const volume = (name: string) => ({ volumes: [{ name: 'v', configMap: { name } }] })
  const { nodeName: _none, ...unbound } = pod('web', '', volume('a')).spec
  await client.create(pods, { ...pod('web', ''), spec: unbound })
  await rest()
  await refused(one.get(configMaps, 'default', 'a'), /no relationship/)
  const target = { apiVersion: 'v1', kind: 'Node', name: 'one' }
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web', namespace: 'default' }, target }
  await client.createSubresource(pods, 'default', 'web', 'binding', binding)
  await rest()
  assert.ok(await one.get(configMaps, 'default', 'a'))
  await client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await client.create(pods, pod('web', 'one', volume('b')))
  await rest()
  assert.ok(await one.get(configMaps, 'default', 'b'))
  await refused(one.get(configMaps, 'default', 'a'), /no relationship/)
})

test('what a node says in a mirror Pod gives it nothing', async (t) => {
  const { client, one, rest } = await start(t)
  await client.create(secrets, secret('a'))
  const mirror = pod('static', 'one', { volumes: [{ name: 'v', secret: { secretName: 'a' } }] })
  await client.create(pods, { ...mirror, metadata: { ...mirror.metadata, annotations: { 'kubernetes.io/config.mirror': 'x' } } })
  await rest()
  await refused(one.get(secrets, 'default', 'a'), /no relationship/)
})

test('claims, the volumes behind them, and the Secrets that those name', async (t) => {
  const { client, one, two, rest } = await start(t)
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'storage' }, spec: {} })
  await client.create(secrets, { ...secret('login'), metadata: { name: 'login', namespace: 'storage' } })
  const capacity = { storage: '1Gi' }
  await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      capacity,
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'd', volumeHandle: 'h', nodeStageSecretRef: { name: 'login', namespace: 'storage' } },
    },
  })
  await client.create(persistentVolumeClaims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: capacity }, volumeName: 'disk' },
  })
  await client.create(pods, pod('db', 'one', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] }))
  await rest()
  assert.ok(await one.get(persistentVolumeClaims, 'default', 'data'))
  assert.ok(await one.get(persistentVolumes, '', 'disk'))
  assert.ok(await one.get(secrets, 'storage', 'login'))
  await refused(two.get(persistentVolumeClaims, 'default', 'data'), /no relationship/)
  await refused(two.get(persistentVolumes, '', 'disk'), /no relationship/)
  await refused(two.get(secrets, 'storage', 'login'), /no relationship/)
  await refused(one.list(persistentVolumes), /can only get individual resources of this type/)
})

test('nodes, Pods and leases: its own', async (t) => {
  const { client, one, rest } = await start(t)
  await client.create(pods, pod('mine', 'one'))
  await client.create(pods, pod('other', 'two'))
  await rest()
  assert.ok(await one.get(nodes, '', 'one'))
  await refused(one.get(nodes, '', 'two'), /node 'one' cannot read 'two', only its own Node object/)
  await refused(one.list(nodes), /only its own Node object/)
  await refused(
    one.delete(nodes, '', 'one'),
    /User "system:node:one" cannot delete resource "nodes" in API group "" at the cluster scope$/,
  )
  assert.is((await one.list(pods, { fieldSelector: 'spec.nodeName=one' })).items.length, 1)
  assert.ok(await one.get(pods, 'default', 'mine'))
  await refused(one.get(pods, 'default', 'other'), /no relationship/)
  await refused(one.list(pods), /can only list\/watch pods with spec.nodeName field selector/)
  await refused(one.list(pods, { fieldSelector: 'spec.nodeName=two' }), /can only list\/watch pods/)
  await refused(one.list(pods, { fieldSelector: 'spec.nodeName!=one' }), /can only list\/watch pods/)
})

type Asked = readonly [verb: string, what: string, namespace: string, name: string, allowed: boolean]
const questions: readonly Asked[] = [
  ['create', 'nodes', '', '', true],
  ['patch', 'nodes/status', '', 'one', true],
  ['get', 'nodes/proxy', '', 'one', false],
  ['create', 'pods', 'default', '', true],
  ['update', 'pods', 'default', 'mine', false],
  ['patch', 'pods/status', 'default', 'mine', true],
  ['create', 'pods/eviction', 'default', 'mine', true],
  ['create', 'pods/exec', 'default', 'mine', false],
  ['create', 'pods/binding', 'default', 'mine', false],
  ['deletecollection', 'pods', 'default', '', false],
  ['create', 'leases.coordination.k8s.io', 'kube-node-lease', '', true],
  ['update', 'leases.coordination.k8s.io', 'kube-node-lease', 'one', true],
  ['update', 'leases.coordination.k8s.io', 'kube-node-lease', 'two', false],
  ['update', 'leases.coordination.k8s.io', 'default', 'one', false],
  ['list', 'leases.coordination.k8s.io', 'kube-node-lease', '', false],
  ['create', 'events', 'default', '', true],
  ['delete', 'events', 'default', 'x', false],
  ['list', 'services', '', '', true],
  ['update', 'services', 'default', 'x', false],
  ['create', 'serviceaccounts/token', 'default', 'robot', true],
  ['create', 'serviceaccounts/token', 'default', 'other', false],
  ['create', 'serviceaccounts/token', 'kube-system', 'robot', false],
  ['get', 'serviceaccounts', 'default', 'robot', false],
  ['create', 'certificatesigningrequests.certificates.k8s.io', '', '', true],
  ['update', 'certificatesigningrequests.certificates.k8s.io/approval', '', 'x', false],
  ['create', 'tokenreviews.authentication.k8s.io', '', '', true],
  ['get', 'csinodes.storage.k8s.io', '', 'one', true],
  ['get', 'csinodes.storage.k8s.io', '', 'two', false],
  ['list', 'runtimeclasses.node.k8s.io', '', '', true],
  ['create', 'deployments.apps', 'default', '', false],
  ['list', 'clusterroles.rbac.authorization.k8s.io', '', '', false],
  ['impersonate', 'users', '', 'root', false],
]

test('the rest of what a node may do, and who is none', async (t) => {
  const { client, kernel, rest } = await start(t)
  await client.create(pods, pod('mine', 'one', { serviceAccountName: 'robot' }))
  await rest()
  const may = async (user: AuthorizationRequest['user'], [verb, what, namespace, name]: Asked): Promise<boolean> => {
    const [whole = '', subresource = ''] = what.split('/')
    const [resource = '', ...group] = whole.split('.')
    const asked = { user, verb, group: group.join('.'), version: 'v1', resource, subresource, namespace, name, path: '' }
    return (await kernel.get(ApiHooksToken).authorize.call(asked))?.allowed === true
  }
  for (const asked of questions) {
    assert.is(await may(identity('one'), asked), asked[4], asked.join(' '))
    assert.not(await may({ name: 'system:node:one', groups: ['system:authenticated'] }, asked), 'without the group')
    assert.not(await may({ name: 'alice', groups: ['system:nodes'] }, asked), 'without the name')
  }
})

test('another authorizer may give nodes more, and has no say in the reasons of this one', async (t) => {
  const { client, kernel, one } = await start(t)
  await client.create(configMaps, configMap('shared'))
  const remove = kernel.get(ApiHooksToken).authorize.tap('zz-other', ({ resource }) => {
    return resource === 'configmaps' ? { allowed: true, reason: '' } : undefined
  })
  t.defer(remove)
  assert.ok(await one.get(configMaps, 'default', 'shared'))
  await refused(one.get(secrets, 'default', 'shared'), /no relationship found between node 'one' and this object$/)
})

test('a thousand nodes ask at the cost of their own Pods', async (t) => {
  const { kernel, client, rest } = await start(t)
  await client.create(secrets, secret('s'))
  const total = 1000
  for (let index = 0; index < total; index += 1) {
    await client.create(
      pods,
      pod(`p${index}`, `n${index % 100}`, { volumes: [{ name: 'v', secret: { secretName: `s${index}` } }] }),
    )
  }
  await rest()
  const pipeline = kernel.get(ApiPipelineToken)
  const began = performance.now()
  for (let index = 0; index < total; index += 1) {
    const user = { ...identity(`n${index % 100}`) }
    const call = pipeline.handle({
      ...{ verb: 'get', group: '', version: 'v1', resource: 'secrets', namespace: 'default', name: `s${index}` },
      ...{ query: {}, user, userAgent: 'test' },
    } as Parameters<typeof pipeline.handle>[0])
    const error = (await assert.rejects(call)) as Error & { code?: number }
    assert.is(error.code, 404)
  }
  const each = (performance.now() - began) / total
  assert.ok(each < 2, `a question took ${each} ms`)
})
