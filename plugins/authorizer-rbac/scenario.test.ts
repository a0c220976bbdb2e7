import { type Client, clusterRoleBindings, clusterRoles, pods, roleBindings, roles, secrets } from '@davit/core/client'
import type { PolicyRule, Subject } from '@davit/core/kinds'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const apiGroup = 'rbac.authorization.k8s.io'
const readPods: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }
const writeRoles: PolicyRule = { apiGroups: [apiGroup], resources: ['*'], verbs: ['create', 'update', 'patch', 'get'] }
const alice: Subject = { kind: 'User', name: 'alice', apiGroup }

const role = (name: string, rules: PolicyRule[]) => ({
  apiVersion,
  kind: 'Role',
  metadata: { name, namespace: 'default' },
  rules,
})
const clusterRole = (name: string, rules: PolicyRule[]) => ({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules })
const binding = (name: string, kind: 'Role' | 'ClusterRole', to: string, subjects: Subject[] = [alice]) => ({
  apiVersion,
  kind: 'RoleBinding',
  metadata: { name, namespace: 'default' },
  roleRef: { apiGroup, kind, name: to },
  subjects,
})
const clusterBinding = (name: string, to: string, subjects: Subject[] = [alice]) => ({
  apiVersion,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup, kind: 'ClusterRole', name: to },
  subjects,
})

async function start(t: TestContext): Promise<{ plane: Booted; root: Client; user: Client }> {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  return { plane, root: plane.client, user: plane.clients.as({ name: 'alice', groups: ['dev'] }) }
}
async function refused(call: Promise<unknown>, message: RegExp): Promise<void> {
  const error = (await assert.rejects(call)) as Error & { code?: number }
  assert.is(error.code, 403, error.message)
  assert.match(error.message, message)
}
/** The authorizer hears of roles by informers. */
async function settled({ clock }: Booted): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(1)
}

test('what nothing allows is refused; a binding allows it where it holds', async (t) => {
  const { plane, root, user } = await start(t)
  await refused(user.list(pods, { namespace: 'default' }), /User "alice" cannot list resource "pods"/)
  await root.create(roles, role('reader', [readPods]))
  await root.create(roleBindings, binding('readers', 'Role', 'reader'))
  await settled(plane)
  assert.equal((await user.list(pods, { namespace: 'default' })).items, [])
  await refused(user.list(pods, { namespace: 'kube-system' }), /in the namespace "kube-system"/)
  await refused(user.list(pods), /at the cluster scope/)
  await refused(user.list(secrets, { namespace: 'default' }), /resource "secrets"/)
  await root.delete(roleBindings, 'default', 'readers')
  await settled(plane)
  await refused(user.list(pods, { namespace: 'default' }), /cannot list/)
})

test('groups and service accounts are subjects too', async (t) => {
  const { plane, root, user } = await start(t)
  await root.create(clusterRoles, clusterRole('reader', [readPods]))
  const subjects: Subject[] = [
    { kind: 'Group', name: 'dev', apiGroup },
    { kind: 'ServiceAccount', name: 'robot' },
  ]
  await root.create(roleBindings, binding('readers', 'ClusterRole', 'reader', subjects))
  await settled(plane)
  const robot = plane.clients.as({ name: 'system:serviceaccount:default:robot' })
  for (const client of [user, robot]) assert.equal((await client.list(pods, { namespace: 'default' })).items, [])
  const other = plane.clients.as({ name: 'system:serviceaccount:kube-system:robot' })
  await refused(other.list(pods, { namespace: 'default' }), /cannot list/)
})

test('the roles of every cluster are there, and what an administrator made of them stays', async (t) => {
  const { plane, root } = await start(t)
  await settled(plane)
  const names = (await root.list(clusterRoles)).items.map(({ metadata }) => metadata.name)
  for (const name of ['admin', 'cluster-admin', 'edit', 'view', 'system:node']) assert.ok(names.includes(name), name)
  const [first] = (await root.get(clusterRoleBindings, '', 'cluster-admin')).subjects ?? []
  assert.equal(first, { kind: 'Group', name: 'system:masters', apiGroup })
})

test('nobody writes a role with more than he has', async (t) => {
  const { plane, root, user } = await start(t)
  await root.create(clusterRoles, clusterRole('role-writer', [writeRoles, readPods]))
  await root.create(roleBindings, binding('role-writers', 'ClusterRole', 'role-writer'))
  await settled(plane)
  await user.create(roles, role('mine', [{ ...readPods, verbs: ['get'] }]))
  const all: PolicyRule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }
  await refused(user.create(roles, role('more', [all])), /attempting to grant RBAC permissions not currently held/)
  const patch = { rules: [{ ...readPods, verbs: ['get', 'delete'] }] }
  await refused(
    user.patch(roles, 'default', 'mine', 'merge', patch),
    /: user "alice" \(groups=\["dev" "system:authenticated"\]\) is attempting to grant .*held:\n\{APIGroups:\[""\], Resources:\["pods"\], Verbs:\["delete"\]\}$/,
  )
  await user.patch(roles, 'default', 'mine', 'merge', { metadata: { labels: { a: 'b' } } })
  await root.create(roles, role('foreign', [all]))
  await user.patch(roles, 'default', 'foreign', 'merge', { metadata: { labels: { a: 'b' } } })
  await root.create(roles, role('escalator', [{ apiGroups: [apiGroup], resources: ['roles'], verbs: ['escalate'] }]))
  await root.create(roleBindings, binding('escalators', 'Role', 'escalator'))
  await settled(plane)
  await user.create(roles, role('more', [all]))
})

