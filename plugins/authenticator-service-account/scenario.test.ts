import { nodes, pods, secrets, serviceAccounts } from '@davit/core/client'
import type { KubeObject, Pod, Secret, TokenReviewStatus } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { makeAccount, type Plane, start } from './testing.js'

const own = 'https://kubernetes.default.svc.cluster.local'
const hour = 3_600_000
const pod = (spec: object = {}, metadata: object = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', ...metadata },
  spec: { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }], ...spec },
})
const secret = (more: Partial<Secret> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace: 'default' },
  ...more,
})
const reference = (kind: string, { metadata }: KubeObject) => ({
  boundObjectRef: { apiVersion: 'v1', kind, name: metadata.name, uid: metadata.uid },
})
function refusedFor(status: TokenReviewStatus, reason: string): void {
  assert.equal(status, { user: {}, error: `[invalid bearer token, ${reason}]` })
}

/** A copy with other claims, signed by the same cluster. */
async function changed({ token, sign }: Plane, change: (claims: Record<string, unknown>) => object): Promise<string> {
  const [, body = ''] = (await token()).split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
  return sign({ ...claims, ...change(claims) })
}

test('who a token is', async (t) => {
  const plane = await start(t)
  const account = await plane.client.get(serviceAccounts, 'default', 'robot')
  const node = await plane.client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} })
  const made = await plane.client.create(pods, pod({ nodeName: 'one' }))
  const { user, audiences, authenticated, error } = await plane.review(await plane.token(reference('Pod', made)))
  assert.equal([authenticated, audiences, error], [true, [own], undefined])
  const { 'authentication.kubernetes.io/credential-id': id, ...extra } = user?.extra ?? {}
  assert.match(id?.[0] ?? '', /^JTI=[0-9a-f-]{36}$/)
  assert.equal(extra, {
    'authentication.kubernetes.io/node-name': ['one'],
    'authentication.kubernetes.io/node-uid': [node.metadata.uid],
    'authentication.kubernetes.io/pod-name': ['web'],
    'authentication.kubernetes.io/pod-uid': [made.metadata.uid],
  })
  assert.equal([user?.username, user?.uid], ['system:serviceaccount:default:robot', account.metadata.uid])
  assert.equal(user?.groups, ['system:serviceaccounts', 'system:serviceaccounts:default', 'system:authenticated'])
})

test('whom a token is for', async (t) => {
  const { token, review } = await start(t)
  const vault = await token({ audiences: ['vault', 'db'] })
  assert.equal((await review(vault, ['db', 'other'])).audiences, ['db'])
  refusedFor(await review(vault), `token audiences ["vault" "db"] is invalid for the target audiences ["${own}"]`)
  refusedFor(await review(await token(), ['db']), `token audiences ["${own}"] is invalid for the target audiences ["db"]`)
  assert.is((await review(await token({ audiences: ['db', own] }))).authenticated, true)
})

test('a token ends by itself, a minute late for clocks that differ', async (t) => {
  const plane = await start(t)
  const text = await plane.token({ expirationSeconds: 3600 })
  await plane.pass(hour + 59_000)
  assert.is((await plane.review(text)).authenticated, true)
  await plane.pass(2000)
  refusedFor(await plane.review(text), 'service account token has expired')
})

test('a token of the future is none yet', async (t) => {
  const plane = await start(t)
  const later = Math.floor(plane.clock.now() / 1000) + 3600
  refusedFor(await plane.review(await changed(plane, () => ({ nbf: later }))), 'service account token is not valid yet')
  refusedFor(await plane.review(await changed(plane, () => ({ iat: later }))), 'service account token is issued in the future')
})

test('what is no token of ours is nobody’s affair', async (t) => {
  const plane = await start(t)
  const foreign = await plane.sign({ iss: 'https://elsewhere', sub: 'x' })
  for (const text of ['x', 'ey', 'ey.ey.ey', 'abcdef.0123456789abcdef', foreign, `${await plane.token()}.x`]) {
    assert.equal(await plane.review(text), { user: {}, error: 'invalid bearer token' }, text)
  }
})

test('a token that somebody changed, and one whose claims are not complete', async (t) => {
  const plane = await start(t)
  const text = await plane.token()
  const [head, body = '', signature] = text.split('.')
  const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as object
  const forged = Buffer.from(JSON.stringify({ ...claims, sub: 'system:serviceaccount:kube-system:admin' })).toString('base64url')
  refusedFor(await plane.review(`${head}.${forged}.${signature}`), 'the signature of the token is not valid')
  const other = await start(t)
  refusedFor(await other.review(text), 'the signature of the token is not valid')
  const incomplete = 'service account token claims could not be validated due to unexpected errors'
  const broken: readonly object[] = [
    { 'kubernetes.io': undefined },
    { 'kubernetes.io': 'x' },
    { 'kubernetes.io': { namespace: 'default' } },
    { 'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot' } } },
    { exp: undefined },
    { nbf: 'x' },
  ]
  for (const change of broken) refusedFor(await plane.review(await changed(plane, () => change)), incomplete)
})

