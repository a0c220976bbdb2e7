import type { ApiError } from '../client/contract.js'
import { createRegistry, type KubeObject, type ResourceKind } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { type AdmissionRequest, admittedNamespace, createRuleMatcher, type MatchCriteria, type MatchRule } from './contract.js'
import { createNotes } from './notes.js'
import { root } from './testing.js'

const kinds = createRegistry()
const matcher = createRuleMatcher(kinds)

function kind(apiVersion: string, name: string): ResourceKind {
  const found = kinds.kind(apiVersion, name)
  if (!found) throw new Error(`no ${name}`)
  return found
}
function request(of: ResourceKind, rest: Partial<AdmissionRequest> = {}): AdmissionRequest {
  const { warn, audit } = createNotes()
  const namespace = of.namespaced ? 'default' : ''
  return { operation: 'CREATE', kind: of, subresource: '', namespace, name: 'a', user: root, dryRun: false, warn, audit, ...rest }
}
const labelled = (labels: Record<string, string>, name = 'a'): KubeObject =>
  ({ apiVersion: 'v1', kind: 'Any', metadata: { name, labels } }) as KubeObject
const everything: MatchRule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'], scope: '*' }
const matches = (criteria: MatchCriteria, asked: AdmissionRequest, namespace?: KubeObject): boolean =>
  matcher.match(criteria, asked, namespace) !== undefined
const rule = (rest: MatchRule, asked: AdmissionRequest): boolean =>
  matches({ resourceRules: [{ ...everything, ...rest }] }, asked)

const pod = kind('v1', 'Pod')
const deployment = kind('apps/v1', 'Deployment')
const node = kind('v1', 'Node')
const namespace = kind('v1', 'Namespace')

test('a rule covers by operation, group, version and resource, each by name or by "*"', () => {
  const asked = request(deployment, { operation: 'UPDATE' })
  for (const [rest, expected] of [
    [{}, true],
    [{ operations: ['CREATE'] }, false],
    [{ operations: ['CREATE', 'UPDATE'] }, true],
    [{ operations: [] }, false],
    [{ operations: undefined }, false],
    [{ apiGroups: [''] }, false],
    [{ apiGroups: ['apps'] }, true],
    [{ apiVersions: ['v1beta1'] }, false],
    [{ apiVersions: ['v1'] }, true],
    [{ resources: ['deployments'] }, true],
    [{ resources: ['deployment'] }, false],
    [{ resources: ['pods', 'deployments'] }, true],
    [{ resources: undefined }, false],
  ] as const)
    assert.is(rule(rest, asked), expected, JSON.stringify(rest))
  assert.is(rule({ apiGroups: [''] }, request(pod)), true)
})

test('subresources are named, or all of them by "/*"; "*" alone has none', () => {
  const covered = (named: string, subresource: string): boolean => rule({ resources: [named] }, request(pod, { subresource }))
  const table: [string, string, boolean][] = [
    ['*', '', true],
    ['*', 'status', false],
    ['*/*', '', true],
    ['*/*', 'exec', true],
    ['*/scale', 'scale', true],
    ['*/scale', '', false],
    ['pods', 'status', false],
    ['pods/status', 'status', true],
    ['pods/status', '', false],
    ['pods/*', 'exec', true],
    ['nodes/*', 'exec', false],
  ]
  for (const [named, subresource, expected] of table) assert.is(covered(named, subresource), expected, `${named} ${subresource}`)
})

test('scopes: a Namespace is of the cluster', () => {
  for (const [scope, of, expected] of [
    ['Namespaced', pod, true],
    ['Cluster', pod, false],
    ['Namespaced', node, false],
    ['Cluster', node, true],
    ['Namespaced', namespace, false],
    ['Cluster', namespace, true],
    [undefined, pod, true],
  ] as const)
    assert.is(rule({ scope }, request(of)), expected, `${scope} ${of.kind}`)
})

test('names narrow a rule; a name that is yet to be generated is none of them', () => {
  assert.is(rule({ resourceNames: ['a'] }, request(pod)), true)
  assert.is(rule({ resourceNames: ['b'] }, request(pod)), false)
  assert.is(rule({ resourceNames: [] }, request(pod)), true)
  assert.is(rule({ resourceNames: ['a'] }, request(pod, { name: '' })), false)
})

test('without rules everything is meant, and what is excluded is not', () => {
  assert.is(matches({}, request(pod)), true)
  assert.is(matches({ resourceRules: [] }, request(node)), true)
  const criteria = { resourceRules: [everything], excludeResourceRules: [{ ...everything, resources: ['pods'] }] }
  assert.is(matches(criteria, request(pod)), false)
  assert.is(matches(criteria, request(deployment)), true)
  assert.is(matches({ excludeResourceRules: [{ ...everything, resources: ['pods'] }] }, request(pod)), false)
})

