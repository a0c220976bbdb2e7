import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import { assert, test } from '../testing/contract.js'
import { ApiHooksToken, AuthenticatorToken, type AuthorizationRequest, type UserInfo } from './contract.js'
import { configMap, pod, startApi } from './testing.js'

const reader: UserInfo = { name: 'reader', groups: ['system:authenticated'] }
const asked: AuthorizationRequest[] = []

/** Lets `reader` read; has an opinion about nobody else. */
const readers: PluginEntry = {
  plugin: definePlugin({
    id: 'test-authorizer',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    provides: { authenticator: AuthenticatorToken },
    async setup(context, { hooks }) {
      context.tap(hooks.authorize, (request) => {
        asked.push(request)
        if (request.user.name !== 'reader') return undefined
        const allowed = ['get', 'list', 'watch'].includes(request.verb)
        return { allowed, reason: allowed ? '' : 'readers only read' }
      })
      const authenticate = ({ token }: { token?: string }) =>
        token === 'secret' ? { name: 'bearer', uid: '7', groups: ['g'], extra: { k: ['v'] } } : undefined
      return { provides: { authenticator: { name: 'test', authenticate } } }
    },
  }),
}

test('no verdict is a refusal, masters need none', async (t) => {
  const api = await startApi(t)
  const status = await api.refused('get', 'pods', { name: 'a', user: reader })
  assert.is(status.code, 403)
  assert.is(
    status.message,
    'pods "a" is forbidden: User "reader" cannot get resource "pods" in API group "" in the namespace "default"',
  )
  assert.equal(status.details, { name: 'a', kind: 'pods' })
  const cluster = await api.refused('list', 'nodes', { user: reader })
  assert.match(cluster.message, 'cannot list resource "nodes" in API group "" at the cluster scope')
  await api.create('pods', pod('a'))
})

test('a verdict counts, and its reason is shown', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  assert.is((await api.list('pods', {}, { user: reader })).items.length, 0)
  const status = await api.refused('create', 'configmaps', { body: configMap('a'), user: reader })
  assert.match(status.message, /: readers only read$/)
  asked.length = 0
  await api.refused('create', 'pods/eviction', { name: 'a', user: reader, body: {} })
  assert.equal([asked[0]?.resource, asked[0]?.subresource, asked[0]?.verb], ['pods', 'eviction', 'create'])
})

test('a namespace lies in itself', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  asked.length = 0
  await api.get('namespaces', 'default', { namespace: '', user: reader })
  await api.list('namespaces', {}, { namespace: '', user: reader })
  assert.equal(
    asked.map(({ namespace, name }) => [namespace, name]),
    [
      ['default', 'default'],
      ['', ''],
    ],
  )
})

test('who may not read is not told whether it exists', async (t) => {
  const api = await startApi(t)
  assert.is((await api.refused('get', 'secrets', { name: 'nothing', user: reader })).code, 403)
})

test('selfsubjectaccessreviews answer what the slot says, 201 and unstored', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  const review = async (user: UserInfo, verb: string): Promise<unknown> => {
    const body = { spec: { resourceAttributes: { verb, resource: 'pods', namespace: 'default' } } }
    const reply = await api.reply('create', 'authorization.k8s.io/v1/selfsubjectaccessreviews', { body })
    assert.is(reply.code, 201)
    const other = await api.reply('create', 'authorization.k8s.io/v1/subjectaccessreviews', {
      body: { spec: { ...body.spec, user: user.name, groups: [...user.groups] } },
    })
    return other.object.status
  }
  assert.equal(await review(reader, 'get'), { allowed: true })
  assert.equal(await review(reader, 'delete'), { allowed: false, reason: 'readers only read' })
  assert.equal(await review({ name: 'x', groups: [] }, 'get'), { allowed: false })
  assert.equal(await review({ name: 'x', groups: ['system:masters'] }, 'get'), { allowed: true })
})

test('local reviews ask about their own namespace alone', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  const local = 'authorization.k8s.io/v1/localsubjectaccessreviews'
  const body = (namespace: string) => ({
    spec: { user: 'reader', resourceAttributes: { verb: 'get', resource: 'pods', namespace } },
  })
  assert.equal((await api.create(local, body('default'))).status, { allowed: true })
  assert.is((await api.refused('create', local, { body: body('other') })).code, 400)
})

test('a review must ask exactly one question about somebody', async (t) => {
  const api = await startApi(t)
  const self = 'authorization.k8s.io/v1/selfsubjectaccessreviews'
  assert.is((await api.refused('create', self, { body: { spec: {} } })).code, 422)
  const both = { resourceAttributes: { verb: 'get' }, nonResourceAttributes: { verb: 'get', path: '/' } }
  assert.is((await api.refused('create', self, { body: { spec: both } })).code, 422)
  const nobody = { spec: { resourceAttributes: { verb: 'get' } } }
  assert.is((await api.refused('create', 'authorization.k8s.io/v1/subjectaccessreviews', { body: nobody })).code, 422)
})

test('selfsubjectreviews say who asks, rules reviews what masters may', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  const who = await api.create('authentication.k8s.io/v1/selfsubjectreviews', {})
  assert.equal(who.status, { userInfo: { username: 'root', groups: ['system:masters'] } })
  const rules = await api.create('authorization.k8s.io/v1/selfsubjectrulesreviews', { spec: { namespace: 'default' } })
  assert.equal((rules.status as { resourceRules: unknown }).resourceRules, [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }])
})

test('tokenreviews ask the authenticators', async (t) => {
  const api = await startApi(t, { plugins: [readers] })
  const review = async (token: string, audiences?: string[]): Promise<unknown> =>
    (await api.create('authentication.k8s.io/v1/tokenreviews', { spec: { token, audiences } })).status
  const user = { username: 'bearer', uid: '7', groups: ['g', 'system:authenticated'], extra: { k: ['v'] } }
  const own = 'https://kubernetes.default.svc.cluster.local'
  assert.equal(await review('secret'), { authenticated: true, user, audiences: [own] })
  assert.equal(await review('secret', ['vault', own]), { authenticated: true, user, audiences: [own] })
  // Who knows of no audiences speaks for the API alone.
  assert.equal(await review('secret', ['vault']), { user: {}, error: 'invalid bearer token' })
  assert.equal(await review('wrong'), { user: {}, error: 'invalid bearer token' })
  assert.is((await api.refused('create', 'authentication.k8s.io/v1/tokenreviews', { body: { spec: {} } })).code, 400)
})

test('an update that would create asks for the right to create, one that finds the object does not', async (t) => {
  const updaters: PluginEntry = {
    plugin: definePlugin({
      id: 'test-updaters',
      api: '^1.0',
      requires: { hooks: ApiHooksToken },
      async setup(context, { hooks }) {
        context.tap(hooks.authorize, ({ user, verb }) => ({ allowed: user.name !== 'updater' || verb === 'update', reason: '' }))
        return {}
      },
    }),
  }
  const api = await startApi(t, { plugins: [updaters] })
  const updater: UserInfo = { name: 'updater', groups: ['system:authenticated'] }
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'a' }, spec: {} }
  const leases = 'coordination.k8s.io/v1/leases'
  const status = await api.refused('update', leases, { name: 'a', body: lease, user: updater })
  assert.is(status.code, 403)
  assert.match(status.message, 'User "updater" cannot create resource "leases" in API group "coordination.k8s.io"')
  const made = await api.object('update', leases, { name: 'a', body: lease })
  await api.object('update', leases, { name: 'a', body: { ...made, spec: { holderIdentity: 'x' } }, user: updater })
})
