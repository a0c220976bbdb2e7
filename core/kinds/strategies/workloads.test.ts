import { assert, test } from '@davit/core/testing'
import type { KubeObject } from '../contract.js'
import { created, defaulted, findings, type Manifest, spec, updated, updateFindings } from './testing.js'

const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } }
const selector = { matchLabels: { app: 'x' } }
const workload = (kind: string, fields: object = {}): Manifest => ({
  apiVersion: 'apps/v1',
  kind,
  spec: { selector, template, ...fields },
})
const controller = (fields: object = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  spec: { template, ...fields },
})
const job = (fields: object = {}, pod: object = { restartPolicy: 'Never' }): Manifest => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  spec: { template: { spec: { ...template.spec, ...pod } }, ...fields },
})
const cron = (fields: object = {}): Manifest => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  spec: {
    schedule: '*/5 * * * *',
    jobTemplate: { spec: { template: { spec: { ...template.spec, restartPolicy: 'OnFailure' } } } },
    ...fields,
  },
})

const without = (object: KubeObject, ...names: string[]) =>
  Object.fromEntries(Object.entries(spec(object)).filter(([name]) => !names.includes(name)))

const defaults: [name: string, manifest: Manifest, want: object][] = [
  [
    'Deployment',
    workload('Deployment'),
    {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  ],
  [
    'Deployment with its own numbers',
    workload('Deployment', { replicas: 0, strategy: { rollingUpdate: { maxSurge: 1 } }, revisionHistoryLimit: 0 }),
    {
      replicas: 0,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
      revisionHistoryLimit: 0,
      progressDeadlineSeconds: 600,
    },
  ],
  [
    'Deployment that recreates',
    workload('Deployment', { strategy: { type: 'Recreate' } }),
    { replicas: 1, strategy: { type: 'Recreate' }, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 },
  ],
  ['ReplicaSet', workload('ReplicaSet'), { replicas: 1 }],
  [
    'DaemonSet',
    workload('DaemonSet'),
    { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } }, revisionHistoryLimit: 10 },
  ],
  [
    'DaemonSet on delete',
    workload('DaemonSet', { updateStrategy: { type: 'OnDelete' } }),
    { updateStrategy: { type: 'OnDelete' }, revisionHistoryLimit: 10 },
  ],
  [
    'StatefulSet',
    workload('StatefulSet', {
      serviceName: 's',
      volumeClaimTemplates: [{ metadata: { name: 'v' }, spec: { accessModes: ['ReadWriteOnce'] } }],
    }),
    {
      serviceName: 's',
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      revisionHistoryLimit: 10,
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      volumeClaimTemplates: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          metadata: { name: 'v' },
          spec: { accessModes: ['ReadWriteOnce'], volumeMode: 'Filesystem' },
          status: { phase: 'Pending' },
        },
      ],
    },
  ],
  ['ReplicationController', controller(), { replicas: 1, selector: { app: 'x' } }],
  [
    'ReplicationController with a selector',
    controller({ selector: { app: 'x', a: 'b' } }),
    { replicas: 1, selector: { app: 'x', a: 'b' } },
  ],
  [
    'Job',
    job(),
    {
      completions: 1,
      parallelism: 1,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    },
  ],
  [
    'Job as a work queue',
    job({ parallelism: 3 }),
    {
      parallelism: 3,
      backoffLimit: 6,
      completionMode: 'NonIndexed',
      suspend: false,
      podReplacementPolicy: 'TerminatingOrFailed',
    },
  ],
  [
    'CronJob',
    cron(),
    {
      schedule: '*/5 * * * *',
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    },
  ],
]
for (const [name, manifest, want] of defaults) {
  test(`defaults: ${name}`, () => {
    const got = without(defaulted(manifest), 'template', 'jobTemplate', ...('selector' in want ? [] : ['selector']))
    assert.equal(got, want)
  })
}

test('the pods of a template get their defaults in every workload', () => {
  for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet']) {
    const pods = spec(defaulted(workload(kind))).template as { spec: { dnsPolicy: string; enableServiceLinks?: boolean } }
    assert.is(pods.spec.dnsPolicy, 'ClusterFirst')
    assert.is(pods.spec.enableServiceLinks, undefined)
  }
  const { jobTemplate } = spec(defaulted(cron())) as {
    jobTemplate: { spec: { backoffLimit?: number; template: { spec: { dnsPolicy: string } } } }
  }
  assert.is(jobTemplate.spec.template.spec.dnsPolicy, 'ClusterFirst')
  assert.is(jobTemplate.spec.backoffLimit, undefined, 'a template of a Job is not yet a Job')
})

test('controllers of old and Jobs take the labels of their template', () => {
  assert.equal(defaulted(controller()).metadata.labels, { app: 'x' })
  assert.equal(defaulted({ ...controller(), metadata: { name: 'x', labels: { own: '1' } } }).metadata.labels, { own: '1' })
  const labelled = job({ template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } })
  assert.equal(defaulted(labelled).metadata.labels, { app: 'x' })
})

