import { createPublicKey } from 'node:crypto'
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PluginEntry } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { ApiHooksToken, type TokenIssuer, TokenIssuerToken } from './contract.js'
import { tokenIssuer } from './host.js'
import { readJwt } from './jwt.js'
import { type Api, pod, startApi } from './testing.js'

const own = 'https://kubernetes.default.svc.cluster.local'
type Claims = Readonly<Record<string, unknown>> & { readonly 'kubernetes.io': Readonly<Record<string, unknown>> }
interface Answer {
  readonly token: string
  readonly claims: Claims
  readonly object: KubeObject & { readonly spec: Record<string, unknown>; readonly status: { expirationTimestamp: string } }
  readonly warnings: readonly string[]
}

const withConfig = (config: object): PluginEntry[] => [{ plugin: tokenIssuer, config: config as Record<string, unknown> }]

async function start(t: TestContext, config: object = {}): Promise<Api> {
  const api = await startApi(t, { plugins: withConfig(config) })
  await api.create('serviceaccounts', { metadata: { name: 'robot' } })
  return api
}
const issuerOf = (api: Api): TokenIssuer => api.plane.kernel.get(TokenIssuerToken)

async function ask(api: Api, spec: object, rest: object = {}): Promise<Answer> {
  const { object, warnings, code } = await api.reply('create', 'serviceaccounts/token', {
    name: 'robot',
    body: { spec },
    ...rest,
  })
  assert.is(code, 201)
  const { token } = object.status as { token: string }
  const claims = (await issuerOf(api).verify(token)) as Claims
  return { token, claims, object: object as Answer['object'], warnings }
}
const refused = (api: Api, spec: object, rest: object = {}) =>
  api.refused('create', 'serviceaccounts/token', { name: 'robot', body: { spec }, ...rest })
const reference = (kind: string, object: KubeObject, more: object = {}) => ({
  boundObjectRef: { apiVersion: 'v1', kind, name: object.metadata.name, uid: object.metadata.uid, ...more },
})

test('a token says who, for whom and how long', async (t) => {
  const api = await start(t)
  const account = await api.get('serviceaccounts', 'robot')
  const { claims, object } = await ask(api, {})
  const now = Math.floor(api.plane.clock.now() / 1000)
  const { jti, ...rest } = claims
  assert.match(String(jti), /^[0-9a-f-]{36}$/)
  assert.equal(rest, {
    aud: [own],
    exp: now + 3600,
    iat: now,
    iss: own,
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'robot', uid: account.metadata.uid } },
    nbf: now,
    sub: 'system:serviceaccount:default:robot',
  })
  assert.equal(object.spec, { audiences: [own], expirationSeconds: 3600 })
  assert.is(Date.parse(object.status.expirationTimestamp), (now + 3600) * 1000)
  assert.equal([object.metadata.name, object.metadata.namespace, object.kind], ['robot', 'default', 'TokenRequest'])
  assert.equal((await ask(api, { audiences: ['vault', 'db'], expirationSeconds: 600 })).claims.aud, ['vault', 'db'])
})

test('how long: from ten minutes to 2^32 seconds, and no longer than the cluster lets', async (t) => {
  const api = await start(t)
  const short = await refused(api, { expirationSeconds: 599 })
  assert.is(short.code, 422)
  const text = 'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes'
  assert.is(short.message, `TokenRequest.authentication.k8s.io "" is invalid: ${text}`)
  const long = await refused(api, { expirationSeconds: 2 ** 32 + 1 })
  assert.match(long.message, 'may not specify a duration larger than 2^32 seconds')
  assert.is((await refused(api, { expirationSeconds: 'x' })).code, 400)
  assert.is((await ask(api, { expirationSeconds: 2 ** 32 })).object.spec.expirationSeconds, 2 ** 32)

  const bounded = await start(t, { maxSeconds: 7200 })
  const cut = await ask(bounded, { expirationSeconds: 9000 })
  assert.equal(cut.warnings, ['requested expiration of 9000 seconds shortened to 7200 seconds'])
  assert.is(Number(cut.claims.exp) - Number(cut.claims.iat), 7200)
  assert.is(cut.object.spec.expirationSeconds, 7200)
})

test('bound to a Pod it names the Pod and its node', async (t) => {
  const api = await start(t)
  const alone = await api.create('pods', pod('alone', { serviceAccountName: 'robot' }))
  const { claims } = await ask(api, reference('Pod', alone))
  assert.equal(claims['kubernetes.io'].pod, { name: 'alone', uid: alone.metadata.uid })
  assert.is(claims['kubernetes.io'].node, undefined)

  const node = await api.create('nodes', { metadata: { name: 'one' } })
  const bound = await api.create('pods', pod('bound', { serviceAccountName: 'robot', nodeName: 'one' }))
  const lost = await api.create('pods', pod('lost', { serviceAccountName: 'robot', nodeName: 'gone' }))
  const nodeIn = async (object: KubeObject) => (await ask(api, reference('Pod', object))).claims['kubernetes.io'].node
  assert.equal(await nodeIn(bound), { name: 'one', uid: node.metadata.uid })
  assert.equal(await nodeIn(lost), { name: 'gone' })
})

