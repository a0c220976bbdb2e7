import { tokenIssuer } from '../api/host.js'
import { ApiError, type Client, pods, serviceAccounts } from '../client/contract.js'
import type { Logger } from '../kernel/contract.js'
import type { Pod, TokenRequest } from '../kinds/contract.js'
import { assert, boot, suite, type TestContext } from '../testing/contract.js'
import { createPodTokens } from './pod-tokens.js'
import { createSources, sourcesOfNode } from './sources.js'

const test = suite('tokens of Pods')
const minute = 60_000
const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet }

async function start(t: TestContext, config: Record<string, unknown> = {}) {
  const plane = await boot({ plugins: [{ plugin: tokenIssuer, config }] })
  t.defer(() => plane.stop())
  const { client, clock } = plane
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'default' } }
  await client.create(serviceAccounts, account)
  const pod = (name: string): Promise<Pod> =>
    client.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default' },
      spec: { serviceAccountName: 'robot', containers: [{ name: 'c', image: 'i' }] },
    })
  const asked: TokenRequest['spec'][] = []
  let refuse = false
  // The one method that is used, counted on its way to the API.
  const counting: Pick<Client, 'createSubresource'> = {
    createSubresource(ref, namespace, name, subresource, body, options) {
      asked.push((body as TokenRequest).spec)
      if (refuse) return Promise.reject(ApiError.serviceUnavailable('away', 1))
      return client.createSubresource(ref, namespace, name, subresource, body, options)
    },
  }
  const tokens = createPodTokens(counting, clock, quiet)
  t.defer(() => tokens.close())
  const refusing = (value: boolean): void => {
    refuse = value
  }
  return { plane, clock, pod, tokens, asked, refusing }
}

const claimsOf = (bytes: Uint8Array) =>
  JSON.parse(Buffer.from(Buffer.from(bytes).toString().split('.')[1] ?? '', 'base64url').toString())

test('a token is asked for once, for the Pod alone, and is the same until it is due', async (t) => {
  const { pod, tokens, asked, clock } = await start(t)
  const web = await pod('web')
  const first = await tokens.token(web, { path: 't', expirationSeconds: 3607 })
  assert.equal(asked, [
    {
      audiences: [],
      expirationSeconds: 3607,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: web.metadata.uid },
    },
  ])
  assert.equal(claimsOf(first)['kubernetes.io'].pod, { name: 'web', uid: web.metadata.uid })
  await clock.advance(47 * minute)
  assert.is(await tokens.token(web, { path: 't', expirationSeconds: 3607 }), first)
  await clock.advance(2 * minute)
  assert.is.not(await tokens.token(web, { path: 't', expirationSeconds: 3607 }), first)
  assert.is(asked.length, 2)
})

test('each audience, life and Pod has its own', async (t) => {
  const { pod, tokens, asked } = await start(t)
  const [one, two] = [await pod('one'), await pod('two')]
  const forVault = await tokens.token(one, { path: 't', audience: 'vault' })
  assert.equal(claimsOf(forVault).aud, ['vault'])
  await tokens.token(one, { path: 't' })
  await tokens.token(one, { path: 'other' })
  await tokens.token(one, { path: 't', expirationSeconds: 600 })
  await tokens.token(two, { path: 't' })
  assert.is(asked.length, 4)
})

test('who follows hears when one is due, and no more once it is dropped', async (t) => {
  const { pod, tokens, clock } = await start(t)
  const web = await pod('web')
  const uid = web.metadata.uid ?? ''
  let due = 0
  tokens.follow(uid, () => {
    due += 1
  })
  await tokens.token(web, { path: 't', expirationSeconds: 6000 })
  await tokens.token(web, { path: 'soon', expirationSeconds: 600 })
  await clock.advance(479_000)
  assert.is(due, 0)
  await clock.advance(2000)
  assert.is(due, 1, 'at four fifths of the shorter life')
  await tokens.token(web, { path: 'soon', expirationSeconds: 600 })
  await clock.advance(481_000)
  assert.is(due, 2)
  tokens.drop(uid)
  await clock.advance(100 * minute)
  assert.is(due, 2)
})

test('a token of a long life is renewed after a day, one that the API cut short when that is due', async (t) => {
  const long = await start(t)
  const web = await long.pod('web')
  const first = await long.tokens.token(web, { path: 't', expirationSeconds: 30 * 86_400 })
  await long.clock.advance(23 * 60 * minute)
  assert.is(await long.tokens.token(web, { path: 't', expirationSeconds: 30 * 86_400 }), first)
  await long.clock.advance(61 * minute)
  assert.is.not(await long.tokens.token(web, { path: 't', expirationSeconds: 30 * 86_400 }), first)
  const cut = await start(t, { maxSeconds: 1000 })
  const other = await cut.pod('web')
  const short = await cut.tokens.token(other, { path: 't', expirationSeconds: 5000 })
  await cut.clock.advance(801_000)
  assert.is.not(await cut.tokens.token(other, { path: 't', expirationSeconds: 5000 }), short)
})

test('where the API gives none: the old one as long as it is good, asked for again after a while', async (t) => {
  const { pod, tokens, clock, refusing, asked } = await start(t)
  const web = await pod('web')
  let due = 0
  tokens.follow(web.metadata.uid ?? '', () => {
    due += 1
  })
  const projection = { path: 't', expirationSeconds: 600 }
  const first = await tokens.token(web, projection)
  refusing(true)
  await clock.advance(481_000)
  assert.is(await tokens.token(web, projection), first)
  assert.is(await tokens.token(web, projection), first)
  assert.is(asked.length, 2, 'not at once again')
  await clock.advance(31_000)
  assert.is(due, 2)
  await clock.advance(120_000)
  const error = await tokens.token(web, projection).catch((reason: unknown) => reason)
  assert.ok(error instanceof ApiError)
  refusing(false)
  assert.is.not(await tokens.token(web, projection), first)
})

test('a Pod that is not there, or runs under another account, gets none', async (t) => {
  const { pod, tokens } = await start(t)
  const web = await pod('web')
  const code = async (changed: Pod) => (await tokens.token(changed, { path: 't' }).catch((error: unknown) => error)) as ApiError
  assert.is((await code({ ...web, metadata: { ...web.metadata, name: 'nobody' } })).code, 404)
  assert.is((await code({ ...web, metadata: { ...web.metadata, uid: 'x' } })).code, 409)
  assert.is((await code({ ...web, spec: { ...web.spec, serviceAccountName: 'default' } })).code, 400)
})

test('a node’s sources give its tokens, and drop them with all else', async (t) => {
  const { plane, pod, tokens, clock } = await start(t)
  const shared = createSources(plane.clients, plane.client)
  t.defer(() => shared.close())
  const sources = sourcesOfNode(shared, tokens)
  const web = await pod('web')
  const uid = web.metadata.uid ?? ''
  let changes = 0
  sources.follow(uid, [], () => {
    changes += 1
  })
  const first = await sources.serviceAccountToken?.(web, { path: 't', expirationSeconds: 600 })
  assert.is(first?.length, (await tokens.token(web, { path: 't', expirationSeconds: 600 })).length)
  await clock.advance(481_000)
  assert.is(changes, 1)
  sources.drop(uid)
  await clock.advance(481_000)
  assert.is(changes, 1)
})