test('a token ends with its account at once, also where another one of the name comes', async (t) => {
  const plane = await start(t)
  const text = await plane.token()
  assert.is((await plane.review(text)).authenticated, true)
  await plane.client.delete(serviceAccounts, 'default', 'robot')
  await plane.quiet()
  refusedFor(await plane.review(text), 'serviceaccounts "robot" not found')
  const again = await makeAccount(plane.client)
  assert.match((await plane.review(text)).error ?? '', `service account UID (${again.metadata.uid}) does not match claim (`)
  assert.is((await plane.review(await plane.token())).authenticated, true)
})

test('a token ends with the Pod, Secret or Node that it is bound to', async (t) => {
  const plane = await start(t)
  const { client } = plane
  const made = {
    Pod: await client.create(pods, pod()),
    Secret: await client.create(secrets, secret()),
    Node: await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, spec: {} }),
  }
  const tokens = await Promise.all(Object.entries(made).map(([kind, object]) => plane.token(reference(kind, object))))
  for (const text of tokens) assert.is((await plane.review(text)).authenticated, true)
  await client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  await client.delete(secrets, 'default', 'key')
  await client.delete(nodes, '', 'one')
  await plane.quiet()
  for (const text of tokens) refusedFor(await plane.review(text), 'service account token has been invalidated')
  const again = await client.create(pods, pod())
  const [podToken = ''] = tokens
  assert.match(
    (await plane.review(podToken)).error ?? '',
    `pod UID (${again.metadata.uid}) does not match service account pod ref claim`,
  )
})

test('a Pod that is ending may still speak, for a minute', async (t) => {
  const plane = await start(t)
  const made = await plane.client.create(pods, pod({}, { finalizers: ['test/hold'] }))
  const text = await plane.token(reference('Pod', made))
  await plane.client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  assert.is((await plane.review(text)).authenticated, true)
  await plane.pass(62_000)
  refusedFor(await plane.review(text), 'service account token has been invalidated')
})

test('a token of a Secret is good as long as it stands there', async (t) => {
  const plane = await start(t)
  const { client } = plane
  const account = await client.get(serviceAccounts, 'default', 'robot')
  const prefix = 'kubernetes.io/serviceaccount/'
  const claims = (uid: string | undefined) => ({
    iss: 'kubernetes/serviceaccount',
    [`${prefix}namespace`]: 'default',
    [`${prefix}secret.name`]: 'key',
    [`${prefix}service-account.name`]: 'robot',
    [`${prefix}service-account.uid`]: uid,
    sub: 'system:serviceaccount:default:robot',
  })
  const text = await plane.sign(claims(account.metadata.uid))
  refusedFor(await plane.review(text), 'Token has been invalidated')
  const put = (token: string) => ({ data: { token: Buffer.from(token).toString('base64') } })
  await client.create(secrets, secret(put(text)))
  const { user, audiences } = await plane.review(text)
  assert.equal([user?.username, user?.extra, audiences], ['system:serviceaccount:default:robot', undefined, [own]])
  assert.match((await plane.review(text, ['vault'])).error ?? '', 'is invalid for the target audiences ["vault"]')
  await plane.pass(1000 * hour)
  assert.is((await plane.review(text)).authenticated, true, 'it does not end by itself')
  await client.patch(secrets, 'default', 'key', 'merge', put('another'))
  await plane.quiet()
  refusedFor(await plane.review(text), "Token does not match server's copy")
  const wrong = await plane.sign(claims('x'))
  await client.patch(secrets, 'default', 'key', 'merge', put(wrong))
  await plane.quiet()
  assert.match((await plane.review(wrong)).error ?? '', `ServiceAccount UID (${account.metadata.uid}) does not match claim (x)`)
})

test('many tokens at once, each its own', async (t) => {
  const plane = await start(t)
  const tokens = await Promise.all(Array.from({ length: 50 }, () => plane.token()))
  const answers = await Promise.all([...tokens, ...tokens].map((text) => plane.review(text)))
  const ids = answers.map(({ user }) => user?.extra?.['authentication.kubernetes.io/credential-id']?.[0])
  assert.is(new Set(ids).size, 50)
  assert.equal(ids.slice(0, 50), ids.slice(50))
})
