// @timeout 120
/** Good and bad tokens against the whole control plane over HTTPS, as it is composed for `davit up`. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { startCluster, type TestCluster } from './testing.js'

const accounts = '/api/v1/namespaces/default/serviceaccounts'
const pods = '/api/v1/namespaces/default/pods'
const reviews = '/apis/authentication.k8s.io/v1'
const own = 'https://kubernetes.default.svc.cluster.local'
interface TokenReply {
  readonly status: { readonly token: string; readonly expirationTimestamp: string }
}
interface Review {
  readonly status: {
    readonly authenticated?: boolean
    readonly user: { readonly username?: string; readonly groups?: readonly string[] }
    readonly error?: string
  }
}

async function start(t: TestContext, options: Parameters<typeof startCluster>[1] = {}): Promise<TestCluster> {
  const cluster = await startCluster(t, { ...options, flags: { 'no-node': true, ...options.flags } })
  await cluster.connection.json('POST', accounts, { body: { metadata: { name: 'robot' } } })
  return cluster
}
const tokenOf = async ({ connection }: TestCluster, spec: object = {}, account = 'robot'): Promise<string> =>
  (await connection.json<TokenReply>('POST', `${accounts}/${account}/token`, { body: { spec } })).status.token
async function codeOf(cluster: TestCluster, token: string, where = pods): Promise<number> {
  const connection = cluster.connect({ token })
  const { code, body } = await connection.raw('GET', where)
  const status = JSON.parse(body.toString()) as { message?: string; reason?: string }
  if (code === 401) assert.equal([status.message, status.reason], ['Unauthorized', 'Unauthorized'])
  return code
}
const allow = ({ connection }: TestCluster) =>
  connection.json('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: {
      metadata: { name: 'robots' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'system:serviceaccounts:default' }],
    },
  })

test('a matrix of tokens: 200, 403 and 401', async (t) => {
  const cluster = await start(t)
  const good = await tokenOf(cluster)
  assert.is(await codeOf(cluster, good), 403, 'nobody allowed it yet')
  await allow(cluster)
  const [head = '', body = '', signature = ''] = good.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const flipped = `${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`
  const strangers = await start(t)
  const cases: readonly (readonly [string, string, number])[] = [
    ['good', good, 200],
    ['good again', good, 200],
    ['for the API among others', await tokenOf(cluster, { audiences: ['vault', own] }), 200],
    ['for somebody else', await tokenOf(cluster, { audiences: ['vault'] }), 401],
    ['other claims', `${head}.${encode({ ...claims, sub: 'system:serviceaccount:kube-system:default' })}.${signature}`, 401],
    ['other signature', `${head}.${body}.${flipped}`, 401],
    ['no signature', `${head}.${body}.`, 401],
    ['alg none', `${encode({ alg: 'none' })}.${body}.${signature}`, 401],
    ['another letter at the end', `${good}A`, 401],
    ['cut', good.slice(0, -2), 401],
    ['of another cluster', await tokenOf(strangers), 401],
    ['nonsense', 'nonsense', 401],
    ['empty parts', '..', 401],
  ]
  for (const [what, token, code] of cases) assert.is(await codeOf(cluster, token), code, what)
  assert.is(await codeOf(cluster, good, '/api/v1/namespaces/default/secrets'), 403)
  assert.is(await codeOf(cluster, good, '/api'), 200)
  const bad = cluster.lines.filter(({ level }) => level === 'error')
  assert.equal(bad, [])
})

test('a token ends with its account, and with the Pod that it is bound to', async (t) => {
  const cluster = await start(t)
  const { connection } = cluster
  await allow(cluster)
  const spec = { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] }
  const pod = await connection.json<{ metadata: { uid: string } }>('POST', pods, { body: { metadata: { name: 'web' }, spec } })
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid }
  const [free, bound] = [await tokenOf(cluster), await tokenOf(cluster, { boundObjectRef })]
  assert.equal([await codeOf(cluster, free), await codeOf(cluster, bound)], [200, 200])
  await connection.json('DELETE', `${pods}/web?gracePeriodSeconds=0`)
  assert.equal([await codeOf(cluster, free), await codeOf(cluster, bound)], [200, 401])
  await connection.json('DELETE', `${accounts}/robot`)
  assert.is(await codeOf(cluster, free), 401)
  await connection.json('POST', accounts, { body: { metadata: { name: 'robot' } } })
  assert.is(await codeOf(cluster, free), 401, 'the name alone is not the account')
  assert.is(await codeOf(cluster, await tokenOf(cluster)), 200)
})

test('a Pod right after its namespace runs under the account that a controller makes', async (t) => {
  const { connection } = await start(t)
  await connection.json('POST', '/api/v1/namespaces', { body: { metadata: { name: 'fresh' } } })
  const spec = { containers: [{ name: 'c', image: 'i' }] }
  const made = await connection.json<{ spec: { serviceAccountName: string; volumes: unknown[] } }>(
    'POST',
    '/api/v1/namespaces/fresh/pods',
    { body: { metadata: { name: 'web' }, spec } },
  )
  assert.equal([made.spec.serviceAccountName, made.spec.volumes.length], ['default', 1])
})

test('TokenReview and SelfSubjectReview say the same of every kind of credentials', async (t) => {
  const directory = await t.directory()
  const file = path.join(directory, 'tokens.csv')
  await writeFile(file, 'secret-of-jane,jane,u1,"developers"\n')
  const cluster = await start(t, {
    flags: { 'token-auth-file': file },
    plugins: [{ id: 'authenticator-bootstrap-token' }],
  })
  const { connection } = cluster
  const data = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' }
  await connection.json('POST', '/api/v1/namespaces/kube-system/secrets', {
    body: { metadata: { name: 'bootstrap-token-abcdef' }, type: 'bootstrap.kubernetes.io/token', stringData: data },
  })
  const all = [
    ['secret-of-jane', 'jane', 'developers'],
    ['abcdef.0123456789abcdef', 'system:bootstrap:abcdef', 'system:bootstrappers'],
    [await tokenOf(cluster), 'system:serviceaccount:default:robot', 'system:serviceaccounts'],
  ] as const
  for (const [token, name, group] of all) {
    const review = await connection.json<Review>('POST', `${reviews}/tokenreviews`, { body: { spec: { token } } })
    assert.equal([review.status.authenticated, review.status.user.username], [true, name])
    assert.ok(review.status.user.groups?.includes(group) && review.status.user.groups.includes('system:authenticated'), name)
    const self = await cluster
      .connect({ token })
      .json<{ status: { userInfo: object } }>('POST', `${reviews}/selfsubjectreviews`, { body: {} })
    assert.equal(self.status.userInfo, review.status.user)
  }
  const wrong = await connection.json<Review>('POST', `${reviews}/tokenreviews`, { body: { spec: { token: 'x' } } })
  assert.equal(wrong.status, { user: {}, error: 'invalid bearer token' })
})

test('the issuer’s documents are for who may read them, and their keys prove tokens', async (t) => {
  const cluster = await start(t)
  const { connection } = cluster
  const discovery = await connection.json<Record<string, unknown>>('GET', '/.well-known/openid-configuration')
  const { host } = connection.target.server
  assert.equal([discovery.issuer, discovery.jwks_uri], [own, `https://${host}/openid/v1/jwks`])
  const { keys } = await connection.json<{ keys: { kid: string }[] }>('GET', '/openid/v1/jwks')
  const [head = ''] = (await tokenOf(cluster)).split('.')
  assert.is(keys[0]?.kid, (JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string }).kid)
  assert.is(await codeOf(cluster, '', '/openid/v1/jwks'), 401)
})

test('without credentials: nobody by default, and only at the paths that are opened', async (t) => {
  const closed = await start(t)
  const anonymous = (cluster: TestCluster, where: string) => codeOf(cluster, '', where)
  assert.equal([await anonymous(closed, '/api'), await anonymous(closed, pods)], [401, 401])
  const paths = { id: 'authenticator-anonymous', config: { paths: ['/openid/v1/jwks'] } }
  const some = await start(t, { plugins: [paths] })
  assert.equal([await anonymous(some, '/openid/v1/jwks'), await anonymous(some, pods)], [403, 401])
  const open = await start(t, { plugins: [{ id: 'authenticator-anonymous' }] })
  assert.equal([await anonymous(open, pods), await codeOf(open, 'wrong')], [403, 401])
  await open.connection.json('POST', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    body: {
      metadata: { name: 'everybody' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'system:anonymous' }],
    },
  })
  assert.is(await anonymous(open, pods), 200)
})
