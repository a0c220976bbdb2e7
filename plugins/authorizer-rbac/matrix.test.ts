/** Who may do what, asked of the real pipeline: a refusal is 403, all else (also 404, 405 or 422) means that he may. */
import { ApiPipelineToken, type ApiVerb, type UserInfo } from '@davit/core/api'
import { ApiError, clusterRoleBindings, clusterRoles, namespaces, roleBindings, roles } from '@davit/core/client'
import type { PolicyRule, Subject } from '@davit/core/kinds'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const apiGroup = 'rbac.authorization.k8s.io'
const apiVersion = `${apiGroup}/v1`
const user = (name: string, ...groups: string[]): UserInfo => ({ name, groups: [...groups, 'system:authenticated'] })

const users: Readonly<Record<string, UserInfo>> = {
  root: user('root', 'system:masters'),
  admin: user('ada', 'cluster-operators'),
  owner: user('olga'),
  editor: user('ed'),
  viewer: user('vera'),
  auditor: user('ann', 'auditors'),
  robot: user('system:serviceaccount:a:robot', 'system:serviceaccounts', 'system:serviceaccounts:a'),
  stranger: user('sam'),
  anonymous: { name: 'system:anonymous', groups: ['system:unauthenticated'] },
  scheduler: user('system:kube-scheduler'),
  manager: user('system:kube-controller-manager'),
  proxy: user('system:kube-proxy'),
  dns: user('system:serviceaccount:kube-system:kube-dns', 'system:serviceaccounts', 'system:serviceaccounts:kube-system'),
}

