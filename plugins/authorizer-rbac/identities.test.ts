import { ApiHooksToken, type AuthorizationRequest, type Grant, GrantToken } from '@davit/core/api'
import { type Client, clusterRoleBindings, clusterRoles, events, nodes, pods, secrets } from '@davit/core/client'
import { definePlugin, type Kernel } from '@davit/core/kernel'
import type { KubeObject } from '@davit/core/kinds'
import { schedulerHost } from '@davit/core/scheduler/testkit'
import { assert, boot, suite, type TestContext } from '@davit/core/testing'
import plugin from './index.js'

type Asked = readonly [verb: string, resource: string, namespace?: string]
const scheduler = { name: 'system:kube-scheduler' }
const node = { name: 'system:node:one', groups: ['system:nodes'] }

async function plane(t: TestContext, ...others: Parameters<typeof definePlugin>[0][]) {
  const booted = await boot({ plugins: [{ plugin }, ...others.map((other) => ({ plugin: other }))] })
  t.defer(() => booted.stop())
  const rest = async () => {
    for (let turn = 0; turn < 20; turn += 1) await booted.clock.settle()
  }
  return { ...booted, rest }
}

/** Asks the slot itself: what the identity may do, whatever there is. */
async function may(kernel: Kernel, { name, groups = [] }: { name: string; groups?: string[] }, asked: Asked): Promise<boolean> {
  const [verb, what, namespace = ''] = asked
  const [, path = '', group = ''] = /^([^.]*)\.?(.*)$/.exec(what) ?? []
  const [resource = '', subresource = ''] = path.split('/')
  const user = { name, groups: [...groups, 'system:authenticated'] }
  const request: AuthorizationRequest = {
    user,
    verb,
    group,
    version: 'v1',
    resource,
    subresource,
    namespace,
    name: 'x',
    path: '',
  }
  return (await kernel.get(ApiHooksToken).authorize.call(request))?.allowed === true
}

const can = suite('identities')
const lists: Record<string, { who: { name: string; groups?: string[] }; yes: readonly Asked[]; no: readonly Asked[] }> = {
  'the scheduler': {
    who: scheduler,
    yes: [
      ['list', 'pods'],
      ['watch', 'nodes'],
      ['create', 'pods/binding', 'default'],
      ['patch', 'pods/status', 'default'],
      ['delete', 'pods', 'default'],
      ['create', 'events', 'default'],
      ['patch', 'events', 'default'],
    ],
    no: [
      ['get', 'secrets', 'default'],
      ['list', 'configmaps', 'default'],
      ['create', 'pods', 'default'],
      ['update', 'pods', 'default'],
      ['create', 'pods/exec', 'default'],
      ['patch', 'nodes'],
      ['patch', 'nodes/status'],
      ['create', 'serviceaccounts/token', 'default'],
    ],
  },
  'a node': {
    who: node,
    yes: [
      ['create', 'nodes'],
      ['patch', 'nodes/status'],
      ['watch', 'pods'],
      ['patch', 'pods/status', 'default'],
      ['delete', 'pods', 'default'],
      ['get', 'configmaps', 'default'],
      ['get', 'secrets', 'default'],
      ['update', 'leases.coordination.k8s.io', 'kube-node-lease'],
      ['create', 'events', 'default'],
    ],
    no: [
      ['create', 'pods', 'default'],
      ['create', 'pods/binding', 'default'],
      ['create', 'pods/exec', 'default'],
      ['update', 'secrets', 'default'],
      ['delete', 'nodes'],
      ['create', 'deployments.apps', 'default'],
    ],
  },
  'somebody who is only known': {
    who: { name: 'alice' },
    yes: [['create', 'selfsubjectaccessreviews.authorization.k8s.io']],
    no: [
      ['get', 'pods', 'default'],
      ['list', 'namespaces'],
      ['create', 'subjectaccessreviews.authorization.k8s.io'],
    ],
  },
}
for (const [name, { who, yes, no }] of Object.entries(lists)) {
  can(`${name} may do what it must, and no more`, async (t) => {
    const { kernel } = await plane(t)
    for (const asked of yes) assert.ok(await may(kernel, who, asked), `${name} may not ${asked.join(' ')}`)
    for (const asked of no) assert.not(await may(kernel, who, asked), `${name} may ${asked.join(' ')}`)
  })
}

const flows = suite('flows')
flows('the scheduler places the first Pod of a new cluster', async (t) => {
  const { client, rest } = await plane(t, schedulerHost)
  await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  const spec = { containers: [{ name: 'c', image: 'nginx' }] }
  await client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec })
  await rest()
  assert.is((await client.get(pods, 'default', 'web')).spec.nodeName, 'one')
  const [event] = (await client.list(events, { namespace: 'default' })).items
  assert.is(event?.reason, 'Scheduled')
})

