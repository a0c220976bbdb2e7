import { assert, test } from '@davit/core/testing'
import { created, findings, type Manifest } from './testing.js'

const container = { name: 'main', image: 'work:1' }
const pod = { restartPolicy: 'Never', containers: [container] }
const job = (fields: object = {}, metadata: object = { name: 'x' }): Manifest => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata,
  spec: { template: { spec: pod }, ...fields },
})
const indexed = (fields: object = {}, metadata: object = { name: 'x' }) =>
  job({ completionMode: 'Indexed', completions: 5, parallelism: 1, ...fields }, metadata)
const failure = (rule: object, fields: object = {}) => job({ podFailurePolicy: { rules: [rule] }, ...fields })
const exit = (requirement: object) => failure({ action: 'Ignore', onExitCodes: { operator: 'In', values: [1], ...requirement } })
const success = (rule: object) => indexed({ successPolicy: { rules: [rule] } })
const cron = (spec: object) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  spec: { schedule: '@daily', jobTemplate: { spec: { template: { spec: pod }, ...spec } } },
})

for (const [index, manifest] of [
  job({ managedBy: 'example.com/queue' }),
  indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 5 }),
  indexed({ completions: 200_000, parallelism: 100_000 }),
  indexed({}, { name: 'x'.repeat(61) }),
  failure({ action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [1, 2, 42] } }),
  failure({ action: 'Count', onExitCodes: { operator: 'NotIn', values: [0, 1] } }),
  failure({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }),
  success({ succeededIndexes: '0,2-4', succeededCount: 2 }),
  success({ succeededCount: 5 }),
  cron({ completionMode: 'Indexed', completions: 2 }),
].entries()) {
  test(`sound: ${manifest.kind} ${index}`, () => assert.equal(findings(manifest), []))
}

const rule = 'spec.podFailurePolicy.rules[0]'
const won = 'spec.successPolicy.rules[0]'
const cases: readonly (readonly [Manifest, string])[] = [
  [job({ maxFailedIndexes: 1 }), 'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified'],
  [job({ maxFailedIndexes: 1 }), 'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode'],
  [job({ managedBy: 'queue' }), 'spec.managedBy: Invalid value: "queue": must be a domain-prefixed path (such as "acme.io/foo")'],
  [job({ managedBy: `a.b/${'x'.repeat(60)}` }), 'spec.managedBy: Too long: may not be more than 63 bytes'],
  [
    indexed({ parallelism: 100_001 }),
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed',
  ],
  [
    indexed({ backoffLimitPerIndex: 1, maxFailedIndexes: 6 }),
    'spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions',
  ],
  [
    indexed({ completions: 100_001, backoffLimitPerIndex: 1 }),
    'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
  ],
  [
    indexed({ completions: 100_001, parallelism: 10_001, backoffLimitPerIndex: 1, maxFailedIndexes: 1 }),
    'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index',
  ],
  [
    indexed({ completions: 1001 }, { name: 'x'.repeat(60) }),
    `metadata.name: Invalid value: "${'x'.repeat(60)}": will not able to create pod with invalid DNS label: ${'x'.repeat(60)}-1000`,
  ],
  [
    failure({ action: 'FailIndex', onExitCodes: { operator: 'In', values: [1] } }),
    `${rule}.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex field to be set`,
  ],
  [failure({ action: 'Ignore' }), `${rule}: Invalid value: "": specifying one of OnExitCodes and OnPodConditions is required`],
  [
    failure({
      action: 'Ignore',
      onExitCodes: { operator: 'In', values: [1] },
      onPodConditions: [{ type: 'Ready', status: 'True' }],
    }),
    `${rule}: Invalid value: "": specifying both OnExitCodes and OnPodConditions is not supported`,
  ],
  [exit({ values: [] }), `${rule}.onExitCodes.values: Invalid value: []: at least one value is required`],
  [exit({ values: [0] }), `${rule}.onExitCodes.values[0]: Invalid value: 0: must not be 0 for the In operator`],
  [exit({ values: [2, 1] }), `${rule}.onExitCodes.values: Invalid value: [2,1]: must be ordered`],
  [
    exit({ containerName: 'other' }),
    `${rule}.onExitCodes.containerName: Invalid value: "other": must be one of the container or initContainer names in the pod template`,
  ],
  [
    failure({ action: 'Ignore', onPodConditions: [{ type: 'Ready', status: 'Maybe' }] }),
    `${rule}.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"`,
  ],
  [
    job({ podFailurePolicy: { rules: [] }, template: { spec: { ...pod, restartPolicy: 'OnFailure' } } }),
    'spec.template.spec.restartPolicy: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified',
  ],
  [
    job({ podFailurePolicy: { rules: [] }, podReplacementPolicy: 'TerminatingOrFailed' }),
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"',
  ],
  [
    indexed({ successPolicy: { rules: [] } }),
    'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified',
  ],
  [success({}), `${won}: Required value: at least one of succeededCount or succeededIndexes must be specified`],
  [
    success({ succeededIndexes: '5' }),
    `${won}.succeededIndexes: Invalid value: "5": error parsing succeededIndexes: too large index: "5"`,
  ],
  [
    success({ succeededIndexes: '2,1' }),
    `${won}.succeededIndexes: Invalid value: "2,1": error parsing succeededIndexes: non-increasing order, previous: 2, current: 1`,
  ],
  [
    success({ succeededIndexes: '1-x' }),
    `${won}.succeededIndexes: Invalid value: "1-x": error parsing succeededIndexes: cannot convert string to integer for index: "x"`,
  ],
  [
    success({ succeededCount: 6 }),
    `${won}.succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)`,
  ],
  [
    success({ succeededIndexes: '0-1', succeededCount: 3 }),
    `${won}.succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)`,
  ],
  [
    cron({ manualSelector: true }),
    'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"',
  ],
  [
    job({ selector: { matchLabels: { app: 'x' } }, template: { metadata: { labels: { app: 'x' } }, spec: pod } }),
    'spec.selector: Invalid value: {"matchLabels":{"app":"x","batch.kubernetes.io/controller-uid":"uid-1"}}: `selector` not auto-generated',
  ],
]
for (const [manifest, error] of cases) {
  test(`refused: ${error.slice(0, 120)}`, () => assert.ok(findings(manifest).includes(error), findings(manifest).join('\n')))
}

test('a Job made from what another has become is refused: it would count the Pods of that one', () => {
  const old = created(job())
  const { spec } = structuredClone(old) as unknown as { spec: object }
  const again: Manifest = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'x', uid: 'uid-2' }, spec }
  const found = findings(again).join('\n')
  assert.match(found, /spec\.template\.metadata\.labels\[controller-uid\]: Invalid value: .*: must be 'uid-2'/)
})