/** `verb resource[.group][/subresource] [namespace|-] [name]`: + may, - may not. */
const cases: Readonly<Record<string, string>> = {
  root: `
    + get pods a x
    + delete namespaces - a
    + create clusterroles.rbac.authorization.k8s.io -
    + deletecollection secrets b`,
  admin: `
    + get secrets b x
    + delete nodes - n
    + create pods/exec a x
    + update clusterroles.rbac.authorization.k8s.io - view
    + list pods -`,
  owner: `
    + get pods a x
    + create pods a
    + get secrets a x
    + create roles.rbac.authorization.k8s.io a
    + update rolebindings.rbac.authorization.k8s.io a x
    + deletecollection rolebindings.rbac.authorization.k8s.io a
    + create localsubjectaccessreviews.authorization.k8s.io a
    - create subjectaccessreviews.authorization.k8s.io -
    - get roles.rbac.authorization.k8s.io b x
    - create clusterroles.rbac.authorization.k8s.io -
    - create clusterrolebindings.rbac.authorization.k8s.io -
    - update resourcequotas a x
    - update limitranges a x
    - delete namespaces - a
    - update namespaces - a
    + get namespaces - a
    - get namespaces - b
    - list namespaces -
    - list pods -
    - get nodes - n`,
  editor: `
    + get pods a x
    + list pods a
    + watch pods a
    + create pods a
    + update pods a x
    + patch pods a x
    + delete pods a x
    + deletecollection pods a
    + create pods/exec a x
    + get pods/exec a x
    + create pods/portforward a x
    + create pods/eviction a x
    + get pods/log a x
    - update pods/status a x
    - create pods/binding a x
    + get secrets a x
    + create secrets a
    + create configmaps a
    + create services a
    + update services a x
    + create deployments.apps a
    + update deployments.apps/scale a x
    - update deployments.apps/status a x
    + create statefulsets.apps a
    + create daemonsets.apps a
    + create jobs.batch a
    + create cronjobs.batch a
    + create horizontalpodautoscalers.autoscaling a
    + create poddisruptionbudgets.policy a
    + create ingresses.networking.k8s.io a
    + create networkpolicies.networking.k8s.io a
    + update leases.coordination.k8s.io a x
    + create serviceaccounts/token a x
    - create roles.rbac.authorization.k8s.io a
    - get roles.rbac.authorization.k8s.io a x
    - create rolebindings.rbac.authorization.k8s.io a
    - update endpoints a x
    - update endpointslices.discovery.k8s.io a x
    + get endpointslices.discovery.k8s.io a x
    - create resourcequotas a
    + get resourcequotas a x
    - get pods b x
    - create pods b
    - list secrets -
    - get persistentvolumes - x
    - create storageclasses.storage.k8s.io -`,
  viewer: `
    + get pods a x
    + list pods a
    + watch pods a
    + get pods/log a x
    + get pods/status a x
    - create pods a
    - update pods a x
    - patch pods a x
    - delete pods a x
    - create pods/exec a x
    - get pods/exec a x
    - create pods/portforward a x
    - get secrets a x
    - list secrets a
    + get configmaps a x
    + list events a
    + get services a x
    + get endpoints a x
    + get serviceaccounts a x
    - create serviceaccounts/token a x
    + list deployments.apps a
    + get deployments.apps/scale a x
    - update deployments.apps/scale a x
    + list jobs.batch a
    + get ingresses.networking.k8s.io a x
    + get leases.coordination.k8s.io a x
    - get roles.rbac.authorization.k8s.io a x
    - get pods b x
    - list pods -
    + create selfsubjectaccessreviews.authorization.k8s.io -
    + create selfsubjectrulesreviews.authorization.k8s.io -
    + create selfsubjectreviews.authentication.k8s.io -
    - create localsubjectaccessreviews.authorization.k8s.io a`,
  auditor: `
    + list pods -
    + get pods b x
    + list namespaces -
    + get namespaces - b
    - list secrets -
    - get secrets b x
    - list nodes -
    - delete pods b x`,
  robot: `
    + get configmaps a one
    + update configmaps a one
    - get configmaps a two
    - list configmaps a
    + watch configmaps a one
    - delete configmaps a one
    - get configmaps b one
    + get pods/log a x
    - get pods a x
    + update deployments.apps/scale a x
    - update deployments.apps a x`,
  stranger: `
    - get pods a x
    - list namespaces -
    - get nodes - n
    + create selfsubjectaccessreviews.authorization.k8s.io -
    - create tokenreviews.authentication.k8s.io -
    - get configmaps kube-system extension-apiserver-authentication`,
  anonymous: `
    - get pods a x
    - create selfsubjectaccessreviews.authorization.k8s.io -
    - list namespaces -`,
  scheduler: `
    + list pods -
    + create pods/binding a x
    + update pods/status a x
    + delete pods a x
    - create pods a
    - get secrets a x
    + watch nodes -
    - update nodes - n
    + create events.events.k8s.io a
    + list persistentvolumeclaims -
    + update persistentvolumeclaims a x
    + update leases.coordination.k8s.io kube-system x
    + get configmaps kube-system extension-apiserver-authentication
    - get configmaps kube-system other
    - get configmaps a extension-apiserver-authentication`,
  manager: `
    + list secrets -
    + get secrets a x
    - get pods a x
    + create serviceaccounts a
    + list deployments.apps -
    - update deployments.apps a x`,
  proxy: `
    + list services -
    + watch endpointslices.discovery.k8s.io -
    - list pods -
    - get secrets a x
    + get nodes - n`,
  dns: `
    + list services -
    + watch endpoints -
    - list pods -
    - get services a x`,
}

const bind = (kind: 'Role' | 'ClusterRole', name: string, subject: Subject) => ({
  roleRef: { apiGroup, kind, name },
  subjects: [subject],
})
const named = (name: string): Subject => ({ kind: 'User', name, apiGroup })
const robotRules: PolicyRule[] = [
  { apiGroups: [''], resources: ['configmaps'], resourceNames: ['one'], verbs: ['get', 'update', 'watch'] },
  { apiGroups: ['*'], resources: ['*/log', '*/scale'], verbs: ['*'] },
]

