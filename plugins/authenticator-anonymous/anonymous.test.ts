import { assert, test } from '@davit/core/testing'
import { anonymousAuthenticator } from './anonymous.js'

const user = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

test('who says nothing of himself is nobody, at every path', () => {
  const { authenticate } = anonymousAuthenticator([])
  for (const path of ['/', '/api/v1/pods', '/readyz']) assert.equal(authenticate({ path }), user)
})

test('with paths, at those alone, letter by letter', () => {
  const { authenticate } = anonymousAuthenticator(['/readyz', '/openid/v1/jwks'])
  for (const path of ['/readyz', '/openid/v1/jwks']) assert.equal(authenticate({ path }), user)
  for (const path of ['/', '/readyz/', '/readyz/ping', '/READYZ', '/api', '']) assert.is(authenticate({ path }), undefined, path)
})

test('who brings credentials, good or bad, is somebody else', () => {
  const { authenticate } = anonymousAuthenticator([])
  assert.is(authenticate({ token: 'x' }), undefined)
  assert.is(authenticate({ certificate: { commonName: 'x', organizations: [] } }), undefined)
  assert.is(authenticate({}), undefined)
})
