import { ApiError, customResourceDefinitions } from '@davit/core/client'
import type { CustomResourceDefinition } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { definition, start, version, widget } from './testing.js'

const integer = { type: 'integer' }
const replicas = { min: integer, max: integer }
/** "widgets" whose spec has these rules. */
function ruled(rules: readonly object[], properties: object = replicas): CustomResourceDefinition {
  const schema = { type: 'object', properties, 'x-kubernetes-validations': rules }
  const whole = { openAPIV3Schema: { type: 'object', properties: { spec: schema } } }
  return definition([version('v1', {}, { schema: whole })])
}

test('rules of the schema hold for creates and updates, with their own words', async (t) => {
  const cluster = await start(t)
  await cluster.define(
    ruled([
      { rule: 'self.min <= self.max', message: 'min must not be above max' },
      { rule: 'self.max >= oldSelf.max', messageExpression: '"max was " + string(oldSelf.max)', reason: 'FieldValueForbidden' },
    ]),
  )
  const refused = await cluster.refused('create', 'widgets', { body: widget('a', { min: 3, max: 2 }) })
  assert.is(refused.code, 422)
  assert.is(refused.message, 'Widget.example.com "a" is invalid: spec: Invalid value: "object": min must not be above max')
  const made = await cluster.object('create', 'widgets', { body: widget('a', { min: 1, max: 5 }) })
  const lower = { name: 'a', body: { ...made, spec: { min: 1, max: 4 } } }
  const later = await cluster.refused('update', 'widgets', lower)
  assert.equal(
    later.details?.causes?.map(({ reason, field }) => [reason, field]),
    [['FieldValueForbidden', 'spec']],
  )
  assert.match(later.message, 'max was 5')
  const raised = await cluster.object('update', 'widgets', { name: 'a', body: { ...made, spec: { min: 1, max: 9 } } })
  assert.equal(raised.spec, { min: 1, max: 9 })
})

test('what the schema refuses for its type or size is not asked of the rules, and that is said; the rest is', async (t) => {
  const cluster = await start(t)
  await cluster.define(ruled([{ rule: 'self.min <= self.max', message: 'min must not be above max' }]))
  const refused = await cluster.refused('create', 'widgets', { body: widget('a', { min: 'many', max: 1 }) })
  assert.match(refused.message, 'must be of type integer')
  assert.not.match(refused.message, 'min must not be above max')
  const unchecked = 'some validation rules were not checked because the object was invalid'
  assert.match(refused.message, `<nil>: Invalid value: "null": ${unchecked}`)
})

test('what the schema refuses for its value is refused together with what the rules refuse', async (t) => {
  const cluster = await start(t)
  const bounded = { min: { ...integer, minimum: 0 }, max: integer }
  await cluster.define(ruled([{ rule: 'self.min <= self.max', message: 'min must not be above max' }], bounded))
  const both = await cluster.refused('create', 'widgets', { body: widget('b', { min: -1, max: -2 }) })
  assert.equal(
    both.details?.causes?.map(({ field }) => field),
    ['spec.min', 'spec'],
  )
  assert.not.match(both.message, 'were not checked')
})

test('a definition whose rule does not compile is refused where the rule stands', async (t) => {
  const cluster = await start(t)
  const bad = ruled([{ rule: 'self.mni <= self.max' }])
  const error = await cluster.client.create(customResourceDefinitions, bad).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof ApiError)
  assert.is(error.status.code, 422)
  assert.match(error.message, 'spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule')
  assert.not.ok(cluster.isServed())
})

test('a rule that is changed holds from then on', async (t) => {
  const cluster = await start(t)
  await cluster.define(ruled([{ rule: 'self.max < 5' }]))
  assert.is((await cluster.refused('create', 'widgets', { body: widget('a', { max: 7 }) })).code, 422)
  const stands = await cluster.find()
  await cluster.client.update(customResourceDefinitions, { ...stands, spec: ruled([{ rule: 'self.max < 9' }]).spec })
  await cluster.quiet()
  await cluster.object('create', 'widgets', { body: widget('a', { max: 7 }) })
})