test('bound to a Secret or a Node', async (t) => {
  const api = await start(t)
  const secret = await api.create('secrets', { metadata: { name: 'key' } })
  const node = await api.create('nodes', { metadata: { name: 'one' } })
  const secretClaims = (await ask(api, reference('Secret', secret))).claims['kubernetes.io']
  assert.equal(secretClaims.secret, { name: 'key', uid: secret.metadata.uid })
  const nodeClaims = (await ask(api, reference('Node', node, { uid: undefined }))).claims['kubernetes.io']
  assert.equal([nodeClaims.node, nodeClaims.pod], [{ name: 'one', uid: node.metadata.uid }, undefined])
})

test('what it cannot be bound to', async (t) => {
  const api = await start(t)
  const other = await api.create('pods', pod('other', { serviceAccountName: 'somebody' }))
  const mine = await api.create('pods', pod('mine', { serviceAccountName: 'robot' }))
  const wrongAccount = await refused(api, reference('Pod', other))
  assert.is(wrongAccount.code, 400)
  assert.is(
    wrongAccount.message,
    'cannot bind token for serviceaccount "robot" to pod running with different serviceaccount name.',
  )
  const wrongUid = await refused(api, reference('Pod', mine, { uid: 'x' }))
  assert.is(wrongUid.code, 409)
  assert.match(wrongUid.message, 'the UID in the bound object reference (x) does not match the UID in record.')
  assert.equal([(await refused(api, reference('Pod', mine, { name: 'nobody' }))).message], ['pods "nobody" not found'])
  const kinds = [
    ['v1', 'ConfigMap', '/v1, Kind=ConfigMap'],
    ['apps/v1', 'Deployment', 'apps/v1, Kind=Deployment'],
    ['v1', 'constructor', '/v1, Kind=constructor'],
    ['v2', 'Pod', '/v2, Kind=Pod'],
  ]
  for (const [apiVersion, kind, text] of kinds) {
    const status = await refused(api, { boundObjectRef: { apiVersion, kind, name: 'x' } })
    assert.equal([status.code, status.message], [400, `cannot bind token to object of type ${text}`])
  }
})

test('the account must be there, and be that of the body', async (t) => {
  const api = await start(t)
  assert.is((await refused(api, {}, { name: 'nobody' })).message, 'serviceaccounts "nobody" not found')
  assert.is((await refused(api, {}, { namespace: 'kube-system' })).code, 404)
  const named = (metadata: object) => refused(api, {}, { body: { metadata, spec: {} } })
  assert.match(
    (await named({ name: 'other' })).message,
    'metadata.name: Invalid value: "other": must match the service account name',
  )
  assert.match((await named({ namespace: 'other' })).message, 'must match the service account namespace if specified')
  assert.is((await refused(api, {}, { body: { kind: 'Pod', spec: {} } })).code, 400)
  assert.is((await api.refused('get', 'serviceaccounts/token', { name: 'robot' })).code, 405)
})

test('who may: a right of its own', async (t) => {
  const api = await start(t)
  const status = await refused(api, {}, { user: { name: 'jane', groups: [] } })
  assert.is(status.code, 403)
  assert.match(status.message, 'User "jane" cannot create resource "serviceaccounts/token" in API group ""')
})

test('a token that was mounted into a Pod outlives its time, for who reads it only once', async (t) => {
  const life = async (api: Api, spec: object) => {
    const { claims, object } = await ask(api, spec)
    const { iat, exp } = claims as unknown as { iat: number; exp: number }
    const warnafter = claims['kubernetes.io'].warnafter as number | undefined
    return [exp - iat, warnafter === undefined ? undefined : warnafter - iat, object.spec.expirationSeconds]
  }
  const year = 365 * 24 * 3600
  const api = await start(t)
  const mine = reference('Pod', await api.create('pods', pod('mine', { serviceAccountName: 'robot' })))
  assert.equal(await life(api, { ...mine, expirationSeconds: 3607 }), [year, 3607, 3607])
  assert.equal(await life(api, { ...mine, expirationSeconds: 3600 }), [3600, undefined, 3600])
  assert.equal(await life(api, { ...mine, expirationSeconds: 3607, audiences: ['vault'] }), [3607, undefined, 3607])
  assert.equal(await life(api, { expirationSeconds: 3607 }), [3607, undefined, 3607])
  const strict = await start(t, { extendMounted: false })
  const theirs = reference('Pod', await strict.create('pods', pod('mine', { serviceAccountName: 'robot' })))
  assert.equal(await life(strict, { ...theirs, expirationSeconds: 3607 }), [3607, undefined, 3607])
})

