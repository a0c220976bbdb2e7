import { ApiPipelineToken, createNotes, type RequestNotes } from '@davit/core/api'
import {
  type ApiError,
  type Client,
  configMaps,
  namespaces,
  pods,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from '@davit/core/client'
import type {
  Pod,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicySpec,
} from '@davit/core/kinds'
import { assert, type Booted, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const apiVersion = 'admissionregistration.k8s.io/v1'
type Spec = Partial<ValidatingAdmissionPolicySpec>
type BindingSpec = Partial<ValidatingAdmissionPolicyBinding['spec']>

const onPods = {
  resourceRules: [{ operations: ['*' as const], apiGroups: [''], apiVersions: ['v1'], resources: ['pods', 'pods/exec'] }],
}
const onMaps = {
  resourceRules: [{ operations: ['*' as const], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
}

const policy = (name: string, spec: Spec): ValidatingAdmissionPolicy => ({
  apiVersion,
  kind: 'ValidatingAdmissionPolicy',
  metadata: { name },
  spec: { matchConstraints: onMaps, ...spec },
})
const binding = (name: string, policyName: string, spec: BindingSpec = {}): ValidatingAdmissionPolicyBinding => ({
  apiVersion,
  kind: 'ValidatingAdmissionPolicyBinding',
  metadata: { name },
  spec: { policyName, validationActions: ['Deny'], ...spec },
})
const map = (name: string, data: Record<string, string> = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...metadata },
  data,
})
const pod = (name: string, image: string, spec: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'main', image }], ...spec },
  }) as Pod

async function start(t: TestContext): Promise<{ plane: Booted; root: Client }> {
  const plane = await boot({ plugins: [{ plugin }] })
  t.defer(() => plane.stop())
  return { plane, root: plane.client }
}
/** Policies are heard of by informers. */
async function settled({ clock }: Booted): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await clock.advance(1)
}
async function enforce(plane: Booted, spec: Spec, bound: BindingSpec = {}, name = 'rule'): Promise<void> {
  await plane.client.create(validatingAdmissionPolicies, policy(name, spec))
  await plane.client.create(validatingAdmissionPolicyBindings, binding(`${name}-everywhere`, name, bound))
  await settled(plane)
}
async function refused(call: Promise<unknown>): Promise<ApiError> {
  return (await assert.rejects(call)) as ApiError
}
/** A request whose notes are looked at. */
async function noted(plane: Booted, body: object, name: string): Promise<RequestNotes> {
  const notes = createNotes()
  const request = {
    verb: 'create',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'default',
    name: '',
    query: {},
  } as const
  const user = { name: 'alice', groups: ['system:masters'] }
  await plane.kernel
    .get(ApiPipelineToken)
    .handle({ ...request, user, userAgent: 'test', body, notes })
    .catch((error: Error) => assert.match(error.message, name))
  return notes
}

test('a request that a policy does not want is refused with its code, message and cause', async (t) => {
  const { plane, root } = await start(t)
  await enforce(plane, { validations: [{ expression: "object.data.?size.orValue('') == 'small'" }] })
  const error = await refused(root.create(configMaps, map('a', { size: 'large' })))
  const message = `ValidatingAdmissionPolicy 'rule' with binding 'rule-everywhere' denied request: failed expression: object.data.?size.orValue('') == 'small'`
  assert.is(error.code, 422)
  assert.is(error.reason, 'Invalid')
  assert.is(error.message, `configmaps "a" is forbidden: ${message}`)
  assert.equal(error.status.details, { name: 'a', kind: 'configmaps', causes: [{ message }] })
  await root.create(configMaps, map('a', { size: 'small' }))
})

test('without a binding nothing is refused; with the policy or the binding gone no more', async (t) => {
  const { plane, root } = await start(t)
  await root.create(validatingAdmissionPolicies, policy('rule', { validations: [{ expression: 'false' }] }))
  await settled(plane)
  await root.create(configMaps, map('a'))
  await root.create(validatingAdmissionPolicyBindings, binding('b', 'rule'))
  await settled(plane)
  await refused(root.create(configMaps, map('b')))
  await root.delete(validatingAdmissionPolicyBindings, '', 'b')
  await settled(plane)
  await root.create(configMaps, map('b'))
})

