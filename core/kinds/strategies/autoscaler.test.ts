import { assert, suite } from '../../testing/contract.js'
import { findings } from './testing.js'

const test = suite('autoscaler')

const scaler = (fields: object = {}) => ({
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, ...fields },
})
const metric = (type: string, more: object = {}) => scaler({ metrics: [{ type, ...more }] })
const utilization = { type: 'Utilization', averageUtilization: 50 }
const average = { type: 'AverageValue', averageValue: '10' }
const cpu = { name: 'cpu', target: utilization }
const named = { metric: { name: 'queue' } }
const described = { describedObject: { kind: 'Service', name: 's' }, ...named }
const m = 'spec.metrics[0]'

const good: readonly object[] = [
  {},
  { minReplicas: 1, metrics: [{ type: 'Resource', resource: cpu }] },
  { metrics: [{ type: 'Resource', resource: { name: 'memory', target: average } }] },
  { metrics: [{ type: 'ContainerResource', containerResource: { ...cpu, container: 'main' } }] },
  { metrics: [{ type: 'Pods', pods: { ...named, target: average } }] },
  { metrics: [{ type: 'Object', object: { ...described, target: { type: 'Value', value: '2k' } } }] },
  { metrics: [{ type: 'Object', object: { ...described, target: average } }] },
  { metrics: [{ type: 'External', external: { ...named, target: { type: 'Value', value: '500m' } } }] },
  { behavior: { scaleDown: { selectPolicy: 'Disabled', stabilizationWindowSeconds: 3600 } } },
  { behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 1800 }] } } },
]
for (const fields of good) {
  test(`is good: ${JSON.stringify(fields)}`, () => assert.equal(findings(scaler(fields)), []))
}

const rule = (rules: object, which = 'scaleUp') => scaler({ behavior: { [which]: rules } })
const policy = (fields: object) => rule({ policies: [{ type: 'Pods', value: 1, periodSeconds: 1, ...fields }] })
const up = 'spec.behavior.scaleUp'

const bad: readonly [manifest: ReturnType<typeof scaler>, wanted: readonly string[]][] = [
  [scaler({ minReplicas: 0 }), ['spec.minReplicas: Invalid value: 0: must be greater than or equal to 1']],
  [
    scaler({ maxReplicas: 0 }),
    [
      'spec.maxReplicas: Invalid value: 0: must be greater than 0',
      'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
  ],
  [scaler({ minReplicas: 5 }), ['spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`']],
  [
    scaler({ scaleTargetRef: { kind: '', name: '' } }),
    ['spec.scaleTargetRef.kind: Required value', 'spec.scaleTargetRef.name: Required value'],
  ],
  [
    scaler({ scaleTargetRef: { kind: 'a/b', name: '..' } }),
    [
      `spec.scaleTargetRef.kind: Invalid value: "a/b": may not contain '/'`,
      `spec.scaleTargetRef.name: Invalid value: "..": may not be '..'`,
    ],
  ],
  [
    metric('Strange', { resource: cpu }),
    [`${m}.type: Unsupported value: "Strange": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"`],
  ],
  [metric('Pods'), [`${m}.pods: Required value: must populate information for the given metric source`]],
  [
    metric('Pods', { resource: cpu, pods: { ...named, target: average } }),
    [`${m}.resource: Forbidden: must populate the given metric source only`],
  ],
  [
    metric('Resource', { resource: { name: '', target: { ...utilization, averageValue: '1' } } }),
    [
      `${m}.resource.name: Required value: must specify a resource name`,
      `${m}.resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization`,
    ],
  ],
  [
    metric('Resource', { resource: { name: 'cpu', target: { type: 'Utilization' } } }),
    [`${m}.resource.target.averageUtilization: Required value: must set either a target raw value or a target utilization`],
  ],
  [
    metric('Resource', { resource: { name: 'cpu', target: { type: 'Average', averageUtilization: 0 } } }),
    [
      `${m}.resource.target.type: Invalid value: "Average": must be either Utilization, Value, or AverageValue`,
      `${m}.resource.target.averageUtilization: Invalid value: 0: must be greater than 0`,
    ],
  ],
  [
    metric('ContainerResource', { containerResource: { name: '', container: '', target: utilization } }),
    [
      `${m}.containerResource.name: Required value: must specify a resource name`,
      `${m}.containerResource.container: Required value: must specify a container`,
    ],
  ],
  [
    metric('Pods', { pods: { metric: { name: '' }, target: { type: 'AverageValue', averageValue: '0' } } }),
    [
      `${m}.pods.metric.name: Required value: must specify a metric name`,
      `${m}.pods.target.averageValue: Invalid value: "0": must be positive`,
      `${m}.pods.target.averageValue: Required value: must specify a positive target averageValue`,
    ],
  ],
  [
    metric('Object', {
      object: { describedObject: { kind: 'Service', name: '' }, metric: { name: 'a/b' }, target: { type: 'Value' } },
    }),
    [
      `${m}.object.describedObject.name: Required value`,
      `${m}.object.metric.name: Invalid value: "a/b": may not contain '/'`,
      `${m}.object.target.averageValue: Required value: must set either a target value or averageValue`,
    ],
  ],
  [
    metric('External', { external: { ...named, target: { type: 'Value' } } }),
    [`${m}.external.target.averageValue: Required value: must set either a target value for metric or a per-pod target`],
  ],
  [
    metric('External', { external: { ...named, target: { type: 'Value', value: '-1', averageValue: '1' } } }),
    [
      `${m}.external.target.value: Invalid value: "-1": must be positive`,
      `${m}.external.target.value: Forbidden: may not set both a target value for metric and a per-pod target`,
    ],
  ],
  [
    rule({ stabilizationWindowSeconds: -1, selectPolicy: 'Fast' }),
    [
      `${up}.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero`,
      `${up}.selectPolicy: Unsupported value: "Fast": supported values: "Disabled", "Max", "Min"`,
    ],
  ],
  [
    rule({ stabilizationWindowSeconds: 3601 }, 'scaleDown'),
    ['spec.behavior.scaleDown.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600'],
  ],
  [
    policy({ type: 'Hosts', value: 0, periodSeconds: 1801 }),
    [
      `${up}.policies[0].type: Unsupported value: "Hosts": supported values: "Percent", "Pods"`,
      `${up}.policies[0].value: Invalid value: 0: must be greater than zero`,
      `${up}.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800`,
    ],
  ],
  [policy({ periodSeconds: 0 }), [`${up}.policies[0].periodSeconds: Invalid value: 0: must be greater than zero`]],
]
for (const [manifest, wanted] of bad) {
  test(`is refused: ${JSON.stringify(manifest.spec)}`, () => assert.equal(findings(manifest), wanted))
}
