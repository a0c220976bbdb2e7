import { assert, test } from '../testing/contract.js'
import { ApiError, isConflict, isExists, isGone, isNotFound } from './api-error.js'

const pods = { group: '', resource: 'pods' }
const deployments = { group: 'apps', resource: 'deployments' }

test('says in the words that clients match what is not there', () => {
  const error = ApiError.notFound(deployments, 'web')
  assert.equal(error.status, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'deployments.apps "web" not found',
    reason: 'NotFound',
    details: { name: 'web', group: 'apps', kind: 'deployments' },
    code: 404,
  })
  assert.is(ApiError.notFound(pods, 'web').message, 'pods "web" not found')
  assert.is(ApiError.unknownPath().message, 'the server could not find the requested resource')
})

test('conflicts', () => {
  const stale = 'the object has been modified; please apply your changes to the latest version and try again'
  assert.is(ApiError.conflict(pods, 'a').message, `Operation cannot be fulfilled on pods "a": ${stale}`)
  assert.is(ApiError.conflict(pods, 'a', 'no').message, 'Operation cannot be fulfilled on pods "a": no')
  assert.is(ApiError.alreadyExists(pods, 'a').message, 'pods "a" already exists')
  assert.is(ApiError.alreadyExists(pods, 'a').code, 409)
})

test('fields that others own, one or many', () => {
  const one = { message: 'conflict with "kubectl"', field: '.spec.replicas' }
  const other = { message: 'conflict with "helm"', field: '.data' }
  assert.is(ApiError.applyConflict([one]).message, 'Apply failed with 1 conflict: conflict with "kubectl": .spec.replicas')
  const many = ApiError.applyConflict([one, other, { ...one, field: '.x' }])
  assert.is(
    many.message,
    'Apply failed with 3 conflicts: conflicts with "helm":\n- .data\nconflicts with "kubectl":\n- .spec.replicas\n- .x',
  )
  assert.equal(many.status.details?.causes?.[0], { reason: 'FieldManagerConflict', ...one })
})

test('invalid names the Kind, lists each problem once, and keeps the causes', () => {
  const required = { reason: 'FieldValueRequired', field: 'spec.x', message: 'Required value' } as const
  const kind = { group: 'apps', kind: 'Deployment' }
  const one = ApiError.invalid(kind, 'web', [required])
  assert.is(one.message, 'Deployment.apps "web" is invalid: spec.x: Required value')
  assert.is(one.status.details?.kind, 'Deployment')
  const two = ApiError.invalid(kind, 'web', [required, required, { ...required, field: 'spec.y' }])
  assert.is(two.message, 'Deployment.apps "web" is invalid: [spec.x: Required value, spec.y: Required value]')
  assert.is(two.status.details?.causes?.length, 3)
  assert.is(two.code, 422)
})

test('forbidden with a name, without, and without a resource', () => {
  assert.is(ApiError.forbidden(pods, 'a', 'no').message, 'pods "a" is forbidden: no')
  assert.is(ApiError.forbidden(pods, '', 'no').message, 'pods is forbidden: no')
  assert.is(ApiError.forbidden({ group: '', resource: '' }, '', 'no').message, 'forbidden: no')
})

test('each reason has the code that HTTP wants', () => {
  const found = [
    ApiError.badRequest('x'),
    ApiError.unauthorized(),
    ApiError.methodNotAllowed(pods, 'patch'),
    ApiError.notAcceptable(['application/json']),
    ApiError.gone('x'),
    ApiError.expired('x'),
    ApiError.tooLarge('x'),
    ApiError.unsupportedMediaType(['application/json']),
    ApiError.tooManyRequests('x'),
    ApiError.internal(new Error('x')),
    ApiError.serverTimeout(pods, 'create'),
    ApiError.serviceUnavailable('x'),
    ApiError.timeout('x'),
  ].map((error) => `${error.code} ${error.reason}`)
  assert.equal(found, [
    '400 BadRequest',
    '401 Unauthorized',
    '405 MethodNotAllowed',
    '406 NotAcceptable',
    '410 Gone',
    '410 Expired',
    '413 RequestEntityTooLarge',
    '415 UnsupportedMediaType',
    '429 TooManyRequests',
    '500 InternalError',
    '500 ServerTimeout',
    '503 ServiceUnavailable',
    '504 Timeout',
  ])
})

test('too old, too new, and a page that can go on', () => {
  assert.is(ApiError.tooOld(3, 9).message, 'too old resource version: 3 (9)')
  const ahead = ApiError.tooNew(9, 3)
  assert.ok(ahead.message.startsWith('Too large resource version'))
  assert.is(ahead.status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge')
  assert.is(ahead.status.details?.retryAfterSeconds, 1)
  assert.equal(ApiError.expired('x', 'token').status.metadata, { continue: 'token' })
})

test('an internal error keeps its cause for the log', () => {
  const cause = new Error('boom')
  const error = ApiError.internal(cause)
  assert.is(error.cause, cause)
  assert.is(error.message, 'Internal error occurred: boom')
})

test('a reply becomes the error it was, whatever its body', () => {
  const { status } = ApiError.expired('x', 'token')
  assert.equal(ApiError.fromReply(410, JSON.parse(JSON.stringify(status))).status, status)
  const foreign = ApiError.fromReply(502, '<h1>Bad gateway</h1>')
  assert.is(foreign.message, '<h1>Bad gateway</h1>')
  assert.is(foreign.reason, 'InternalError')
  assert.is(ApiError.fromReply(404, undefined).reason, 'NotFound')
  assert.is(ApiError.fromReply(409, {}).reason, 'Conflict')
  assert.is(ApiError.fromReply(418, { kind: 'Status', message: 'tea', reason: 'Teapot' }).reason, 'Teapot')
})

test('the questions answer by reason', () => {
  assert.ok(isNotFound(ApiError.notFound(pods, 'a')))
  assert.ok(isExists(ApiError.alreadyExists(pods, 'a')))
  assert.ok(isConflict(ApiError.conflict(pods, 'a')))
  assert.ok(isGone(ApiError.gone('x')) && isGone(ApiError.tooOld(1, 2)))
  assert.not(isConflict(ApiError.alreadyExists(pods, 'a')))
  assert.not(isNotFound(new Error('not found')))
  assert.not(isNotFound(undefined))
})