flows('a node writes itself and is refused in words that Kubernetes uses', async (t) => {
  const { clients } = await plane(t)
  const self = clients.as(node)
  const made = await self.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  await self.updateStatus(nodes, { ...made, status: { capacity: { cpu: '1' } } })
  const error = await assert.rejects(self.delete(nodes, '', 'one'))
  assert.is(
    error.message,
    'nodes "one" is forbidden: User "system:node:one" cannot delete resource "nodes" in API group "" at the cluster scope',
  )
})

flows('can-i: what a user asks about himself, and an administrator about others', async (t) => {
  const { client, clients } = await plane(t)
  const verdict = async (by: Client, kind: string, resource: string, spec: object) => {
    const ref = { group: 'authorization.k8s.io', version: 'v1', resource, kind, namespaced: false }
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, spec } as unknown as KubeObject
    return ((await by.create(ref, body)) as KubeObject & { status: { allowed: boolean } }).status.allowed
  }
  const about = (resource: string, subresource = '') => ({
    resourceAttributes: { verb: 'create', group: '', resource, subresource, namespace: 'default' },
  })
  const self = (by: Client, spec: object) => verdict(by, 'SelfSubjectAccessReview', 'selfsubjectaccessreviews', spec)
  assert.not(await self(clients.as({ name: 'alice' }), about('pods')))
  assert.ok(await self(clients.as(scheduler), about('pods', 'binding')))
  assert.not(await self(clients.as(scheduler), about('pods', 'exec')))
  const other = { ...about('pods', 'exec'), user: 'bob', groups: ['system:masters'] }
  assert.ok(await verdict(client, 'SubjectAccessReview', 'subjectaccessreviews', other))
  await assert.rejects(
    verdict(clients.as({ name: 'alice' }), 'SubjectAccessReview', 'subjectaccessreviews', other),
    'is forbidden',
  )
})

const living = suite('life')
const granting = (grant: Grant) =>
  definePlugin({
    id: 'test-grant',
    api: '^1.0',
    provides: { grants: GrantToken },
    setup: async () => ({ provides: { grants: grant } }),
  })
const grant = (resource: string): Grant => ({
  user: 'system:controller:test',
  rules: [{ apiGroups: [''], resources: [resource], verbs: ['list'] }],
})
living("a plugin's grants hold for its identity alone, and change with it", async (t) => {
  const { clients, kernel } = await plane(t, granting(grant('secrets')))
  const own = clients.as({ name: 'system:controller:test' })
  assert.equal((await own.list(secrets, { namespace: 'default' })).items, [])
  await assert.rejects(clients.as({ name: 'system:controller:other' }).list(secrets), 'is forbidden')
  await kernel.reload('test-grant', { plugin: granting(grant('pods')) })
  assert.equal((await own.list(pods)).items, [])
  await assert.rejects(own.list(secrets), 'is forbidden')
})

living('what is there is not written again, and what an administrator changed stays', async (t) => {
  const store = { level: await t.directory() }
  const first = await boot({ store, plugins: [{ plugin }] })
  const view = await first.client.get(clusterRoles, '', 'view')
  const changed = await first.client.update(clusterRoles, { ...view, rules: [] })
  await first.client.delete(clusterRoleBindings, '', 'system:discovery')
  const edit = await first.client.get(clusterRoles, '', 'edit')
  await first.stop()
  const second = await boot({ store, plugins: [{ plugin }] })
  t.defer(() => second.stop())
  assert.equal(await second.client.get(clusterRoles, '', 'view'), changed)
  assert.equal(await second.client.get(clusterRoles, '', 'edit'), edit)
  assert.ok(await second.client.get(clusterRoleBindings, '', 'system:discovery'), 'what was missing is there again')
})

living('a role that changes counts at once', async (t) => {
  const { client, clients, rest } = await plane(t)
  const alice = clients.as({ name: 'alice' })
  const rules = (verb: string) => [{ apiGroups: [''], resources: ['pods'], verbs: [verb] }]
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  const role = await client.create(clusterRoles, {
    apiVersion,
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: rules('get'),
  })
  await client.create(clusterRoleBindings, {
    apiVersion,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'r' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'r' },
    subjects: [{ kind: 'User', name: 'alice' }],
  })
  await rest()
  await assert.rejects(alice.list(pods), 'is forbidden')
  await client.update(clusterRoles, { ...role, rules: rules('list') })
  await rest()
  assert.equal((await alice.list(pods)).items, [])
  await client.delete(clusterRoleBindings, '', 'r')
  await rest()
  await assert.rejects(alice.list(pods), 'is forbidden')
})
