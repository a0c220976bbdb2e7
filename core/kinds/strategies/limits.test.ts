import { assert, test } from '@davit/core/testing'
import { defaulted, findings, type Manifest, spec, updateFindings } from './testing.js'

const range = (...limits: object[]): Manifest => ({ apiVersion: 'v1', kind: 'LimitRange', spec: { limits } })
const quota = (hard: object, more: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  spec: { hard, ...more },
})

test('a container gets its maximum as limit, its limit as request, its minimum as last resort', () => {
  const item = { type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi', cpu: '1' }, default: { memory: '1Gi' } }
  assert.equal(spec(defaulted(range(item))).limits, [
    { ...item, default: { memory: '1Gi', cpu: '2' }, defaultRequest: { memory: '1Gi', cpu: '2' } },
  ])
  const pod = { type: 'Pod', max: { cpu: '2' } }
  assert.equal(spec(defaulted(range(pod))).limits, [pod])
})

const refused: readonly [Manifest, string][] = [
  [
    range({ type: 'Node', max: { cpu: '1' } }),
    'spec.limits[0].type: Invalid value: "Node": must be a standard limit type or fully qualified',
  ],
  [range({ type: 'Pod' }, { type: 'Pod' }), 'spec.limits[1].type: Duplicate value: "Pod"'],
  [range({ type: 'Pod', default: { cpu: '1' } }), "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
  [
    range({ type: 'Pod', max: { cpu: '1' }, min: { cpu: '2' } }),
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
  ],
  [
    range({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } }),
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
  ],
  [
    range({ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }),
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
  ],
  [
    range({ type: 'Pod', max: { cpu: '2' }, min: { cpu: '1' }, maxLimitRequestRatio: { cpu: '3' } }),
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
  ],
  [
    range({ type: 'PersistentVolumeClaim', max: { cpu: '1' } }),
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ],
  [quota({ bogus: '1' }), 'spec.hard[bogus]: Invalid value: "bogus": must be a standard resource for quota'],
  [quota({ pods: '-1' }), 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0'],
  [quota({ pods: '500m' }), 'spec.hard[pods]: Invalid value: "500m": must be an integer'],
  [
    quota({ services: '1' }, { scopes: ['Terminating'] }),
    'spec.scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
  ],
  [
    quota({ cpu: '1' }, { scopes: ['BestEffort'] }),
    'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
  ],
  [
    quota({ pods: '1' }, { scopes: ['BestEffort', 'NotBestEffort'] }),
    'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ],
]
for (const [manifest, expected] of refused) test(`refused: ${expected}`, () => assert.equal(findings(manifest), [expected]))

const allowed: readonly Manifest[] = [
  range({ type: 'example.com/thing', max: { 'example.com/x': '1' } }),
  range({ type: 'PersistentVolumeClaim', min: { storage: '1Gi' } }),
  quota({
    ...{ pods: '1', 'count/jobs.batch': '1', 'requests.example.com/gpu': '1', 'hugepages-2Mi': '1Gi' },
    ...{ 'gold.storageclass.storage.k8s.io/requests.storage': '1Gi', 'requests.ephemeral-storage': '1' },
  }),
  quota({ cpu: '1', pods: '2' }, { scopes: ['NotBestEffort', 'Terminating'] }),
  quota({ pods: '2', 'count/pods': '2' }, { scopes: ['BestEffort'] }),
]
for (const manifest of allowed) test(`allowed: ${JSON.stringify(manifest.spec)}`, () => assert.equal(findings(manifest), []))

const selector = (scopeName: string, operator: string, values?: string[]) =>
  quota({ pods: '1' }, { scopeSelector: { matchExpressions: [{ scopeName, operator, ...(values && { values }) }] } })

test('scope selectors have values where the operator takes some', () => {
  assert.equal(findings(selector('PriorityClass', 'In', ['high'])), [])
  assert.equal(findings(selector('PriorityClass', 'DoesNotExist')), [])
  assert.match(findings(selector('PriorityClass', 'In')).join(), /values: Required value: must be at least one value when/)
  assert.match(
    findings(selector('PriorityClass', 'Exists', ['x'])).join(),
    /values: Invalid value: \["x"\]: must be no value when/,
  )
  assert.match(
    findings(selector('Terminating', 'In', ['x'])).join(),
    /operator: Invalid value: "In": must be 'Exist' when scope is any of/,
  )
})

test('scopes stay as they are, in any order', () => {
  const manifest = quota({ pods: '1' }, { scopes: ['Terminating', 'BestEffort'] })
  const set = (scopes: string[]) => updateFindings(manifest, (object) => Object.assign(spec(object), { scopes }))
  assert.equal(set(['BestEffort', 'Terminating']), [])
  assert.equal(set(['Terminating']), ['spec.scopes: Invalid value: ["Terminating"]: field is immutable'])
})