test("message, messageExpression and reason are the policy's own", async (t) => {
  const { plane, root } = await start(t)
  const expression = "object.data.size == 'small'"
  await enforce(plane, { validations: [{ expression, message: 'small, please', reason: 'Forbidden' }] })
  const told = await refused(root.create(configMaps, map('a', { size: 'large' })))
  assert.equal([told.code, told.reason], [403, 'Forbidden'])
  assert.match(told.message, 'denied request: small, please')
  await enforce(
    plane,
    { validations: [{ expression, messageExpression: "'not ' + object.data.size", message: 'x' }] },
    {},
    'a-first',
  )
  assert.match(
    (await refused(root.create(configMaps, map('a', { size: 'large' })))).message,
    "'a-first' with binding 'a-first-everywhere' denied request: not large",
  )
})

test('an expression that fails refuses, unless the policy ignores failures', async (t) => {
  const { plane, root } = await start(t)
  const validations = [{ expression: "object.data.gone == 'x'" }]
  await enforce(plane, { validations, failurePolicy: 'Ignore' })
  await root.create(configMaps, map('a'))
  await enforce(plane, { validations }, {}, 'strict')
  const error = await refused(root.create(configMaps, map('b', { k: 'v' })))
  assert.match(error.message, "denied request: expression 'object.data.gone == 'x'' resulted in error: no such key: gone")
  assert.is(error.code, 422)
})

test('what an expression sees: object, oldObject, request, namespaceObject', async (t) => {
  const { plane, root } = await start(t)
  const expression = [
    "request.operation != 'UPDATE' || (oldObject.data.k == 'old' && object.data.k == 'new')",
    "request.operation != 'CREATE' || oldObject == null",
    "request.operation != 'DELETE' || (object == null && oldObject.data.k == 'new')",
    "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps' && request.name == 'a'",
    "request.namespace == 'default' && 'system:masters' in request.userInfo.groups && !request.dryRun",
    "namespaceObject.metadata.name == 'default'",
  ].map((one) => ({ expression: one }))
  await enforce(plane, { validations: expression })
  await root.create(configMaps, map('a', { k: 'old' }))
  await root.update(configMaps, map('a', { k: 'new' }))
  await root.delete(configMaps, 'default', 'a')
})

test('variables are worked out when they are asked for, and know those before them', async (t) => {
  const { plane, root } = await start(t)
  const variables = [
    { name: 'size', expression: 'int(object.data.size)' },
    { name: 'twice', expression: 'variables.size * 2' },
    { name: 'never', expression: '1 / 0' },
  ]
  const validations = [{ expression: 'variables.twice < 10', messageExpression: "'twice is ' + string(variables.twice)" }]
  await enforce(plane, { variables, validations })
  await root.create(configMaps, map('a', { size: '4' }))
  assert.match((await refused(root.create(configMaps, map('b', { size: '5' })))).message, 'denied request: twice is 10')
  assert.match(
    (await refused(root.create(configMaps, map('b', { size: 'x' })))).message,
    'composited variable "twice" fails to evaluate: composited variable "size"',
  )
})

test('match conditions decide whether the rest is asked', async (t) => {
  const { plane, root } = await start(t)
  const matchConditions = [
    { name: 'marked', expression: "has(object.data) && 'judge' in object.data" },
    { name: 'failing', expression: "object.data.judge == 'yes' || object.data.gone == ''" },
  ]
  await enforce(plane, { matchConditions, validations: [{ expression: 'false', message: 'no' }] })
  await root.create(configMaps, map('a'))
  assert.match((await refused(root.create(configMaps, map('b', { judge: 'yes' })))).message, 'denied request: no')
  assert.match(
    (await refused(root.create(configMaps, map('b', { judge: 'no' })))).message,
    'resulted in error: no such key: gone',
  )
})

