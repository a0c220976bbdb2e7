import { secrets } from '@davit/core/client'
import type { Secret } from '@davit/core/kinds'
import { assert, boot, test } from '@davit/core/testing'
import { BootstrapTokenAuthenticator } from './authenticator.js'
import { bootstrapVerdict } from './verdict.js'

const now = Date.parse('2026-06-01T12:00:00Z')
const token = { id: 'abcdef', secret: '0123456789abcdef' }
const good = { 'token-id': token.id, 'token-secret': token.secret, 'usage-bootstrap-authentication': 'true' }
const encode = (data: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
const secret = (data: Readonly<Record<string, string>> = good, more: Partial<Secret> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
  type: 'bootstrap.kubernetes.io/token',
  data: encode(data),
  ...more,
})
const user = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] }

test('a good token', () => {
  assert.equal(bootstrapVerdict(token, secret(), now), user)
  for (const expiration of ['2026-06-01T12:00:01Z', '2026-06-01T14:00:01+02:00', '']) {
    assert.equal(bootstrapVerdict(token, secret({ ...good, expiration }), now), user, expiration)
  }
  const groups = 'system:bootstrappers:kubeadm:default-node-token,system:bootstrappers:x'
  assert.equal(bootstrapVerdict(token, secret({ ...good, 'auth-extra-groups': groups }), now), {
    name: user.name,
    groups: ['system:bootstrappers', ...groups.split(',')],
  })
})

test('of a token that is wrong nothing is told', () => {
  const wrong: readonly (Secret | undefined)[] = [
    undefined,
    secret(good, { type: 'Opaque' }),
    secret({ ...good, 'token-secret': '0123456789abcdeg' }),
    secret({ ...good, 'token-secret': '0123456789abcde' }),
    secret({ ...good, 'token-secret': '' }),
    secret({ ...good, 'token-id': 'abcdeg' }),
    secret({}),
    secret(good, { data: undefined }),
    secret(good, { metadata: { name: 'bootstrap-token-abcdef', deletionTimestamp: '2026-06-01T00:00:00Z' } }),
  ]
  for (const [index, stored] of wrong.entries()) assert.is(bootstrapVerdict(token, stored, now), undefined, String(index))
})

test('a token that is over, or for something else, or of other groups', () => {
  const reason = (data: Readonly<Record<string, string>>) => {
    const verdict = bootstrapVerdict(token, secret({ ...good, ...data }), now)
    return verdict && 'failure' in verdict ? verdict.failure : verdict
  }
  for (const expiration of ['2026-06-01T12:00:00Z', '2025-01-01T00:00:00Z', 'tomorrow', '2026', '99999999999999']) {
    assert.is(reason({ expiration }), 'the bootstrap token has expired', expiration)
  }
  for (const usage of ['', 'false', 'True', '1']) {
    assert.is(reason({ 'usage-bootstrap-authentication': usage }), 'the bootstrap token is not for authentication', usage)
  }
  for (const groups of [
    'system:masters',
    'system:bootstrappers:a,system:masters',
    'system:bootstrappers:',
    'system:bootstrappers:A',
    ',',
  ]) {
    assert.match(String(reason({ 'auth-extra-groups': groups })), 'the groups of the bootstrap token must match', groups)
  }
})

test('the Secret counts as it is now, and only tokens of the form are looked for', async (t) => {
  const plane = await boot()
  t.defer(() => plane.stop())
  const authenticator = new BootstrapTokenAuthenticator(plane.clients, plane.clock, new AbortController().signal)
  const ask = (text: string) => authenticator.authenticate({ token: text })
  const text = `${token.id}.${token.secret}`
  assert.is(await ask(text), undefined)
  await plane.client.create(secrets, secret())
  await plane.clock.settle()
  assert.equal(await ask(text), user)
  for (const wrong of ['', 'abcdef', `${text}x`, `${text} `, text.toUpperCase(), 'abcdef.0123456789abcdeg']) {
    assert.is(await ask(wrong), undefined, wrong)
  }
  assert.is(await authenticator.authenticate({}), undefined)
  const info = '/api/v1/namespaces/kube-public/configmaps/cluster-info'
  assert.equal(await authenticator.authenticate({ path: info }), { name: 'system:anonymous', groups: ['system:unauthenticated'] })
  for (const path of [`${info}x`, `${info}/`, '/api/v1/namespaces/kube-public/configmaps', '/'])
    assert.is(await authenticator.authenticate({ path }), undefined, path)
  await plane.client.delete(secrets, 'kube-system', 'bootstrap-token-abcdef')
  await plane.clock.settle()
  assert.is(await ask(text), undefined)
})