test('issuer and audiences are the cluster’s', async (t) => {
  const api = await start(t, { issuer: 'https://mine.example', audiences: ['mine', 'yours'] })
  const { claims } = await ask(api, {})
  assert.equal([claims.iss, claims.aud], ['https://mine.example', ['mine', 'yours']])
})

test('the key is made at the first need, for its owner alone, and is kept', async (t) => {
  const dataDirectory = await t.directory()
  const first = await start(t, { dataDirectory })
  assert.equal(await readdir(dataDirectory), [])
  const made = await Promise.all([ask(first, {}), ask(first, {}), ask(first, {})])
  assert.equal(
    made.map(({ claims }) => claims.sub),
    Array.from({ length: 3 }, () => 'system:serviceaccount:default:robot'),
  )
  const path = join(dataDirectory, 'pki', 'service-account.key')
  assert.equal([(await stat(path)).mode & 0o777, (await stat(join(dataDirectory, 'pki'))).mode & 0o777], [0o600, 0o700])
  const text = await readFile(path, 'utf8')
  const second = await start(t, { dataDirectory })
  assert.ok(await issuerOf(second).verify(made[0]?.token ?? ''))
  assert.is(await readFile(path, 'utf8'), text)
  assert.is(await issuerOf(await start(t)).verify(made[0]?.token ?? ''), undefined, 'another cluster’s key')
})

test('a key that was renamed signs no more, and verifies until its file is gone', async (t) => {
  const dataDirectory = await t.directory()
  const pki = join(dataDirectory, 'pki')
  const before = (await ask(await start(t, { dataDirectory }), {})).token
  await rename(join(pki, 'service-account.key'), join(pki, 'service-account-1.key'))
  const rotated = await start(t, { dataDirectory })
  const after = (await ask(rotated, {})).token
  const verified = async (api: Api, token: string) => (await issuerOf(api).verify(token)) !== undefined
  assert.equal([await verified(rotated, before), await verified(rotated, after)], [true, true])
  const { keys } = await issuerOf(rotated).keys()
  const ids = [after, before].map((token) => readJwt(token)?.keyId)
  assert.equal(
    keys.map((key) => (key as { kid: string }).kid),
    ids,
    'the one that signs is the first',
  )
  assert.not.equal(ids[0], ids[1])
  const half = createPublicKey(await readFile(join(pki, 'service-account-1.key'), 'utf8'))
  await writeFile(join(pki, 'service-account-1.pub'), half.export({ type: 'spki', format: 'pem' }))
  await rm(join(pki, 'service-account-1.key'))
  assert.ok(await verified(await start(t, { dataDirectory }), before), 'the public half is enough')
  await writeFile(join(pki, 'service-account-2.pub'), 'nonsense')
  assert.is((await refused(await start(t, { dataDirectory }), {})).code, 500)
  await rm(join(pki, 'service-account-2.pub'))
  await rm(join(pki, 'service-account-1.pub'))
  const last = await start(t, { dataDirectory })
  assert.equal([await verified(last, before), await verified(last, after)], [false, true])
})

test('a key that cannot be read is an error each time, and no new key', async (t) => {
  const dataDirectory = await t.directory()
  const good = await start(t, { dataDirectory })
  await ask(good, {})
  const path = join(dataDirectory, 'pki', 'service-account.key')
  const text = await readFile(path, 'utf8')
  await writeFile(path, 'nonsense')
  const api = await start(t, { dataDirectory })
  assert.is((await refused(api, {})).code, 500)
  assert.is(await readFile(path, 'utf8'), 'nonsense')
  await writeFile(path, text)
  await ask(api, {})
})

test('mutating admission sees that no audience was named, validating admission for whom the token will be', async (t) => {
  const api = await start(t)
  const hooks = api.plane.kernel.get(ApiHooksToken)
  const seen: unknown[] = []
  const note = (slot: string, object: KubeObject | undefined): void => {
    seen.push([slot, (object?.spec as { audiences?: unknown } | undefined)?.audiences])
  }
  t.defer(hooks.mutate.tap('test', (object) => void note('mutate', object)))
  t.defer(hooks.validate.tap('test', ({ object }) => void note('validate', object)))
  await ask(api, {})
  await ask(api, { audiences: ['vault'] })
  assert.equal(seen, [
    ['mutate', undefined],
    ['validate', [own]],
    ['mutate', ['vault']],
    ['validate', ['vault']],
  ])
})

test('audiences that mutating admission names or takes away count', async (t) => {
  const api = await start(t)
  let audiences: readonly string[] | undefined = ['forced']
  const change = (object: KubeObject): KubeObject => ({ ...object, spec: { ...(object.spec as object), audiences } })
  t.defer(api.plane.kernel.get(ApiHooksToken).mutate.tap('test', change))
  assert.equal((await ask(api, {})).claims.aud, ['forced'])
  audiences = undefined
  assert.equal((await ask(api, { audiences: ['vault'] })).claims.aud, [own])
})
