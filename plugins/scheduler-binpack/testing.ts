import type { Node, Pod, PodSpec } from '@davit/core/kinds'
import type { FilterPolicy, NodeInfo, PodInfo, ScorePolicy } from '@davit/core/scheduler'
import { freshState, nodeInfosOf, podInfoOf } from '@davit/core/scheduler/testkit'

type Quantities = Readonly<Record<string, string>>

export function asking(requests: Quantities): PodSpec['containers'][number] {
  return { name: 'c', image: 'nginx', resources: { requests } }
}

export function plainPod(spec: Partial<PodSpec> = {}, name = 'web'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}` },
    spec: { containers: [asking({})], ...spec },
  }
}

export function pod(spec: Partial<PodSpec> = {}): PodInfo {
  return podInfoOf(plainPod(spec))
}

export interface NodeOptions {
  readonly allocatable?: Quantities
  readonly labels?: Record<string, string>
  readonly spec?: Node['spec']
  readonly pods?: readonly Partial<PodSpec>[]
}

export function node({ allocatable = {}, labels = {}, spec = {}, pods = [] }: NodeOptions = {}): NodeInfo {
  const offered = { cpu: '4', memory: '8Gi', pods: '110', ...allocatable }
  const plain: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'one', labels },
    spec,
    status: { allocatable: offered },
  }
  const there = pods.map((each, index) => plainPod({ ...each, nodeName: 'one' }, `other-${index}`))
  return nodeInfosOf([plain], there)[0] as NodeInfo
}

/** What a filter says of it; '' where the node does. */
export function verdict(policy: FilterPolicy, about: PodInfo, where: NodeInfo): string {
  const rejection = policy.filter(freshState(), about, where)
  return rejection ? `${rejection.reason}${rejection.unresolvable ? ' (for good)' : ''}` : ''
}

export function scoreOf(policy: ScorePolicy, about: PodInfo, where: NodeInfo): number {
  return Math.round(policy.score(freshState(), about, where) * 100) / 100
}
