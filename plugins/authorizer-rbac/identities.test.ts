import { ApiHooksToken, type AuthorizationRequest, type Grant, GrantToken } from '@davit/core/api'
import { type Client, clusterRoleBindings, clusterRoles, events, nodes, pods, roleBindings, secrets } from '@davit/core/client'
import { definePlugin, type Kernel } from '@davit/core/kernel'
import type { KubeObject } from '@davit/core/kinds'
import { schedulerHost } from '@davit/core/scheduler/testkit'
import { assert, type Booted, boot, suite, type TestContext } from '@davit/core/testing'
import plugin from './index.js'

type Asked = readonly [verb: string, resource: string, namespace?: string]
const scheduler = { name: 'system:kube-scheduler' }

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

flows('can-i --list: the rules that hold in a namespace, and the reasons of single answers', async (t) => {
  const { client, clients, rest } = await plane(t)
  const apiVersion = 'rbac.authorization.k8s.io/v1'
  await client.create(roleBindings, {
    apiVersion,
    kind: 'RoleBinding',
    metadata: { name: 'viewers', namespace: 'default' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'Group', name: 'dev' }],
  })
  await rest()
  const by = clients.as({ name: 'alice', groups: ['dev'] })
  const ask = async (resource: string, kind: string, spec: object) => {
    const ref = { group: 'authorization.k8s.io', version: 'v1', resource, kind, namespaced: false }
    const body = { apiVersion: 'authorization.k8s.io/v1', kind, metadata: {}, spec } as unknown as KubeObject
    return ((await by.create(ref, body)) as KubeObject & { status: Record<string, unknown> }).status
  }
  const rules = async (namespace: string) => {
    const status = await ask('selfsubjectrulesreviews', 'SelfSubjectRulesReview', { namespace })
    assert.is(status.incomplete, false)
    return JSON.stringify(status.resourceRules)
  }
  assert.match(await rules('default'), '"pods/log"')
  assert.match(await rules('default'), '"selfsubjectaccessreviews"')
  assert.not.match(await rules('kube-system'), '"pods/log"')
  const status = await ask('selfsubjectaccessreviews', 'SelfSubjectAccessReview', {
    resourceAttributes: { verb: 'get', resource: 'pods', namespace: 'default' },
  })
  assert.equal(status, {
    allowed: true,
    reason: 'RBAC: allowed by RoleBinding "viewers/default" of ClusterRole "view" to Group "dev"',
  })
  await assert.rejects(ask('selfsubjectrulesreviews', 'SelfSubjectRulesReview', {}), 'no namespace on request')
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

living('what is missing comes back at a start; what was added stays, and what is to be left alone', async (t) => {
  const store = { level: await t.directory() }
  // The disk takes its own time; the cluster has all when what is written last is there, and nothing changes any more.
  const wake = async ({ client, clock }: Booted) => {
    for (let [before, calm] = ['', 0]; calm < 20; ) {
      await clock.advance(1)
      await new Promise((resolve) => setTimeout(resolve, 2))
      const { items, resourceVersion } = await client.list(clusterRoleBindings)
      calm = items.length > 10 && resourceVersion === before ? calm + 1 : 0
      before = resourceVersion
    }
  }
  const first = await boot({ store, plugins: [{ plugin }] })
  await wake(first)
  const extra = { apiGroups: ['example.com'], resources: ['widgets'], verbs: ['get'] }
  const { client } = first
  await client.patch(clusterRoles, '', 'system:basic-user', 'merge', { rules: [extra] })
  const frozen = { metadata: { annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'false' } }, rules: [] }
  await client.patch(clusterRoles, '', 'system:discovery', 'merge', frozen)
  await client.patch(clusterRoleBindings, '', 'system:monitoring', 'merge', { subjects: [] })
  await client.delete(clusterRoleBindings, '', 'system:discovery')
  const untouched = await client.get(clusterRoles, '', 'edit')
  await wake(first)
  const gone = await assert.rejects(client.get(clusterRoleBindings, '', 'system:discovery'))
  assert.match(gone.message, 'not found')
  await first.stop()
  const second = await boot({ store, plugins: [{ plugin }] })
  t.defer(() => second.stop())
  // The test's deadline bounds it.
  const isBack = async () => {
    const { items } = await second.client.list(clusterRoleBindings)
    const names = items.filter(({ subjects }) => subjects?.length).map(({ metadata }) => metadata.name)
    return names.includes('system:monitoring') && names.includes('system:discovery')
  }
  while (!(await isBack())) await wake(second)
  await wake(second)
  const basic = (await second.client.get(clusterRoles, '', 'system:basic-user')).rules ?? []
  assert.equal(basic[0], extra)
  assert.ok(basic.some((rule) => rule.resources?.includes('selfsubjectreviews')))
  assert.equal((await second.client.get(clusterRoles, '', 'system:discovery')).rules ?? [], [])
  const [subject] = (await second.client.get(clusterRoleBindings, '', 'system:monitoring')).subjects ?? []
  assert.is(subject?.name, 'system:monitoring')
  assert.equal(await second.client.get(clusterRoles, '', 'edit'), untouched)
  assert.ok(await second.client.get(clusterRoleBindings, '', 'system:discovery'), 'what was missing is there again')
})

living('the roles of a new cluster count from the first request on, and not once somebody deleted them', async (t) => {
  const booted = await boot({ plugins: [{ plugin }] })
  t.defer(() => booted.stop())
  const listNodes = () => booted.clients.as({ name: 'system:kube-proxy' }).list(nodes)
  assert.equal((await listNodes()).items, [])
  for (let turn = 0; turn < 30; turn += 1) await booted.clock.advance(1)
  await booted.client.delete(clusterRoleBindings, '', 'system:node-proxier')
  for (let turn = 0; turn < 30; turn += 1) await booted.clock.advance(1)
  await assert.rejects(listNodes(), 'is forbidden')
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
