import { clusterRoleBindings, clusterRoles, pods, roleBindings, roles, secrets } from '@davit/core/client'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import { namespacedRoles, startingBindings } from './bindings.js'
import { controllerNames, controllerRoles, ruleOf } from './controller-roles.js'
import plugin from './index.js'
import { reconcile } from './reconcile.js'
import { startingRoles } from './roles.js'
import { startingObjects } from './starting.js'

const apiGroup = 'rbac.authorization.k8s.io'
/** An administrator's client waits for nothing; the writing goes on after the start. */
async function start(t: TestContext): Promise<Booted> {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  return plane
}
async function settled({ clock }: Booted): Promise<void> {
  for (let turn = 0; turn < 40; turn += 1) await clock.advance(1)
}

test('a line of the table is a rule', () => {
  assert.equal(ruleOf('- pods,services read'), {
    apiGroups: [''],
    resources: ['pods', 'services'],
    verbs: ['get', 'list', 'watch'],
  })
  assert.equal(ruleOf('apps,- a/b patch,all x,y'), {
    apiGroups: ['apps', ''],
    resources: ['a/b'],
    resourceNames: ['x', 'y'],
    verbs: ['patch', 'create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
  })
})

test('the tables hold together: no name twice, no rule without a word, no verb that is none', () => {
  const unique = (names: readonly string[]) => assert.is(new Set(names).size, names.length)
  unique(startingRoles.map(({ name }) => name))
  unique(startingBindings.map(({ name }) => name))
  unique(namespacedRoles.map(({ name, namespace }) => `${namespace}/${name}`))
  const known = new Set(startingRoles.map(({ name }) => name))
  for (const { role } of startingBindings) assert.ok(known.has(role), role)
  const verbs = /^(get|list|watch|create|update|patch|delete|deletecollection|approve|sign|escalate)$/
  for (const { name, rules } of [...controllerRoles, ...namespacedRoles]) {
    assert.ok(rules.length > 0, name)
    for (const rule of rules) {
      for (const word of [...(rule.apiGroups ?? []), ...(rule.resources ?? []), ...(rule.resourceNames ?? [])])
        assert.match(word, /^[\w./*-]*$/)
      assert.is(new Set(rule.verbs).size, rule.verbs.length)
      for (const verb of rule.verbs) assert.match(verb, verbs, `${name}: ${verb}`)
    }
  }
})

test('a new cluster has them, each bound to its service account', async (t) => {
  const plane = await start(t)
  await settled(plane)
  const written = new Set((await plane.client.list(clusterRoles)).items.map(({ metadata }) => metadata.name))
  for (const { name } of startingRoles) assert.ok(written.has(name), name)
  for (const name of controllerNames) {
    const { roleRef, subjects, metadata } = await plane.client.get(clusterRoleBindings, '', `system:controller:${name}`)
    assert.is(roleRef.name, metadata.name)
    assert.equal(subjects, [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }])
    assert.equal(metadata.labels, { 'kubernetes.io/bootstrapping': 'rbac-defaults' })
    assert.is(metadata.annotations?.['rbac.authorization.kubernetes.io/autoupdate'], 'true')
  }
  const role = await plane.client.get(clusterRoles, '', 'system:controller:pv-protection-controller')
  assert.equal(role.rules, [
    { apiGroups: [''], resources: ['persistentvolumes'], verbs: ['get', 'list', 'watch', 'update'] },
    { apiGroups: ['', 'events.k8s.io'], resources: ['events'], verbs: ['create', 'patch', 'update'] },
  ])
  for (const { namespace, name, binding } of namespacedRoles) {
    assert.ok((await plane.client.get(roles, namespace, name)).rules)
    const { roleRef } = await plane.client.get(roleBindings, namespace, binding)
    assert.equal(roleRef, { apiGroup, kind: 'Role', name })
  }
})

test('they count from the first moment on, and where they are bound alone', async (t) => {
  const plane = await start(t)
  const as = (name: string) => plane.clients.as({ name: `system:serviceaccount:kube-system:${name}` })
  const denied = async (call: Promise<unknown>) => assert.is(((await assert.rejects(call)) as { code?: number }).code, 403)
  const look = async () => {
    assert.ok((await as('daemon-set-controller').list(pods)).items)
    await denied(as('daemon-set-controller').list(secrets))
    await denied(plane.clients.as({ name: 'system:serviceaccount:default:daemon-set-controller' }).list(pods))
    assert.ok((await as('token-cleaner').list(secrets, { namespace: 'kube-system' })).items)
    await denied(as('token-cleaner').list(secrets, { namespace: 'kube-public' }))
    await denied(as('token-cleaner').list(secrets))
  }
  await look()
  await settled(plane)
  await look()
})

test('what an administrator took away comes back unless he said so', async (t) => {
  const plane = await start(t)
  await settled(plane)
  const { client } = plane
  const name = 'system:controller:ttl-controller'
  const left = ['kube-system', 'system:controller:token-cleaner'] as const
  await client.patch(clusterRoles, '', name, 'merge', { rules: [] })
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  await client.patch(roles, ...left, 'merge', { metadata: { annotations }, rules: [] })
  await client.delete(roleBindings, 'kube-public', 'system:controller:bootstrap-signer')
  const present = {
    roles: plane.clients.informer(roles),
    roleBindings: plane.clients.informer(roleBindings),
    clusterRoles: plane.clients.informer(clusterRoles),
    clusterRoleBindings: plane.clients.informer(clusterRoleBindings),
  }
  await settled(plane)
  await reconcile(client, present, startingObjects())
  const back = await client.get(clusterRoles, '', name)
  assert.equal([...new Set(back.rules?.flatMap(({ resources }) => resources ?? []))], ['nodes', 'events'])
  assert.equal((await client.get(roles, ...left)).rules ?? [], [])
  assert.ok(await client.get(roleBindings, 'kube-public', 'system:controller:bootstrap-signer'))
})
