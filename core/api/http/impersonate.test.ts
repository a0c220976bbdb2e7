import { assert, type TestContext, test } from '../../testing/contract.js'
import { ApiHooksToken, type AuthorizationRequest } from '../contract.js'
import { startServer, type TestServer, userToken } from './testing.js'

/** A server whose user alice may do what `may` says; who asks what is written down. */
async function start(t: TestContext, may: (asked: string) => boolean): Promise<{ server: TestServer; asked: string[] }> {
  const server = await startServer()
  t.defer(() => server.stop())
  const asked: string[] = []
  const textOf = ({ verb, group, resource, subresource, namespace, name }: AuthorizationRequest): string =>
    [verb, group, subresource === '' ? resource : `${resource}/${subresource}`, namespace, name].join(' ')
  const remove = server.kernel.get(ApiHooksToken).authorize.tap('test', (request) => {
    if (request.verb !== 'impersonate') return { allowed: true, reason: '' }
    asked.push(textOf(request))
    return may(textOf(request)) ? { allowed: true, reason: '' } : undefined
  })
  t.defer(remove)
  return { server, asked }
}
const review = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
async function whoAmI(server: TestServer, headers: Record<string, string | string[]>): Promise<Record<string, unknown>> {
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' }
  const reply = await server.call(review, { method: 'POST', body, headers, token: userToken })
  return reply.code === 201 ? reply.json.status.userInfo : { refused: reply.code, message: reply.json.message }
}

test('a user, his groups, his uid and what else is known of him: each is asked for', async (t) => {
  const { server, asked } = await start(t, () => true)
  const who = await whoAmI(server, {
    'Impersonate-User': 'bob',
    'Impersonate-Group': ['dev', 'ops, and more'],
    'Impersonate-Uid': '7',
    'Impersonate-Extra-Scopes': ['view', 'edit'],
    'Impersonate-Extra-Acme%2fTeam': 'blue',
  })
  assert.equal(who, {
    username: 'bob',
    uid: '7',
    groups: ['dev', 'ops, and more', 'system:authenticated'],
    extra: { scopes: ['view', 'edit'], 'acme/team': ['blue'] },
  })
  assert.equal(asked, [
    'impersonate  users  bob',
    'impersonate  groups  dev',
    'impersonate  groups  ops, and more',
    'impersonate authentication.k8s.io uids  7',
    'impersonate authentication.k8s.io userextras/scopes  view',
    'impersonate authentication.k8s.io userextras/scopes  edit',
    'impersonate authentication.k8s.io userextras/acme/team  blue',
  ])
})

test('each single right is needed', async (t) => {
  const headers = {
    'Impersonate-User': 'bob',
    'Impersonate-Group': 'dev',
    'Impersonate-Uid': '7',
    'Impersonate-Extra-Scopes': 'view',
  }
  for (const [missing, message] of [
    ['users', 'users "bob" is forbidden: User "alice" cannot impersonate resource "users" in API group "" at the cluster scope'],
    [
      'groups',
      'groups "dev" is forbidden: User "alice" cannot impersonate resource "groups" in API group "" at the cluster scope',
    ],
    ['uids', 'uids.authentication.k8s.io "7" is forbidden'],
    [
      'userextras',
      'userextras.authentication.k8s.io "view" is forbidden: User "alice" cannot impersonate resource "userextras/scopes"',
    ],
  ] as const) {
    const { server } = await start(t, (asked) => !asked.includes(missing))
    const who = await whoAmI(server, headers)
    assert.is(who.refused, 403, missing)
    assert.match(String(who.message), message)
  }
})

test('a service account is asked for as one, and brings its groups', async (t) => {
  const { server, asked } = await start(t, () => true)
  const name = 'system:serviceaccount:team:robot'
  assert.equal(await whoAmI(server, { 'Impersonate-User': name }), {
    username: name,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:team', 'system:authenticated'],
  })
  assert.equal(asked, ['impersonate  serviceaccounts team robot'])
  assert.equal((await whoAmI(server, { 'Impersonate-User': name, 'Impersonate-Group': 'only' })).groups, [
    'only',
    'system:authenticated',
  ])
})

test('the anonymous user stays unauthenticated', async (t) => {
  const { server } = await start(t, () => true)
  assert.equal((await whoAmI(server, { 'Impersonate-User': 'system:anonymous' })).groups, ['system:unauthenticated'])
  const both = { 'Impersonate-User': 'bob', 'Impersonate-Group': 'system:unauthenticated' }
  assert.equal((await whoAmI(server, both)).groups, ['system:unauthenticated'])
})

test('without a user the rest says nothing, and names of JavaScript are only names', async (t) => {
  const { server } = await start(t, () => true)
  for (const header of ['Impersonate-Group', 'Impersonate-Uid', 'Impersonate-Extra-Scopes']) {
    const who = await whoAmI(server, { [header]: 'x' })
    assert.is(who.refused, 400)
    assert.match(String(who.message), 'without impersonating a user')
  }
  const who = await whoAmI(server, { 'Impersonate-User': 'bob', 'Impersonate-Extra-Constructor': 'x' })
  assert.is(JSON.stringify(who.extra), '{"constructor":["x"]}')
})
