import { ApiHooksToken } from '@davit/core/api'
import {
  ApiError,
  type Client,
  ClientsToken,
  configMaps,
  mutatingWebhookConfigurations,
  validatingWebhookConfigurations,
} from '@davit/core/client'
import type { ConfigMap, KubeObject, MatchCondition } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { patch, plane, type Review, rule } from './testing.js'

const conditions = (...expressions: string[]): MatchCondition[] =>
  expressions.map((expression, index) => ({ name: `c${index}`, expression }))
const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})
async function refusal(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => assert.unreachable('it was let through'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ApiError)
  return error
}
const configuration = (matchConditions: MatchCondition[]): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'a' },
  ...{
    webhooks: [
      {
        name: 'a.test.example',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [rule(['configmaps'])],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        matchConditions,
      },
    ],
  },
})

test('a webhook hears of what all its conditions hold for, and of nothing else', async (t) => {
  const { hook, client } = await plane(t)
  const asked: string[] = []
  await hook('some', {
    answer: ({ request }: Review) => {
      asked.push(`${request.operation} ${request.name}`)
      return {}
    },
    spec: {
      matchConditions: conditions(
        'request.operation == "DELETE" || object.data["wanted"] == "yes"',
        'request.operation != "UPDATE" || object.data != oldObject.data',
      ),
      failurePolicy: 'Fail',
    },
  })
  const made = await client.create(configMaps, map('a', { wanted: 'yes' }))
  await client.create(configMaps, map('b', { wanted: 'no' }))
  const labelled = await client.update(configMaps, { ...made, metadata: { ...made.metadata, labels: { x: 'y' } } })
  await client.update(configMaps, { ...labelled, data: { wanted: 'yes', more: '1' } })
  await client.delete(configMaps, 'default', 'b')
  assert.equal(asked, ['CREATE a', 'UPDATE a', 'DELETE b'])
})

test('the request and the rights of its user can be asked for', async (t) => {
  const { hook, kernel } = await plane(t)
  kernel.get(ApiHooksToken).authorize.tap('test', ({ verb, user }) => ({
    allowed: verb !== 'breakglass' || user.name === 'jane',
    reason: '',
  }))
  const asked: string[] = []
  await hook('guard', {
    answer: ({ request }: Review) => {
      asked.push(request.name)
      return {}
    },
    spec: {
      matchConditions: conditions(
        '!("system:nodes" in request.userInfo.groups)',
        '!authorizer.group("admissionregistration.k8s.io").resource("validatingwebhookconfigurations").check("breakglass").allowed()',
      ),
    },
  })
  const as = (name: string, ...groups: string[]): Client => kernel.get(ClientsToken).as({ name, groups })
  await as('jane').create(configMaps, map('by-jane'))
  await as('joe').create(configMaps, map('by-joe'))
  await as('joe', 'system:nodes').create(configMaps, map('by-node'))
  assert.equal(asked, ['by-joe'])
})

test('a mutating webhook sees what those before it have made', async (t) => {
  const { hook, client } = await plane(t)
  await hook('a', { mutating: true, answer: () => patch({ op: 'add', path: '/data/step', value: 'one' }) })
  await hook('b', {
    mutating: true,
    answer: () => patch({ op: 'add', path: '/data/seen', value: 'one' }),
    spec: { matchConditions: conditions('object.data["step"] == "one"') },
  })
  await hook('c', {
    mutating: true,
    answer: () => patch({ op: 'add', path: '/data/never', value: '' }),
    spec: { matchConditions: conditions('object.data["step"] == "two"') },
  })
  const { data } = await client.create(configMaps, map('x', { a: 'b' }))
  assert.equal(data, { a: 'b', step: 'one', seen: 'one' })
})

test('a condition that fails refuses the request or leaves the webhook out, as the failure policy says', async (t) => {
  const { hook, client } = await plane(t)
  let asked = 0
  const answer = (): object => {
    asked++
    return {}
  }
  await hook('open', { answer, spec: { failurePolicy: 'Ignore', matchConditions: conditions('object.data["a"] == "b"') } })
  await client.create(configMaps, map('x'))
  assert.is(asked, 0)
  await hook('closed', { answer, spec: { failurePolicy: 'Fail', matchConditions: conditions('object.data["a"] == "b"') } })
  const error = await refusal(client.create(configMaps, map('y')))
  assert.is(error.code, 403)
  assert.match(error.message, 'configmaps "y" is forbidden: expression \'object.data["a"] == "b"\' resulted in error: ')
  assert.is(asked, 0)
  await hook('false', {
    answer,
    spec: { failurePolicy: 'Fail', matchConditions: conditions('object.data["a"] == "b"', 'false') },
  })
  await client.delete(validatingWebhookConfigurations, '', 'closed')
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
  await client.create(configMaps, map('z'))
  assert.is(asked, 0, 'one that does not hold counts more than one that fails')
})

const bad: readonly (readonly [name: string, conditions: MatchCondition[], field: string, message: RegExp])[] = [
  ['no expression at all', conditions(' '), '[0].expression', /Required value/],
  ['what does not compile', conditions('true', 'object.'), '[1].expression', /Invalid value: "object\.": /],
  ['what is no bool', conditions('"yes"'), '[0].expression', /Invalid value: /],
  ['a variable of policies', conditions('namespaceObject == null'), '[0].expression', /Invalid value: /],
  ['no name', [{ name: '', expression: 'true' }], '[0].name', /Required value/],
  ['a name that is none', [{ name: 'a b', expression: 'true' }], '[0].name', /Invalid value: "a b": /],
  ['two of one name', [...conditions('true'), ...conditions('true')], '[1].name', /Duplicate value: "c0"/],
  ['too many', conditions(...Array.from({ length: 65 }, () => 'true')), '', /Too many: 65: must have at most 64 items/],
]
for (const [name, written, field, message] of bad) {
  test(`is refused when it is written: ${name}`, async (t) => {
    const { client } = await plane(t)
    const error = await refusal(client.create(validatingWebhookConfigurations, configuration(written) as never))
    assert.is(error.code, 422)
    const causes = error.status.details?.causes ?? []
    const cause = causes.find((one) => one.field === `webhooks[0].matchConditions${field}`)
    assert.match(cause?.message ?? JSON.stringify(causes), message)
  })
}

test('what stands is not judged again, and a right one is kept', async (t) => {
  const { client } = await plane(t)
  const made = await client.create(validatingWebhookConfigurations, configuration(conditions('true')) as never)
  const found = await client.get(validatingWebhookConfigurations, '', 'a')
  assert.equal(found.webhooks?.[0]?.matchConditions, conditions('true'))
  await client.update(validatingWebhookConfigurations, { ...found, metadata: { ...found.metadata, labels: { a: 'b' } } })
  assert.ok(made)
  assert.is((await client.list(mutatingWebhookConfigurations)).items.length, 0)
})