async function prepare(t: TestContext): Promise<Booted> {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  const { client } = plane
  for (const name of ['a', 'b'])
    await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
  const inA = (name: string, rest: ReturnType<typeof bind>) =>
    client.create(roleBindings, { apiVersion, kind: 'RoleBinding', metadata: { name, namespace: 'a' }, ...rest })
  const everywhere = (name: string, rest: ReturnType<typeof bind>) =>
    client.create(clusterRoleBindings, { apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, ...rest })
  await inA('owner', bind('ClusterRole', 'admin', named('olga')))
  await inA('editor', bind('ClusterRole', 'edit', named('ed')))
  await inA('viewer', bind('ClusterRole', 'view', named('vera')))
  await everywhere('operators', bind('ClusterRole', 'cluster-admin', { kind: 'Group', name: 'cluster-operators', apiGroup }))
  await everywhere('auditors', bind('ClusterRole', 'view', { kind: 'Group', name: 'auditors', apiGroup }))
  await client.create(roles, { apiVersion, kind: 'Role', metadata: { name: 'robot', namespace: 'a' }, rules: robotRules })
  await inA('robot', bind('Role', 'robot', { kind: 'ServiceAccount', name: 'robot' }))
  await settled(plane)
  return plane
}
async function settled({ clock }: Booted): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await clock.advance(1)
}

async function refused(plane: Booted, who: UserInfo, text: string): Promise<boolean> {
  const [verb = '', what = '', place = '', name = ''] = text.split(' ')
  const [whole = '', subresource] = what.split('/')
  const [resource = '', ...group] = whole.split('.')
  const request = {
    verb: verb as ApiVerb,
    group: group.join('.'),
    version: group.join('.') === 'autoscaling' ? 'v2' : 'v1',
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    namespace: place === '-' ? '' : place,
    name: verb === 'watch' ? '' : name,
    query: verb === 'watch' && name !== '' ? { fieldSelector: `metadata.name=${name}` } : {},
    user: who,
    userAgent: 'test',
  }
  try {
    await plane.kernel.get(ApiPipelineToken).handle(request)
    return false
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    assert.ok(error.code < 500, `${text}: ${error.message}`)
    return error.code === 403
  }
}

const lines = Object.entries(cases).flatMap(([who, text]) =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line) => ({ who, may: line.startsWith('+'), asked: line.slice(2) })),
)

test('more than a hundred questions, each with the answer that Kubernetes gives', async (t) => {
  const plane = await prepare(t)
  assert.ok(lines.length >= 150, `${lines.length} cases`)
  const wrong: string[] = []
  for (const { who, may, asked } of lines) {
    if ((await refused(plane, users[who] as UserInfo, asked)) === may) wrong.push(`${who} ${may ? 'may not' : 'may'} ${asked}`)
  }
  assert.equal(wrong, [])
})

test('an aggregating role follows the roles that it is made of', async (t) => {
  const plane = await prepare(t)
  const { client } = plane
  const widgets: PolicyRule = { apiGroups: ['example.com'], resources: ['widgets'], verbs: ['get'] }
  const metadata = { name: 'widgets', labels: { 'rbac.authorization.k8s.io/aggregate-to-view': 'true' } }
  await client.create(clusterRoles, { apiVersion, kind: 'ClusterRole', metadata, rules: [widgets] })
  await settled(plane)
  for (const name of ['view', 'edit', 'admin']) {
    const { rules = [] } = await client.get(clusterRoles, '', name)
    assert.ok(
      rules.some((rule) => rule.resources?.includes('widgets')),
      `${name} has it`,
    )
  }
  await client.patch(clusterRoles, '', 'widgets', 'merge', { metadata: { labels: null } })
  await settled(plane)
  for (const name of ['view', 'edit', 'admin']) {
    const { rules = [] } = await client.get(clusterRoles, '', name)
    assert.not(
      rules.some((rule) => rule.resources?.includes('widgets')),
      `${name} has it no more`,
    )
  }
  const own = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { team: 'x' } }] }, rules: [widgets] }
  await client.create(clusterRoles, { apiVersion, kind: 'ClusterRole', metadata: { name: 'team-x' }, ...own })
  await settled(plane)
  assert.equal((await client.get(clusterRoles, '', 'team-x')).rules ?? [], [], 'what was written by hand is overwritten')
  const writes = (await client.get(clusterRoles, '', 'admin')).metadata.resourceVersion
  await settled(plane)
  assert.is((await client.get(clusterRoles, '', 'admin')).metadata.resourceVersion, writes, 'it comes to rest')
})