test('a new Job selects its own pods by its uid', () => {
  const object = created(job())
  const uid = object.metadata.uid
  assert.equal(spec(object).selector, { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } })
  assert.equal((spec(object).template as { metadata: { labels: object } }).metadata.labels, {
    'controller-uid': uid,
    'batch.kubernetes.io/controller-uid': uid,
    'job-name': 'x',
    'batch.kubernetes.io/job-name': 'x',
  })
  const manual = created(
    job({ manualSelector: true, selector, template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } }),
  )
  assert.equal(spec(manual).selector, selector)
})

test('new objects start with the status that Kubernetes shows', () => {
  assert.equal(created(workload('Deployment')).status, {})
  assert.equal(created(workload('ReplicaSet')).status, { replicas: 0 })
  assert.equal(created(workload('StatefulSet')).status, { replicas: 0, availableReplicas: 0 })
  assert.is((created(workload('DaemonSet')).status as { numberReady: number }).numberReady, 0)
})

test('a DaemonSet counts the generations of its template', () => {
  const key = 'deprecated.daemonset.template.generation'
  assert.is(created(workload('DaemonSet')).metadata.annotations?.[key], '1')
  const changed = updated(workload('DaemonSet'), (object) => {
    object.metadata.annotations = {}
    spec(object).template = { ...template, metadata: { labels: { app: 'x', new: '1' } } }
  })
  assert.is(changed.object.metadata.annotations?.[key], '2')
  const same = updated(workload('DaemonSet'), (object) => void Object.assign(spec(object), { minReadySeconds: 3 }))
  assert.is(same.object.metadata.annotations?.[key], '1')
})

const sound = [
  workload('Deployment'),
  workload('Deployment', { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }),
  workload('ReplicaSet'),
  workload('DaemonSet'),
  workload('DaemonSet', { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } }),
  workload('StatefulSet'),
  controller(),
  job(),
  job({ completionMode: 'Indexed', completions: 3, backoffLimitPerIndex: 1 }),
  cron(),
  cron({ schedule: '@hourly', timeZone: 'Europe/Zurich' }),
  cron({ schedule: '0 0 * * MON-FRI' }),
  { apiVersion: 'apps/v1', kind: 'ControllerRevision', data: { spec: {} }, revision: 1 },
]
for (const [index, manifest] of sound.entries()) {
  test(`sound: ${manifest.kind} ${index}`, () => assert.equal(findings(manifest), []))
}