test('an object is selected by the labels that it has or had', () => {
  const criteria = { objectSelector: { matchLabels: { app: 'web' } } }
  const [web, other] = [labelled({ app: 'web' }), labelled({ app: 'db' })]
  const select = (rest: Partial<AdmissionRequest>): boolean => matches(criteria, request(pod, rest))
  assert.is(select({ object: web }), true)
  assert.is(select({ object: other }), false)
  assert.is(select({ operation: 'UPDATE', object: other, oldObject: web }), true)
  assert.is(select({ operation: 'DELETE', oldObject: web }), true)
  assert.is(select({ operation: 'CONNECT', subresource: 'exec' }), false, 'a stream has no labels')
  assert.is(matches({ objectSelector: {} }, request(pod, { operation: 'CONNECT' })), true)
  const unequal = { objectSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] } }
  assert.is(matches(unequal, request(pod, { object: labelled({}) })), true)
})

test('a namespace is selected by its labels; what lies in none always is', () => {
  const criteria = { namespaceSelector: { matchLabels: { team: 'a' } } }
  assert.is(matches(criteria, request(pod), labelled({ team: 'a' })), true)
  assert.is(matches(criteria, request(pod), labelled({ team: 'b' })), false)
  assert.is(matches(criteria, request(node)), true)
  assert.is(matches({ namespaceSelector: {} }, request(pod)), true, 'an empty selector need not know the namespace')
})

test('a namespace that is missing is an error only where it decides', () => {
  const criteria = { resourceRules: [{ ...everything, resources: ['pods'] }], namespaceSelector: { matchLabels: { team: 'a' } } }
  try {
    matcher.match(criteria, request(pod), undefined)
    assert.unreachable()
  } catch (error) {
    assert.is((error as ApiError).code, 404)
    assert.is((error as ApiError).message, 'namespaces "default" not found')
  }
  assert.is(matches(criteria, request(deployment)), false)
})

test('a Namespace lies in itself, with the labels that it will have', () => {
  const criteria = { namespaceSelector: { matchLabels: { team: 'a' } } }
  const asked = request(namespace, { name: 'one', object: labelled({ team: 'a' }, 'one') })
  assert.is(admittedNamespace(asked), 'one')
  assert.is(admittedNamespace(request(pod)), 'default')
  assert.is(admittedNamespace(request(node)), '')
  assert.is(matches(criteria, asked), true)
  assert.is(matches(criteria, { ...asked, object: labelled({}, 'one') }, labelled({ team: 'a' }, 'one')), false)
  const gone = request(namespace, { name: 'one', operation: 'DELETE', oldObject: labelled({ team: 'a' }, 'one') })
  assert.is(matches(criteria, gone, labelled({ team: 'a' }, 'one')), true)
})

test('Equivalent finds other versions of the same stored objects; Exact does not', () => {
  const [v1, v2] = [kind('autoscaling/v1', 'HorizontalPodAutoscaler'), kind('autoscaling/v2', 'HorizontalPodAutoscaler')]
  const rules = [{ ...everything, apiGroups: ['autoscaling'], apiVersions: ['v2'] }]
  assert.is(matcher.match({ resourceRules: rules, matchPolicy: 'Equivalent' }, request(v1), undefined), v2)
  assert.is(matcher.match({ resourceRules: rules, matchPolicy: 'Exact' }, request(v1), undefined), undefined)
  assert.is(matcher.match({ resourceRules: rules, matchPolicy: 'Equivalent' }, request(v2), undefined), v2)
  const events = [{ ...everything, apiGroups: [''], resources: ['events'] }]
  const newer = kind('events.k8s.io/v1', 'Event')
  assert.is(matcher.match({ resourceRules: events, matchPolicy: 'Equivalent' }, request(newer), undefined), kind('v1', 'Event'))
  const excluded = { matchPolicy: 'Equivalent', resourceRules: [everything], excludeResourceRules: rules }
  assert.is(matcher.match(excluded, request(v1), undefined), undefined)
})

test('what is equivalent follows kinds that come and go', () => {
  const own = createRegistry()
  const following = createRuleMatcher(own)
  const criteria = { resourceRules: [{ ...everything, apiVersions: ['v1alpha1'] }], matchPolicy: 'Equivalent' }
  assert.is(following.match(criteria, request(pod), undefined), undefined)
  const other = { ...pod, version: 'v1alpha1', apiVersion: 'v1alpha1' }
  const remove = own.register(other)
  assert.is(following.match(criteria, request(pod), undefined), other)
  remove()
  assert.is(following.match(criteria, request(pod), undefined), undefined)
})

test('objects are shown in the version that the rule names', async () => {
  const [v1, v2] = [kind('autoscaling/v1', 'HorizontalPodAutoscaler'), kind('autoscaling/v2', 'HorizontalPodAutoscaler')]
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'a' }, maxReplicas: 3, targetCPUUtilizationPercentage: 50 }
  const object = { apiVersion: 'autoscaling/v1', kind: 'HorizontalPodAutoscaler', metadata: { name: 'a' }, spec } as KubeObject
  const shown = (await matcher.convert(object, v1, v2)) as KubeObject & { spec: { metrics: { resource: { name: string } }[] } }
  assert.is(shown.apiVersion, 'autoscaling/v2')
  assert.is(shown.spec.metrics[0]?.resource.name, 'cpu')
  const back = (await matcher.convert(shown, v2, v1)) as KubeObject & { spec: { targetCPUUtilizationPercentage: number } }
  assert.is(back.spec.targetCPUUtilizationPercentage, 50)
  assert.is(await matcher.convert(object, v1, v1), object)
})
