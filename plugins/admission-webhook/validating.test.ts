import { ApiHooksToken } from '@davit/core/api'
import {
  configMaps,
  deployments,
  mutatingWebhookConfigurations,
  namespaces,
  nodes,
  pods,
  validatingWebhookConfigurations,
} from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { KubeObject } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { plane, type Review, rule, settled } from './testing.js'

const asked = (hook: { readonly bodies: unknown[] }): Review[] => hook.bodies as Review[]
const objectOf = (apiVersion: string, kind: string, name: string, extra: object = {}) =>
  ({ apiVersion, kind, metadata: { name, namespace: 'default' }, ...extra }) as KubeObject as never

test('a review says all about a create, to the letter', async (t) => {
  const { hook, clients } = await plane(t)
  const server = await hook('all', {})
  const alice = clients.as({ name: 'alice', groups: ['system:masters', 'team'], manager: 'tool' })
  await alice.create(configMaps, objectOf('v1', 'ConfigMap', 'a', { data: { k: 'v' } }), { fieldManager: 'tool' })
  assert.equal(server.paths, ['/all?timeout=10s'])
  const [{ request, ...envelope }] = asked(server)
  assert.equal(envelope, { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' })
  const { uid, object, userInfo, ...rest } = request
  assert.match(uid, /^[0-9a-f-]{36}$/)
  assert.equal([object.kind, object.apiVersion, object.data], ['ConfigMap', 'v1', { k: 'v' }])
  assert.is(userInfo.username, 'alice')
  assert.ok(userInfo.groups.includes('team'))
  assert.equal(rest, {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    requestResource: { group: '', version: 'v1', resource: 'configmaps' },
    name: 'a',
    namespace: 'default',
    operation: 'CREATE',
    oldObject: null,
    dryRun: false,
    options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1', fieldManager: 'tool' },
  })
})

test('updates, patches and deletes: both objects, and their options', async (t) => {
  const { hook, create, client } = await plane(t)
  const made = await create('a')
  const server = await hook('all', {})
  await client.update(configMaps, { ...made, data: { a: '1' } })
  await client.patch(configMaps, 'default', 'a', 'merge', { data: { a: '2' } }, { dryRun: true })
  await client.delete(configMaps, 'default', 'a', { gracePeriodSeconds: 0, propagationPolicy: 'Background' })
  const [update, patched, deleted] = asked(server).map(({ request }) => request)
  assert.equal([update.operation, update.object.data, update.oldObject.data], ['UPDATE', { a: '1' }, undefined])
  assert.is(update.options.kind, 'UpdateOptions')
  assert.equal([patched.operation, patched.dryRun, patched.options.dryRun], ['UPDATE', true, ['All']])
  assert.equal([deleted.operation, deleted.object, deleted.oldObject.data], ['DELETE', null, { a: '1' }])
  assert.equal(deleted.options, {
    kind: 'DeleteOptions',
    apiVersion: 'meta.k8s.io/v1',
    gracePeriodSeconds: 0,
    propagationPolicy: 'Background',
  })
})

test('who denies is named, with the code and the words of the webhook', async (t) => {
  const { hook, create, client } = await plane(t)
  const answers = [
    {},
    { status: { code: 403, message: 'no maps here', reason: 'Forbidden', details: { retryAfterSeconds: 3 } } },
    { status: { code: 200, reason: 'Because' } },
    { status: { status: 'Success', code: 409 } },
  ]
  await hook('deny', { answer: () => ({ allowed: false, ...answers.shift() }) })
  const denied = 'admission webhook "deny.test.example" denied the request'
  const wanted = [
    [400, '', `${denied} without explanation`],
    [403, 'Forbidden', `${denied}: no maps here`],
    [400, 'Because', `${denied}: Because`],
    [409, '', `${denied} without explanation`],
  ]
  for (const [code, reason, message] of wanted) {
    const error = (await assert.rejects(create('a'))) as Error & { code: number; reason: string }
    assert.equal([error.code, error.reason, error.message], [code, reason, message])
  }
  assert.equal((await client.list(configMaps, { namespace: 'default' })).items, [])
})

test('a webhook that fails refuses or lets pass, as it says', async (t) => {
  const { hook, create, client } = await plane(t)
  const bodies: unknown[] = [
    {},
    [],
    { response: { allowed: true } },
    { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v2', response: (uid: string) => ({ uid, allowed: true }) },
    {
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      response: (uid: string) => ({ uid, allowed: true, patchType: 'JSONPatch' }),
    },
    'nonsense',
  ]
  const wanted = [
    'received invalid webhook response: webhook response was absent',
    'received invalid webhook response: webhook response was absent',
    /received invalid webhook response: expected response.uid="[-0-9a-f]{36}", got ""/,
    'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v2, Kind=AdmissionReview',
    'received invalid webhook response: validating webhook may not return response.patchType',
    /failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/bad\?timeout=10s": the reply is no JSON/,
  ]
  await hook('bad', {
    body: ({ request }) => {
      const body = bodies.shift() as { response?: unknown }
      const { response } = body
      return typeof response === 'function' ? { ...body, response: response(request.uid) } : body
    },
  })
  for (const text of wanted) {
    const error = (await assert.rejects(create('a'))) as Error & { code: number; reason: string }
    assert.equal([error.code, error.reason], [500, 'InternalError'])
    assert.match(error.message, 'Internal error occurred: failed calling webhook "bad.test.example": ')
    assert.match(error.message, text)
  }
  const [configuration] = (await client.list(validatingWebhookConfigurations)).items
  const ignoring = structuredClone(configuration) as Review
  ignoring.webhooks[0].failurePolicy = 'Ignore'
  await client.update(validatingWebhookConfigurations, ignoring)
  await settled()
  bodies.push('nonsense')
  assert.ok(await create('a'))
})

test('nobody listens, and nobody answers in time', async (t) => {
  const { hook, create, clock } = await plane(t)
  let heard = (): void => {}
  const asking = new Promise<void>((resolve) => {
    heard = resolve
  })
  await hook('slow', {
    answer: () => {
      heard()
      return 'hang'
    },
    spec: { timeoutSeconds: 2 },
  })
  const creating = assert.rejects(create('a'))
  await asking
  await clock.advance(2000)
  assert.match(
    (await creating).message,
    /^Internal error occurred: failed calling webhook "slow\.test\.example": failed to call webhook: Post "https:\/\/127\.0\.0\.1:\d+\/slow\?timeout=2s": context deadline exceeded$/,
  )
  const other = await plane(t)
  await other.hook('gone', { spec: { clientConfig: { service: { namespace: 'default', name: 'none' } } } })
  assert.match((await assert.rejects(other.create('a'))).message, 'failed to call webhook: service "none" not found')
})

test('only what rules and selectors mean is asked about', async (t) => {
  const { hook, create, client } = await plane(t)
  await client.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'off', labels: { hooks: 'no' } },
    spec: {},
  })
  const server = await hook('some', {
    spec: {
      rules: [rule(['configmaps'], ['CREATE'], [''], ['v1'])],
      namespaceSelector: { matchExpressions: [{ key: 'hooks', operator: 'NotIn', values: ['no'] }] },
      objectSelector: { matchLabels: { ask: 'me' } },
    },
  })
  const made = await create('a', { metadata: { name: 'a', namespace: 'default', labels: { ask: 'me' } } })
  await client.update(configMaps, { ...made, data: {} })
  await create('b')
  await create('c', { metadata: { name: 'c', namespace: 'off', labels: { ask: 'me' } } })
  assert.equal(
    asked(server).map(({ request }) => `${request.operation} ${request.name}`),
    ['CREATE a'],
  )
})