test('a binding warns and notes for the audit log where it does not deny', async (t) => {
  const { plane } = await start(t)
  const auditAnnotations = [
    { key: 'size', valueExpression: "'size ' + object.data.size" },
    { key: 'none', valueExpression: 'null' },
  ]
  const validations = [{ expression: "object.data.size == 'small'", message: 'too large' }]
  await enforce(plane, { validations, auditAnnotations }, { validationActions: ['Warn', 'Audit'] })
  const notes = await noted(plane, map('a', { size: 'large' }), '')
  assert.equal(notes.warnings, [
    "Validation failed for ValidatingAdmissionPolicy 'rule' with binding 'rule-everywhere': too large",
  ])
  assert.is(notes.annotations.get('rule/size'), 'size large')
  assert.is(notes.annotations.has('rule/none'), false)
  assert.equal(JSON.parse(notes.annotations.get('validation.policy.admission.k8s.io/validation_failure') ?? ''), [
    {
      message: 'too large',
      policy: 'rule',
      binding: 'rule-everywhere',
      expressionIndex: 0,
      validationActions: ['Warn', 'Audit'],
    },
  ])
  assert.is((await noted(plane, map('b', { size: 'small' }), '')).warnings.length, 0)
})

test('policies are for what their rules, selectors and bindings name', async (t) => {
  const { plane, root } = await start(t)
  await root.create(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'team', labels: { strict: 'yes' } },
    spec: {},
  })
  const matchConstraints = { ...onMaps, objectSelector: { matchExpressions: [{ key: 'exempt', operator: 'DoesNotExist' }] } }
  const matchResources = { namespaceSelector: { matchLabels: { strict: 'yes' } } }
  await enforce(plane, { matchConstraints, validations: [{ expression: 'false' }] }, { matchResources })
  await root.create(configMaps, map('a'))
  await refused(root.create(configMaps, { ...map('a'), metadata: { name: 'a', namespace: 'team' } }))
  await root.create(configMaps, { ...map('a'), metadata: { name: 'a', namespace: 'team', labels: { exempt: 'yes' } } })
})

test("parameters: by name, by selector, of the request's namespace, and missing ones", async (t) => {
  const { plane, root } = await start(t)
  const spec: Spec = {
    matchConstraints: onPods,
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [
      {
        expression: 'params == null || object.spec.containers.all(c, c.image.startsWith(params.data.registry))',
        messageExpression: "'only ' + params.data.registry",
      },
    ],
  }
  await enforce(plane, spec, { paramRef: { name: 'allowed', parameterNotFoundAction: 'Deny' } })
  const missing = await refused(root.create(pods, pod('a', 'web:1')))
  assert.match(
    missing.message,
    'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
  )
  await root.create(configMaps, map('allowed', { registry: 'own/' }))
  await root.create(pods, pod('a', 'own/web:1'))
  assert.match((await refused(root.create(pods, pod('b', 'web:1')))).message, 'denied request: only own/')

  const selected = {
    paramRef: { selector: { matchLabels: { use: 'yes' } }, namespace: 'default', parameterNotFoundAction: 'Allow' },
  }
  await root.delete(validatingAdmissionPolicyBindings, '', 'rule-everywhere')
  await root.create(validatingAdmissionPolicyBindings, binding('selected', 'rule', selected))
  await settled(plane)
  await root.create(pods, pod('b', 'web:1'))
  await root.create(configMaps, map('one', { registry: 'own/' }, { labels: { use: 'yes' } }))
  await root.create(configMaps, map('two', { registry: 'own/web' }, { labels: { use: 'yes' } }))
  await root.create(pods, pod('c', 'own/web:1'))
  assert.match(
    (await refused(root.create(pods, pod('d', 'own/db:1')))).message,
    'denied request: only own/web',
    'all have to agree',
  )
})

test("parameters of a kind that is not served, or in no place, are the policy's fault", async (t) => {
  const { plane, root } = await start(t)
  await enforce(plane, { paramKind: { apiVersion: 'example.com/v1', kind: 'Gone' }, validations: [{ expression: 'true' }] })
  const error = await refused(root.create(configMaps, map('a')))
  assert.match(
    error.message,
    `ValidatingAdmissionPolicy 'rule' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Gone'`,
  )
})

