import { assert, test } from '@davit/core/testing'
import { claimsProblem, userOfClaims } from './claims.js'
import type { OidcConfig } from './config.js'

const config: OidcConfig = {
  issuerUrl: 'https://login.example',
  audiences: ['davit', 'other'],
  caFile: '',
  usernameClaim: 'sub',
  usernamePrefix: '',
  groupsClaim: 'groups',
  groupsPrefix: '',
  requiredClaims: {},
  algorithms: ['RS256'],
}
const nameOf = (claims: object, more: Partial<OidcConfig> = {}) => {
  const user = userOfClaims({ sub: 'jane', ...claims }, { ...config, ...more })
  return 'failure' in user ? user.failure : user.name
}
const groupsOf = (groups: unknown, more: Partial<OidcConfig> = {}) => {
  const user = userOfClaims({ sub: 'jane', groups }, { ...config, ...more })
  return 'failure' in user ? user.failure : user.groups
}

test('names and what is put before them', () => {
  assert.is(nameOf({}), 'https://login.example#jane')
  assert.is(nameOf({}, { usernamePrefix: 'oidc:' }), 'oidc:jane')
  assert.is(nameOf({}, { usernamePrefix: '-' }), 'jane')
  const email = { usernameClaim: 'email' }
  assert.is(nameOf({ email: 'j@x' }, email), 'j@x')
  assert.is(nameOf({ email: 'j@x', email_verified: true }, email), 'j@x')
  for (const verified of [false, 'true', null, 1]) {
    assert.is(nameOf({ email: 'j@x', email_verified: verified }, email), 'oidc: email not verified', String(verified))
  }
  assert.is(nameOf({ email_verified: false }), 'https://login.example#jane', 'another claim needs no address')
})

test('a name that is missing or is none', () => {
  for (const sub of [undefined, null, '', 5, ['jane'], {}]) {
    assert.is(nameOf({ sub }), 'oidc: parse username claims "sub": claim not present', JSON.stringify(sub))
  }
})

test('groups: one, many, none, and what is no list of names', () => {
  assert.equal(groupsOf(['a', 'b'], { groupsPrefix: 'g:' }), ['g:a', 'g:b'])
  assert.equal(groupsOf('a'), ['a'])
  assert.equal(groupsOf(undefined), [])
  assert.equal(groupsOf(['a'], { groupsClaim: '' }), [])
  for (const wrong of [5, [5], ['a', null], {}]) {
    assert.is(groupsOf(wrong), 'oidc: parse groups claim "groups": it is no list of names', JSON.stringify(wrong))
  }
})

test('nobody becomes one of the cluster’s own', () => {
  const reserved = (name: string) => `oidc: the name "${name}" is reserved: it begins with "system:"`
  assert.is(nameOf({ sub: 'system:admin' }, { usernamePrefix: '-' }), reserved('system:admin'))
  assert.is(nameOf({ sub: 'admin' }, { usernamePrefix: 'system:' }), reserved('system:admin'))
  assert.is(groupsOf(['dev', 'system:masters']), reserved('system:masters'))
  assert.equal(groupsOf(['system:masters'], { groupsPrefix: 'oidc:' }), ['oidc:system:masters'])
})

test('claims that must be there', () => {
  const required = { requiredClaims: { tenant: 'a' } }
  assert.is(nameOf({ tenant: 'a' }, required), 'https://login.example#jane')
  assert.is(nameOf({}, required), 'oidc: required claim tenant not present in ID token')
  assert.is(nameOf({ tenant: 'b' }, required), 'oidc: required claim tenant value does not match. Got = b, want = a')
  assert.match(nameOf({ tenant: ['a'] }, required), 'does not match')
  assert.match(nameOf({}, { requiredClaims: { toString: 'x' } }), 'not present')
})

test('audience and time', () => {
  const problem = (claims: object, now = 1000) => claimsProblem({ aud: 'davit', exp: 2000, ...claims }, config, now)
  assert.is(problem({}), undefined)
  assert.is(problem({ aud: ['x', 'other'] }), undefined)
  assert.is(problem({ nbf: 1300 }), undefined)
  for (const wrong of [{ aud: [] }, { aud: 'x' }, { aud: 5 }, { exp: 1000 }, { exp: '2000' }, { nbf: 1301 }]) {
    assert.match(problem(wrong) ?? 'none', 'oidc: verify token: oidc: ', JSON.stringify(wrong))
  }
})