test('an equivalent version is asked about in the form that the rule names; an exact one is not', async (t) => {
  const { hook, client } = await plane(t)
  const rules = [rule(['horizontalpodautoscalers'], ['*'], ['autoscaling'], ['v1'])]
  const equivalent = await hook('equivalent', { spec: { rules } })
  const exact = await hook('exact', { spec: { rules, matchPolicy: 'Exact' } })
  const ref = {
    group: 'autoscaling',
    version: 'v2',
    resource: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    namespaced: true,
  }
  const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } }]
  const spec = { maxReplicas: 3, metrics, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } }
  await client.create(ref, objectOf('autoscaling/v2', 'HorizontalPodAutoscaler', 'h', { spec }))
  assert.is(exact.bodies.length, 0)
  const [{ request }] = asked(equivalent)
  assert.equal([request.kind.version, request.resource.version], ['v1', 'v1'])
  assert.equal([request.requestKind.version, request.requestResource.version], ['v2', 'v2'])
  assert.equal([request.object.apiVersion, request.object.spec.targetCPUUtilizationPercentage], ['autoscaling/v1', 50])
})

test('subresources by their names, with the kinds that they take', async (t) => {
  const { hook, client } = await plane(t)
  await client.create(nodes, objectOf('v1', 'Node', 'n', { metadata: { name: 'n' }, spec: {} }))
  const server = await hook('parts', { spec: { rules: [rule(['pods/*'])] } })
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] }
  const pod = await client.create(pods, objectOf('v1', 'Pod', 'p', { spec }))
  await client.createSubresource(
    pods,
    'default',
    'p',
    'binding',
    objectOf('v1', 'Binding', 'p', { target: { kind: 'Node', name: 'n' } }),
  )
  await client.updateStatus(pods, { ...(await client.get(pods, 'default', 'p')), status: { phase: 'Running' } })
  await client.createSubresource(pods, 'default', 'p', 'eviction', objectOf('policy/v1', 'Eviction', 'p'))
  const seen = asked(server).map(({ request }) => [
    request.operation,
    request.subResource,
    request.kind.kind,
    request.object?.kind,
  ])
  assert.equal(seen, [
    ['CREATE', undefined, 'Pod', 'Pod'],
    ['CREATE', 'binding', 'Binding', 'Binding'],
    ['UPDATE', 'status', 'Pod', 'Pod'],
    ['CREATE', 'eviction', 'Eviction', 'Eviction'],
  ])
  assert.is(asked(server)[3].request.kind.group, 'policy')
  assert.is(asked(server)[2].request.oldObject.metadata.uid, pod.metadata.uid)
})