test('the authorizer is asked what it would answer, in the name of who asks or of a service account', async (t) => {
  const { plane, root } = await start(t)
  const asks = (check: string): Spec => ({ validations: [{ expression: check, message: 'not allowed' }] })
  await enforce(plane, asks("authorizer.group('').resource('configmaps').namespace('default').check('create').allowed()"))
  await root.create(configMaps, map('a'))
  await enforce(
    plane,
    asks(
      "authorizer.requestResource().check('update').allowed() || [1, 2].exists(x, x == 2 && authorizer.path('/healthz').check('get').allowed())",
    ),
    {},
    'b',
  )
  await root.create(configMaps, map('b'))
  await enforce(
    plane,
    asks("authorizer.serviceAccount('default', 'nobody').requestResource().check('delete').allowed()"),
    {},
    'c',
  )
  assert.match(
    (await refused(root.create(configMaps, map('c')))).message,
    "'c' with binding 'c-everywhere' denied request: not allowed",
  )
})

test('policies and bindings are never judged, so that a bad one can be mended', async (t) => {
  const { plane, root } = await start(t)
  const everything = { resourceRules: [{ operations: ['*' as const], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }] }
  await enforce(plane, { matchConstraints: everything, validations: [{ expression: 'false' }] })
  await refused(root.create(configMaps, map('a')))
  await root.delete(validatingAdmissionPolicyBindings, '', 'rule-everywhere')
  await root.delete(validatingAdmissionPolicies, '', 'rule')
  await settled(plane)
  await root.create(configMaps, map('a'))
})

test('many writes at once, the first ones after the policy, are all judged', async (t) => {
  const { plane, root } = await start(t)
  await enforce(plane, { validations: [{ expression: "object.data.size == 'small'" }] })
  const sizes = Array.from({ length: 40 }, (_one, index) => (index % 2 === 0 ? 'small' : 'large'))
  const written = await Promise.allSettled(sizes.map((size, index) => root.create(configMaps, map(`m${index}`, { size }))))
  assert.equal(
    written.map(({ status }) => status),
    sizes.map((size) => (size === 'small' ? 'fulfilled' : 'rejected')),
  )
})

test('objects are shown in the version that the rules name, and the request says both', async (t) => {
  const { plane, root } = await start(t)
  const rule = {
    operations: ['CREATE' as const],
    apiGroups: ['autoscaling'],
    apiVersions: ['v2'],
    resources: ['horizontalpodautoscalers'],
  }
  const expressions = [
    "object.spec.metrics[0].resource.name == 'cpu' && object.apiVersion == 'autoscaling/v2'",
    "request.kind.version == 'v2' && request.requestKind.version == 'v1' && request.resource.version == 'v2'",
    'object.spec.maxReplicas < 5',
  ]
  const matchConstraints = { resourceRules: [rule], matchPolicy: 'Equivalent' as const }
  await enforce(plane, { matchConstraints, validations: expressions.map((expression) => ({ expression })) })
  const v1 = {
    group: 'autoscaling',
    version: 'v1',
    resource: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    namespaced: true,
  }
  const scaler = (name: string, maxReplicas: number) => ({
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name, namespace: 'default' },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'a' }, maxReplicas, targetCPUUtilizationPercentage: 50 },
  })
  await root.create(v1, scaler('a', 3))
  assert.match((await refused(root.create(v1, scaler('b', 9)))).message, 'failed expression: object.spec.maxReplicas < 5')
})

test('what costs too much is refused, and the server goes on', async (t) => {
  const { plane, root } = await start(t)
  const list = `[${Array.from({ length: 500 }, (_one, index) => index).join(',')}]`
  await enforce(plane, { validations: [{ expression: `${list}.all(a, ${list}.all(b, ${list}.all(c, a + b + c >= 0)))` }] })
  assert.match((await refused(root.create(configMaps, map('a')))).message, 'operation cancelled: actual cost limit exceeded')
})