const other = { ...template, metadata: { labels: { app: 'y' } } }
const mismatch = 'spec.template.metadata.labels: Invalid value: {"app":"y"}: `selector` does not match template `labels`'
const never = { ...template, spec: { ...template.spec, restartPolicy: 'Never' } }
const restarts = 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"'
const wrong: [manifest: Manifest, error: string][] = [
  [workload('Deployment', { template: other }), mismatch],
  [workload('ReplicaSet', { template: other }), mismatch],
  [workload('DaemonSet', { template: other }), mismatch],
  [workload('StatefulSet', { template: other }), mismatch],
  [controller({ template: other, selector: { app: 'x' } }), mismatch],
  [workload('Deployment', { template: never }), restarts],
  [workload('ReplicaSet', { template: never }), restarts],
  [controller({ template: never }), restarts],
  [workload('Deployment', { selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for deployment'],
  [workload('DaemonSet', { selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for daemonset'],
  [workload('StatefulSet', { selector: {} }), 'spec.selector: Invalid value: {}: empty selector is invalid for statefulset'],
  [workload('Deployment', { replicas: -1 }), 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  [
    workload('Deployment', { template: { ...template, spec: { containers: [] } } }),
    'spec.template.spec.containers: Required value',
  ],
  [
    workload('Deployment', { template: { ...template, spec: { containers: [{ name: 'c' }] } } }),
    'spec.template.spec.containers[0].image: Required value',
  ],
  [
    workload('ReplicaSet', { template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: 1 } } }),
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported',
  ],
  [
    workload('Deployment', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    workload('Deployment', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } }),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ],
  [
    workload('Deployment', { strategy: { rollingUpdate: { maxUnavailable: '101%' } } }),
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ],
  [
    workload('Deployment', { progressDeadlineSeconds: 5, minReadySeconds: 5 }),
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ],
  [
    workload('Deployment', { strategy: { type: 'Magic' } }),
    'spec.strategy.type: Unsupported value: "Magic": supported values: "Recreate", "RollingUpdate"',
  ],
  [
    workload('DaemonSet', { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } }),
    'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ],
  [
    workload('StatefulSet', { podManagementPolicy: 'x' }),
    "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
  ],
  [
    workload('StatefulSet', { persistentVolumeClaimRetentionPolicy: { whenScaled: 'x' } }),
    'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "x": supported values: "Delete", "Retain"',
  ],
  [controller({ template: { spec: template.spec } }), 'spec.selector: Required value'],
  [job({}, { restartPolicy: 'Always' }), 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  [job({ parallelism: -1 }), 'spec.parallelism: Invalid value: -1: must be greater than or equal to 0'],
  [job({ completionMode: 'Indexed', parallelism: 2 }), 'spec.completions: Required value: when completion mode is Indexed'],
  [job({ backoffLimitPerIndex: 1 }), 'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode'],
  [cron({ schedule: '' }), 'spec.schedule: Required value'],
  [cron({ schedule: '* * *' }), 'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]'],
  [
    cron({ schedule: '* * * * ?!' }),
    'spec.schedule: Invalid value: "* * * * ?!": failed to parse int from ?!: strconv.Atoi: parsing "?!": invalid syntax',
  ],
  [cron({ timeZone: 'Nowhere/Land' }), 'spec.timeZone: Invalid value: "Nowhere/Land": unknown time zone Nowhere/Land'],
  [
    cron({ concurrencyPolicy: 'x' }),
    'spec.concurrencyPolicy: Unsupported value: "x": supported values: "Allow", "Forbid", "Replace"',
  ],
  [
    { ...cron(), metadata: { name: 'x'.repeat(53) } },
    `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
  ],
  [
    { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: -1, data: {} },
    'revision: Invalid value: -1: must be greater than or equal to 0',
  ],
]
for (const [manifest, error] of wrong) {
  test(`refused: ${manifest.kind}: ${error}`, () => assert.ok(findings(manifest).includes(error), findings(manifest).join('\n')))
}

const otherSelector = { matchLabels: { app: 'x', more: '1' } }
const moved = (object: KubeObject) => {
  spec(object).selector = otherSelector
  spec(object).template = { ...template, metadata: { labels: otherSelector.matchLabels } }
}
for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet']) {
  test(`the selector of a ${kind} stays`, () => {
    assert.equal(updateFindings(workload(kind), moved), [
      `spec.selector: Invalid value: ${JSON.stringify(otherSelector)}: field is immutable`,
    ])
    assert.equal(
      updateFindings(workload(kind), (object) => void Object.assign(spec(object), { minReadySeconds: 1 })),
      [],
    )
  })
}

test('containers of a StatefulSet mount its claims by name, and nothing that is not there', () => {
  const set = (mount: string, volumes: object[] = []) => {
    const containers = [{ name: 'c', image: 'i', volumeMounts: [{ name: mount, mountPath: '/data' }] }]
    const volumeClaimTemplates = [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }]
    return workload('StatefulSet', {
      volumeClaimTemplates,
      template: { metadata: { labels: { app: 'x' } }, spec: { containers, volumes } },
    })
  }
  assert.equal(findings(set('data')), [])
  assert.equal(findings(set('data', [{ name: 'data', emptyDir: {} }])), [], 'the claim takes its place')
  assert.equal(findings(set('other')), ['spec.template.spec.containers[0].volumeMounts[0].name: Not found: "other"'])
})

test('of a StatefulSet only the named fields change', () => {
  const set = workload('StatefulSet', { serviceName: 's' })
  assert.equal(
    updateFindings(set, (object) => void Object.assign(spec(object), { replicas: 3, minReadySeconds: 1 })),
    [],
  )
  assert.match(
    updateFindings(set, (object) => void Object.assign(spec(object), { serviceName: 't' })).join(),
    /^spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template'/,
  )
})

test('of a Job neither selector nor template change, but an indexed one may grow', () => {
  const add = (object: KubeObject) => void Object.assign(spec(object).template as object, { metadata: { labels: { new: '1' } } })
  assert.match(updateFindings(job(), add).join(), /spec\.template: Invalid value: .*: field is immutable/)
  assert.match(
    updateFindings(job(), (object) => void Object.assign(spec(object), { completions: 2 })).join(),
    /spec\.completions: Invalid value: 2: field is immutable/,
  )
  const indexed = job({ completionMode: 'Indexed', completions: 2, parallelism: 2 })
  assert.equal(
    updateFindings(indexed, (object) => void Object.assign(spec(object), { completions: 3, parallelism: 3 })),
    [],
  )
  assert.match(updateFindings(indexed, (object) => void Object.assign(spec(object), { completions: 3 })).join(), /in tandem/)
  const suspended = job({ suspend: true })
  const place = (object: KubeObject) =>
    void Object.assign((spec(object).template as { spec: object }).spec, { nodeSelector: { a: 'b' } })
  assert.equal(updateFindings(suspended, place), [])
  assert.ok(updateFindings(job(), place).length > 0)
})

test('the data of a revision stays', () => {
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', data: { a: 1 }, revision: 1 }
  assert.equal(
    updateFindings(revision, (object) => void Object.assign(object, { revision: 2 })),
    [],
  )
  assert.match(
    updateFindings(revision, (object) => void Object.assign(object, { data: { a: 2 } })).join(),
    /data: Invalid value: \{"a":2\}: field is immutable/,
  )
})