test('an eviction and a binding that are denied do not happen', async (t) => {
  const { hook, client } = await plane(t)
  await client.create(nodes, objectOf('v1', 'Node', 'n', { metadata: { name: 'n' }, spec: {} }))
  await hook('never', { answer: () => ({ allowed: false }), spec: { rules: [rule(['pods/binding', 'pods/eviction'])] } })
  const spec = { automountServiceAccountToken: false, containers: [{ name: 'c', image: 'i' }] }
  await client.create(pods, objectOf('v1', 'Pod', 'p', { spec }))
  const binding = objectOf('v1', 'Binding', 'p', { target: { kind: 'Node', name: 'n' } })
  await assert.rejects(client.createSubresource(pods, 'default', 'p', 'binding', binding), 'denied the request')
  await assert.rejects(
    client.createSubresource(pods, 'default', 'p', 'eviction', objectOf('policy/v1', 'Eviction', 'p')),
    'denied',
  )
  assert.is((await client.get(pods, 'default', 'p')).spec.nodeName, undefined)
})

test('all are asked, and the first in order of names has the word', async (t) => {
  const { hook, create } = await plane(t)
  const later = await hook('b', { answer: () => ({ allowed: false, status: { message: 'b' } }) })
  const first = await hook('a', { answer: () => ({ allowed: false, status: { message: 'a' } }) })
  assert.match((await assert.rejects(create('x'))).message, '"a.test.example" denied the request: a')
  assert.equal([first.bodies.length, later.bodies.length], [1, 1])
})

test('a dry run does not reach a webhook with side effects', async (t) => {
  const { hook, client } = await plane(t)
  const server = await hook('pure', { spec: { sideEffects: 'NoneOnDryRun' } })
  await client.create(configMaps, objectOf('v1', 'ConfigMap', 'a'), { dryRun: true })
  assert.is(asked(server)[0].request.dryRun, true)
})

test('warnings and annotations', async (t) => {
  const notes: string[] = []
  const listening = definePlugin({
    id: 'zz-test-listening',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.validate, (request) => {
        const { audit, warn } = request
        Object.assign(request, {
          audit(key: string, value: string) {
            notes.push(`${key}=${value}`)
            audit(key, value)
          },
          warn(text: string) {
            notes.push(text)
            warn(text)
          },
        })
        return undefined
      })
      return {}
    },
  })
  const { hook, create } = await plane(t, [{ plugin: listening }])
  await hook('says', { answer: () => ({ warnings: ['mind the gap'], auditAnnotations: { why: 'because' } }) })
  await hook('out', { body: () => 'nonsense', spec: { failurePolicy: 'Ignore' } })
  await create('a')
  assert.equal(notes.sort(), [
    'failed-open.validating.webhook.admission.k8s.io/round_0_index_0=out.test.example',
    'mind the gap',
    'says.test.example/why=because',
  ])
})

test('configurations of webhooks are sent to none', async (t) => {
  const { hook, client } = await plane(t)
  const everything = { rules: [rule(['*/*'])], clientConfig: { service: { namespace: 'default', name: 'gone' } } }
  await hook('all', { spec: everything })
  await hook('more', { mutating: true, spec: everything })
  await assert.rejects(client.create(deployments, objectOf('apps/v1', 'Deployment', 'd')), 'failed calling webhook')
  await client.delete(mutatingWebhookConfigurations, '', 'more')
  await client.delete(validatingWebhookConfigurations, '', 'all')
  await settled()
  assert.ok(await client.create(configMaps, objectOf('v1', 'ConfigMap', 'x')))
})