test('nobody binds a role that gives more than he has', async (t) => {
  const { plane, root, user } = await start(t)
  await root.create(clusterRoles, clusterRole('role-writer', [writeRoles, readPods]))
  await root.create(clusterRoleBindings, clusterBinding('role-writers', 'role-writer'))
  await settled(plane)
  await refused(user.create(clusterRoleBindings, clusterBinding('me', 'cluster-admin')), /not currently held/)
  await refused(user.create(roleBindings, binding('me', 'ClusterRole', 'cluster-admin')), /not currently held/)
  const missing = (await assert.rejects(user.create(roleBindings, binding('me', 'Role', 'later')))) as Error & { code?: number }
  assert.is(missing.code, 404)
  assert.is(missing.message, 'roles.rbac.authorization.k8s.io "later" not found')
  await root.create(roles, role('reader', [readPods]))
  await user.create(roleBindings, binding('me', 'Role', 'reader'))
  const other: Subject = { kind: 'User', name: 'bob', apiGroup }
  await root.create(roleBindings, binding('strong', 'ClusterRole', 'cluster-admin', [other]))
  await refused(
    user.patch(roleBindings, 'default', 'strong', 'merge', { subjects: [{ ...alice }] }),
    /"strong" is forbidden: user "alice"/,
  )
  await refused(
    user.patch(roleBindings, 'default', 'strong', 'merge', { metadata: { labels: { a: 'b' } } }),
    /not currently held/,
  )
  await user.patch(roleBindings, 'default', 'strong', 'merge', { metadata: { finalizers: ['example.com/x'] } })
  await user.patch(roleBindings, 'default', 'strong', 'merge', { metadata: { finalizers: null } })
  const bind = { apiGroups: [apiGroup], resources: ['clusterroles'], resourceNames: ['cluster-admin'], verbs: ['bind'] }
  await root.create(roles, role('binder', [bind]))
  await root.create(roleBindings, binding('binders', 'Role', 'binder'))
  await settled(plane)
  await user.create(roleBindings, binding('by-leave', 'ClusterRole', 'cluster-admin'))
  await refused(user.create(clusterRoleBindings, clusterBinding('me', 'cluster-admin')), /not currently held/)
})

test('what holds in one namespace cannot be handed out for all', async (t) => {
  const { plane, root, user } = await start(t)
  await root.create(clusterRoles, clusterRole('role-writer', [writeRoles]))
  await root.create(clusterRoleBindings, clusterBinding('role-writers', 'role-writer'))
  await root.create(roles, role('reader', [readPods]))
  await root.create(roleBindings, binding('readers', 'Role', 'reader'))
  await settled(plane)
  await user.create(roles, role('mine', [readPods]))
  await refused(user.create(clusterRoles, clusterRole('mine', [readPods])), /not currently held/)
})

test('an aggregating role may hold anything, so only those who may do anything write one', async (t) => {
  const { plane, root, user } = await start(t)
  await root.create(clusterRoles, clusterRole('role-writer', [writeRoles, readPods]))
  await root.create(clusterRoleBindings, clusterBinding('role-writers', 'role-writer'))
  await settled(plane)
  const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] }
  await refused(
    user.create(clusterRoles, { ...clusterRole('wide', []), aggregationRule }),
    /clusterroles.rbac.authorization.k8s.io "wide" is forbidden: must have cluster-admin privileges to use the aggregationRule$/,
  )
  await root.create(clusterRoles, { ...clusterRole('wide', []), aggregationRule })
  await settled(plane)
  await user.patch(clusterRoles, '', 'wide', 'merge', { metadata: { labels: { x: 'y' } } })
  await refused(user.patch(clusterRoles, '', 'wide', 'merge', { aggregationRule: null }), /must have cluster-admin/)
})

test('escalate and bind: of an object that is to be, only the right to all of its kind counts', async (t) => {
  const { plane, root, user } = await start(t)
  const escalate = { apiGroups: [apiGroup], resources: ['clusterroles'], resourceNames: ['one'], verbs: ['escalate'] }
  await root.create(clusterRoles, clusterRole('writer', [writeRoles, escalate]))
  await root.create(clusterRoleBindings, clusterBinding('writers', 'writer'))
  await settled(plane)
  const logs: PolicyRule = { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] }
  const paths: PolicyRule = { nonResourceURLs: ['/metrics'], verbs: ['get'] }
  await refused(user.create(clusterRoles, clusterRole('one', [logs])), /Resources:\["pods\/log"\]/)
  await refused(user.create(clusterRoles, clusterRole('one', [paths])), /\{NonResourceURLs:\["\/metrics"\], Verbs:\["get"\]\}/)
  await root.create(clusterRoles, clusterRole('one', []))
  await root.create(clusterRoles, clusterRole('two', []))
  await user.patch(clusterRoles, '', 'one', 'merge', { rules: [logs, paths] })
  await refused(user.patch(clusterRoles, '', 'two', 'merge', { rules: [logs] }), /not currently held/)
  const star: PolicyRule = { apiGroups: [''], resources: ['pods'], verbs: ['*'] }
  await root.create(clusterRoles, clusterRole('reader', [readPods, { nonResourceURLs: ['/metrics*'], verbs: ['get'] }]))
  await root.create(clusterRoleBindings, clusterBinding('readers', 'reader'))
  await settled(plane)
  await user.create(clusterRoles, clusterRole('three', [readPods, paths]))
  await refused(user.create(clusterRoles, clusterRole('four', [star])), /Verbs:\["\*"\]/)
})
