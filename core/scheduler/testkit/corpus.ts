/** Pods and nodes of many kinds. */
import type { Node, Pod, PodSpec } from '../../kinds/contract.js'
import type { NodeInfo, PodInfo, Snapshot } from '../contract.js'
import { nodeInfosOf, podInfoOf, snapshotOf } from './infos.js'

const container = { name: 'c', image: 'nginx' }
const asking = (requests: Readonly<Record<string, string>>, more: object = {}) => ({
  ...container,
  resources: { requests },
  ...more,
})
const expression = (key: string, operator: string, ...values: string[]) => ({
  key,
  operator,
  ...(values.length > 0 && { values }),
})
const required = (...nodeSelectorTerms: object[]) =>
  ({ nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } }) as PodSpec['affinity']
const webTerm = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'zone' }

const specs: Readonly<Record<string, Partial<PodSpec>>> = {
  bare: {},
  small: { containers: [asking({ cpu: '100m', memory: '128Mi' })] },
  huge: { containers: [asking({ cpu: '1k', memory: '1Pi', 'ephemeral-storage': '1Pi' })] },
  extended: { containers: [asking({ 'example.com/gpu': '1', 'hugepages-2Mi': '4Mi' })] },
  initial: { initContainers: [asking({ cpu: '3' }), asking({ cpu: '1' }, { restartPolicy: 'Always' })] },
  selecting: { nodeSelector: { zone: 'a', disk: 'ssd' } },
  'naming-its-node': { nodeName: 'kit-node-plain' },
  'naming-no-node': { nodeName: 'kit-node-gone' },
  bound: { affinity: required({ matchFields: [expression('metadata.name', 'In', 'kit-node-full')] }) },
  expressive: {
    affinity: required(
      { matchExpressions: [expression('zone', 'In', 'a', 'b'), expression('old', 'DoesNotExist')] },
      { matchExpressions: [expression('cores', 'Gt', '4'), expression('cores', 'Lt', '64'), expression('zone', 'NotIn', 'c')] },
    ),
  },
  'of-an-empty-term': { affinity: required({}) },
  preferring: {
    affinity: {
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 10, preference: { matchExpressions: [expression('zone', 'In', 'a')] } },
          { weight: 100, preference: { matchExpressions: [expression('disk', 'Exists')] } },
        ],
      },
    },
  },
  'near-web': { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [webTerm] } } },
  'far-from-web': {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [webTerm],
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 5, podAffinityTerm: webTerm }],
      },
    },
  },
  spread: {
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } },
    ],
  },
  tolerant: { tolerations: [{ operator: 'Exists' }] },
  'tolerating-one': { tolerations: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] },
  'on-a-port': { containers: [asking({}, { ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] })] },
  urgent: { priority: 2_000_000_000, priorityClassName: 'system-node-critical', preemptionPolicy: 'Never' },
  'least-urgent': { priority: -10 },
}

const nodes: Readonly<Record<string, { allocatable?: object; labels?: Record<string, string>; spec?: Node['spec'] }>> = {
  plain: {},
  labelled: { labels: { zone: 'a', disk: 'ssd', cores: '8', 'kubernetes.io/hostname': 'labelled' } },
  other: { labels: { zone: 'c', cores: 'many', old: '' } },
  full: { labels: { zone: 'b' } },
  cordoned: { spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] } },
  dedicated: { spec: { taints: [{ key: 'dedicated', value: 'db', effect: 'NoSchedule' }] } },
  failing: { spec: { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] } },
  disliked: {
    spec: {
      taints: [
        { key: 'slow', effect: 'PreferNoSchedule' },
        { key: 'old', value: 'x', effect: 'PreferNoSchedule' },
      ],
    },
  },
  gpu: { allocatable: { 'example.com/gpu': '4', 'hugepages-2Mi': '1Gi' } },
  'without-cpu': { allocatable: { cpu: '0' } },
  tiny: { allocatable: { cpu: '1m', memory: '1', pods: '1' } },
}

function pod(name: string, spec: Partial<PodSpec>): Pod {
  const metadata = {
    name,
    namespace: 'kit',
    uid: `uid-${name}`,
    labels: { app: 'web' },
    creationTimestamp: '2024-01-01T00:00:00Z',
  }
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [container], ...spec } }
}

function node(name: string): Node {
  const { allocatable, labels, spec } = nodes[name] ?? {}
  const offered = { cpu: '4', memory: '8Gi', 'ephemeral-storage': '100Gi', pods: '110', ...allocatable }
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `kit-node-${name}`, ...(labels && { labels }) },
    spec: spec ?? {},
    status: { allocatable: offered },
  }
}

let madePods: readonly PodInfo[] | undefined
let madeNodes: readonly NodeInfo[] | undefined

/** One of each kind; always the same objects. */
export function podInfos(): readonly PodInfo[] {
  madePods ??= Object.entries(specs).map(([name, spec]) => podInfoOf(pod(name, spec)))
  return madePods
}

/** One of each kind, in order of name; one is full, and one has a Pod with a host port. */
export function nodeInfos(): readonly NodeInfo[] {
  if (madeNodes) return madeNodes
  const filling = { nodeName: 'kit-node-full', containers: [asking({ cpu: '1', memory: '2Gi' })] }
  const fillers = ['a', 'b', 'c', 'd'].map((name) => pod(`filler-${name}`, filling))
  const serving = asking({}, { ports: [{ containerPort: 80, hostPort: 80 }] })
  const server = pod('serving', { nodeName: 'kit-node-labelled', containers: [serving] })
  madeNodes = nodeInfosOf(Object.keys(nodes).map(node), [...fillers, server])
  return madeNodes
}

export function snapshot(): Snapshot {
  return snapshotOf(nodeInfos())
}
