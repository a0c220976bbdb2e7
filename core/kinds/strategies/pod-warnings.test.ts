import { assert, test } from '@davit/core/testing'
import type { KubeObject } from '../contract.js'
import { podWarnings } from './pod-warnings.js'
import { created, kindOf, type Manifest, spec } from './testing.js'

type Spec = Parameters<typeof podWarnings>[0]
const container = (more: object): object => ({ name: 'c', image: 'i', ...more })
const variable = (value: string): object => ({ name: 'A', value })
const tcp = (containerPort: number, more: object = {}): object => ({ containerPort, protocol: 'TCP', ...more })
const hidden = (index: number): string =>
  `spec.containers[0].env[${index}]: hides previous definition of "A", which may be dropped when using apply`
const first = 'spec.containers[0].ports[0]'

const cases: [name: string, spec: object, ...found: string[]][] = [
  ['nothing to say', { containers: [container({ env: [variable('1')], ports: [tcp(80)] })], nodeSelector: { a: 'b' } }],
  ['a variable twice', { containers: [container({ env: [variable('1'), variable('2')] })] }, hidden(1)],
  ['a variable made of itself', { containers: [container({ env: [variable('1'), variable('$(A)2')] })] }],
  ['a variable that is itself', { containers: [container({ env: [variable('1'), variable('$(A)')] })] }, hidden(1)],
  ['a variable from elsewhere', { containers: [container({ env: [variable('1'), { name: 'A', valueFrom: {} }] })] }, hidden(1)],
  [
    'a port twice, in two containers',
    { initContainers: [container({ ports: [tcp(80)] })], containers: [container({ ports: [tcp(80)] })] },
    `${first}: duplicate port definition with spec.initContainers[0].ports[0]`,
  ],
  ['two protocols', { containers: [container({ ports: [tcp(80), tcp(80, { protocol: 'UDP' })] })] }],
  [
    'one of them on the host',
    { containers: [container({ ports: [tcp(80), tcp(80, { hostPort: 8080 })] })] },
    `spec.containers[0].ports[1]: overlapping port definition with ${first}`,
  ],
  [
    'one of them on an address of the host',
    { containers: [container({ ports: [tcp(80, { hostPort: 8 }), tcp(80, { hostPort: 8, hostIP: '1.2.3.4' })] })] },
    `spec.containers[0].ports[1]: dangerously ambiguous port definition with ${first}`,
  ],
  [
    'old labels',
    { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
  ],
  [
    'spreading over nothing',
    { topologySpreadConstraints: [{ topologyKey: 'failure-domain.beta.kubernetes.io/zone' }] },
    'spec.topologySpreadConstraints[0].topologyKey: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
  ],
  ['a secret twice', { imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }, 'spec.imagePullSecrets[1].name: duplicate name "a"'],
  ['an alias twice', { hostAliases: [{ ip: '1.1.1.1' }, { ip: '1.1.1.1' }] }, 'spec.hostAliases[1].ip: duplicate ip "1.1.1.1"'],
  [
    'a negative grace',
    { terminationGracePeriodSeconds: -1 },
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
  ],
]
for (const [name, given, ...found] of cases)
  test(`advice: ${name}`, () => assert.equal(podWarnings(given as Spec, 'spec'), found))

const twice = { spec: { containers: [container({ env: [variable('1'), variable('2')] })] } }
const of = (apiVersion: string, kind: string, more: object): Manifest => ({ apiVersion, kind, ...more })
const templated: [manifest: Manifest, at: string][] = [
  [of('apps/v1', 'Deployment', { spec: { template: twice } }), 'spec.template.spec'],
  [of('apps/v1', 'ReplicaSet', { spec: { template: twice } }), 'spec.template.spec'],
  [of('apps/v1', 'DaemonSet', { spec: { template: twice } }), 'spec.template.spec'],
  [of('apps/v1', 'StatefulSet', { spec: { template: twice } }), 'spec.template.spec'],
  [of('v1', 'ReplicationController', { spec: { template: twice } }), 'spec.template.spec'],
  [of('batch/v1', 'Job', { spec: { template: twice } }), 'spec.template.spec'],
  [
    of('batch/v1', 'CronJob', { spec: { schedule: '* * * * *', jobTemplate: { spec: { template: twice } } } }),
    'spec.jobTemplate.spec.template.spec',
  ],
]
for (const [manifest, at] of templated) {
  test(`advice on the template of a ${manifest.kind}, once for each generation`, () => {
    const { strategy } = kindOf(manifest)
    const wanted = [hidden(1).replace('spec.', `${at}.`)]
    const object: KubeObject = { ...created(manifest), metadata: { name: 'x', generation: 2 } }
    assert.equal(strategy.warnings?.(object), wanted)
    assert.equal(strategy.warnings?.(object, { ...object, metadata: { name: 'x', generation: 1 } }), wanted)
    assert.equal(strategy.warnings?.(object, structuredClone(object)), [])
  })
}

test('a pod is advised on when it is made, and not later', () => {
  const pod = created(of('v1', 'Pod', twice))
  const { strategy } = kindOf(of('v1', 'Pod', {}))
  assert.equal(strategy.warnings?.(pod), [hidden(1)])
  assert.equal(strategy.warnings?.(pod, pod), [])
  assert.ok(spec(pod))
})
