import { type Authentication, type Authenticator, AuthenticatorToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { audience, type Issuer, rsaKey, signToken, startIssuer } from './testing.js'

interface Scene {
  readonly issuer: Issuer
  readonly clock: { now(): number; advance(ms: number): Promise<void> }
  ask(token: string): Promise<Authentication>
  refusal(token: string): Promise<string>
}
const withOpenssl = { requires: ['openssl'] } as const

async function start(t: TestContext, config: object = {}): Promise<Scene> {
  const issuer = await startIssuer(t)
  let found: readonly Authenticator[] = []
  const reader = definePlugin({
    id: 'reader',
    api: '^1.0',
    requires: { authenticators: AuthenticatorToken },
    async setup(_context, { authenticators }) {
      return {
        start() {
          found = authenticators.all()
        },
      }
    },
  })
  const own = { issuerUrl: issuer.url, audiences: [audience], caFile: issuer.caFile, ...config }
  const plane = await boot({ plugins: [{ plugin, config: own }, { plugin: reader }] })
  t.defer(() => plane.stop())
  const [authenticator] = found
  if (!authenticator) throw new Error('no authenticator')
  const ask = async (token: string): Promise<Authentication> => authenticator.authenticate({ token })
  return {
    issuer,
    clock: plane.clock,
    ask,
    async refusal(token) {
      const answer = await ask(token)
      return answer && 'failure' in answer ? answer.failure : `not refused: ${JSON.stringify(answer)}`
    },
  }
}

test(
  'a user by the issuer’s token; the issuer is asked when the first one comes, and once',
  async (t) => {
    const { issuer, ask } = await start(t, { groupsClaim: 'groups', groupsPrefix: 'oidc:' })
    assert.equal(issuer.asked, [])
    const user = { name: `${issuer.url}#jane`, groups: ['oidc:dev', 'oidc:ops'] }
    const token = issuer.token({ groups: ['dev', 'ops'] })
    assert.equal(await Promise.all([ask(token), ask(token), ask(issuer.token({ groups: ['dev', 'ops'] }))]), [user, user, user])
    assert.equal(await ask(issuer.token({ groups: 'dev' })), { name: user.name, groups: ['oidc:dev'] })
    assert.equal(await ask(issuer.token()), { name: user.name, groups: [] })
    assert.equal(await ask(issuer.token({ aud: ['x', audience] })), { name: user.name, groups: [] })
    assert.equal(issuer.asked, ['/.well-known/openid-configuration', '/keys'])
  },
  withOpenssl,
)

test(
  'tokens of others are for others to know, without a word to the issuer',
  async (t) => {
    const { issuer, ask } = await start(t)
    for (const token of [
      'x',
      '',
      'ey',
      'ey.ey.ey',
      issuer.token({ iss: 'https://elsewhere' }),
      issuer.token({ iss: `${issuer.url}/` }),
    ]) {
      assert.is(await ask(token), undefined, token)
    }
    assert.equal(issuer.asked, [])
  },
  withOpenssl,
)

test(
  'what is not for us, or not now, or not of the issuer',
  async (t) => {
    const { issuer, refusal } = await start(t)
    const verify = 'oidc: verify token: '
    assert.match(await refusal(issuer.token({ aud: 'other' })), `${verify}oidc: expected audience in ["davit"] got ["other"]`)
    assert.match(await refusal(issuer.token({ aud: undefined })), 'expected audience')
    for (const exp of [1, undefined, 'x']) assert.is(await refusal(issuer.token({ exp })), `${verify}oidc: token is expired`)
    assert.match(await refusal(issuer.token({ nbf: 3_999_999_999 })), 'before the nbf (not before) time')
    const signature = `${verify}failed to verify signature: failed to verify id token signature`
    assert.is(await refusal(issuer.token({}, rsaKey('first'))), signature)
    const [head, , end] = issuer.token().split('.')
    const forged = Buffer.from(JSON.stringify({ iss: issuer.url, sub: 'root', aud: audience, exp: 4_000_000_000 })).toString(
      'base64url',
    )
    assert.is(await refusal(`${head}.${forged}.${end}`), signature)
    const [key] = issuer.keys
    assert.ok(key)
    const claims = { iss: issuer.url, sub: 'jane', aud: audience, exp: 4_000_000_000 }
    for (const algorithm of ['RS512', 'none', 'HS256', 'ES256']) {
      assert.match(await refusal(signToken(claims, key, algorithm)), 'id token signed with unsupported algorithm')
    }
  },
  withOpenssl,
)

test(
  'a good token ends with its time, also after it was good',
  async (t) => {
    const { issuer, ask, refusal, clock } = await start(t)
    const now = Math.floor(clock.now() / 1000)
    const token = issuer.token({ exp: now + 60 })
    assert.ok(await ask(token))
    await clock.advance(59_000)
    assert.not('failure' in ((await ask(token)) ?? {}))
    await clock.advance(2000)
    assert.match(await refusal(token), 'token is expired')
  },
  withOpenssl,
)

test(
  'new keys are found when a token names one, but nobody makes us ask all the time',
  async (t) => {
    const { issuer, ask, refusal, clock } = await start(t)
    await ask(issuer.token())
    const asked = () => issuer.asked.filter((path) => path === '/keys').length
    const next = rsaKey('next')
    issuer.keys = [...issuer.keys, next]
    const token = issuer.token({}, next)
    assert.match(await refusal(token), 'failed to verify id token signature', 'within ten seconds')
    assert.is(asked(), 1)
    await clock.advance(10_001)
    assert.not('failure' in ((await ask(token)) ?? {}))
    assert.is(asked(), 2)
    for (let turn = 0; turn < 20; turn += 1) await refusal(issuer.token({}, rsaKey('nobody')))
    assert.is(asked(), 2)
  },
  withOpenssl,
)

test(
  'a key that the issuer took back is none an hour later, though its token was good',
  async (t) => {
    const { issuer, ask, refusal, clock } = await start(t)
    const token = issuer.token()
    assert.not('failure' in ((await ask(token)) ?? {}))
    issuer.keys = [rsaKey('other')]
    assert.not('failure' in ((await ask(token)) ?? {}))
    await clock.advance(3_600_001)
    assert.match(await refusal(token), 'failed to verify id token signature')
  },
  withOpenssl,
)

test(
  'an issuer that is broken: no user before it ever answered, the known keys after that',
  async (t) => {
    const { issuer, ask, refusal, clock } = await start(t)
    const none = 'oidc: authenticator not initialized'
    const token = issuer.token()
    for (const broken of [
      { code: 500, body: '{}' },
      { code: 200, body: 'nonsense' },
      { code: 200, body: 'null' },
      { code: 200, body: JSON.stringify({ issuer: 'https://elsewhere', jwks_uri: `${issuer.url}/keys` }) },
      { code: 200, body: JSON.stringify({ issuer: issuer.url }) },
      { code: 200, body: JSON.stringify({ issuer: issuer.url, jwks_uri: 'http://127.0.0.1/keys' }) },
      { code: 200, body: 'x'.repeat(2 * 1024 * 1024) },
      { code: 302, body: '{}' },
    ]) {
      issuer.broken = broken
      assert.is(await refusal(token), none, JSON.stringify(broken).slice(0, 80))
      await clock.advance(10_001)
    }
    issuer.broken = undefined
    assert.not('failure' in ((await ask(token)) ?? {}))
    issuer.broken = { code: 500, body: '{}' }
    await clock.advance(3_600_001)
    assert.not('failure' in ((await ask(token)) ?? {}))
  },
  withOpenssl,
)

test(
  'an issuer whose certificate another authority signed is none',
  async (t) => {
    const other = await startIssuer(t)
    const { issuer, refusal } = await start(t, { caFile: other.caFile })
    assert.is(await refusal(issuer.token()), 'oidc: authenticator not initialized')
    assert.equal(issuer.asked, [])
  },
  withOpenssl,
)