test('what is wrong with a policy or a binding is said when it is written', async (t) => {
  const { root } = await start(t)
  const wrong = async (spec: Spec): Promise<string[]> => {
    const { status } = await refused(root.create(validatingAdmissionPolicies, policy('wrong', spec)))
    assert.equal([status.code, status.reason], [422, 'Invalid'])
    return (status.details?.causes ?? []).map(({ field, message }) => `${field}: ${message?.split('\n')[0]}`)
  }
  const validations = [{ expression: 'true' }]
  assert.equal(await wrong({ validations: [{ expression: 'object.x >' }, { expression: 'nothing' }, { expression: '1' }] }), [
    'spec.validations[0].expression: Invalid value: "object.x >": compilation failed: ERROR: <input>:1:11: Syntax error: Unexpected token: EOF',
    `spec.validations[1].expression: Invalid value: "nothing": compilation failed: ERROR: <input>:1:1: undeclared reference to 'nothing' (in container '')`,
    'spec.validations[2].expression: Invalid value: "1": must evaluate to bool but got int',
  ])
  assert.match((await wrong({ validations: [{ expression: 'params.x == 1' }] }))[0] ?? '', "undeclared reference to 'params'")
  assert.match(
    (await wrong({ validations: [{ expression: 'variables.late' }], variables: [{ name: 'a', expression: '1' }] }))[0] ?? '',
    "undefined field 'late'",
  )
  assert.match(
    (await wrong({ validations, variables: [{ name: 'a-b', expression: '1' }] }))[0] ?? '',
    'spec.variables[0].name: Invalid value: "a-b": name is not a valid CEL identifier',
  )
  assert.match(
    (await wrong({ validations, auditAnnotations: [{ key: 'k', valueExpression: '1' }] }))[0] ?? '',
    'must evaluate to one of [string null]',
  )
  assert.match((await wrong({ validations: [{ expression: 'request.nope == 1' }] }))[0] ?? '', "undefined field 'nope'")
  assert.match(
    (await wrong({ validations: [{ expression: 'true', reason: 'Odd' }] }))[0] ?? '',
    'spec.validations[0].reason: Unsupported value: "Odd"',
  )
  assert.match(
    (await wrong({ validations, matchConstraints: {} }))[0] ?? '',
    'spec.matchConstraints.resourceRules: Required value',
  )

  const unbound = async (spec: BindingSpec): Promise<string> =>
    (await refused(root.create(validatingAdmissionPolicyBindings, binding('wrong', 'any', spec)))).message
  assert.match(await unbound({ validationActions: ['Deny', 'Warn'] }), 'must not contain both Deny and Warn')
  assert.match(await unbound({ paramRef: { parameterNotFoundAction: 'Deny' } }), 'one of name or selector must be specified')
  assert.match(await unbound({ validationActions: ['Shout' as never] }), 'spec.validationActions[0]: Unsupported value: "Shout"')
})

test('the status says what was seen of a policy, and which fields its kinds do not have', async (t) => {
  const { plane, root } = await start(t)
  const validations = [{ expression: 'object.spec.replicas > 1' }, { expression: "object.spec.nodeName != 'x'" }]
  await root.create(validatingAdmissionPolicies, policy('checked', { matchConstraints: onPods, validations }))
  const seen = async (): Promise<ValidatingAdmissionPolicy> => {
    for (;;) {
      const found = await root.get(validatingAdmissionPolicies, '', 'checked')
      if (found.status?.observedGeneration === found.metadata.generation) return found
      await plane.clock.advance(1)
    }
  }
  const { status } = await seen()
  assert.equal(status?.typeChecking?.expressionWarnings, [
    {
      fieldRef: 'spec.validations[0].expression',
      warning: "/v1, Kind=Pod: ERROR: <input>:1:12: undefined field 'replicas'\n | object.spec.replicas > 1\n | ...........^",
    },
  ])
  const { metadata, spec } = await seen()
  await root.update(validatingAdmissionPolicies, {
    ...policy('checked', {}),
    metadata,
    spec: { ...spec, validations: validations.slice(1) },
  })
  const mended = await seen()
  assert.is(mended.status?.observedGeneration, 2)
  assert.is(mended.status?.typeChecking?.expressionWarnings, undefined)
})
