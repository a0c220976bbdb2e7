/** What a node uses, in the forms of kubelets: the summary, and figures for Prometheus. Pure. */
import type { ContainerUsage, NodeUsage, PodRef, Usage } from '../contract.js'

interface Figures {
  readonly cpu: { readonly time: string; readonly usageCoreNanoSeconds: number }
  readonly memory: { readonly time: string; readonly workingSetBytes: number }
}
interface ContainerFigures extends Figures {
  readonly name: string
  readonly startTime: string
}
export interface Summary {
  readonly node: Partial<Figures> & { readonly nodeName: string }
  readonly pods: readonly { readonly podRef: PodRef; readonly containers: readonly ContainerFigures[] }[]
  /** When it was asked for. */
  readonly time?: string
}

const textOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

export function summaryOf(nodeName: string, { at, node, pods }: NodeUsage): Summary {
  return {
    node: { nodeName, ...(node && figuresOf(node)) },
    pods: pods.map(({ namespace, name, uid, containers }) => ({
      podRef: { name, namespace, uid },
      containers: containers.map((container) => ({
        name: container.name,
        startTime: textOf(container.startedAt),
        ...figuresOf(container),
      })),
    })),
    time: textOf(at),
  }
}

function figuresOf({ at, cpuNanoseconds, memoryBytes }: Usage): Figures {
  const time = textOf(at)
  return { cpu: { time, usageCoreNanoSeconds: cpuNanoseconds }, memory: { time, workingSetBytes: memoryBytes } }
}

/** Back again. A container that was started anew has another start, which tells it apart as well as an id. */
export function usageOf({ node, pods, time }: Summary, now: number): NodeUsage {
  const counters = ({ cpu, memory }: Figures): Usage => ({
    at: Date.parse(cpu.time),
    cpuNanoseconds: cpu.usageCoreNanoSeconds,
    memoryBytes: memory.workingSetBytes,
  })
  const of = (container: ContainerFigures): ContainerUsage => ({
    ...counters(container),
    name: container.name,
    id: `${container.name}@${container.startTime}`,
    startedAt: Date.parse(container.startTime),
  })
  return {
    at: time === undefined ? now : Date.parse(time),
    ...(node.cpu && node.memory && { node: counters({ cpu: node.cpu, memory: node.memory }) }),
    pods: pods.map(({ podRef, containers }) => ({ ...podRef, containers: containers.map(of) })),
  }
}

/** `/metrics/resource`. */
export function resourceMetrics({ node, pods }: NodeUsage): string {
  const lines: string[] = []
  const family = (
    name: string,
    type: string,
    samples: readonly (readonly [labels: string, value: number, at: number])[],
  ): void => {
    if (samples.length > 0) lines.push(`# TYPE ${name} ${type}`)
    for (const [labels, value, at] of samples) lines.push(`${name}${labels} ${value} ${at}`)
  }
  const machine = node ? [node] : []
  const all = pods.flatMap(({ namespace, name, containers }) =>
    containers.map((used) => ({ used, labels: `{container="${used.name}",namespace="${namespace}",pod="${name}"}` })),
  )
  const seconds = ({ cpuNanoseconds }: Usage): number => cpuNanoseconds / 1e9
  family(
    'node_cpu_usage_seconds_total',
    'counter',
    machine.map((used) => ['', seconds(used), used.at]),
  )
  family(
    'node_memory_working_set_bytes',
    'gauge',
    machine.map((used) => ['', used.memoryBytes, used.at]),
  )
  family(
    'container_cpu_usage_seconds_total',
    'counter',
    all.map(({ used, labels }) => [labels, seconds(used), used.at]),
  )
  family(
    'container_memory_working_set_bytes',
    'gauge',
    all.map(({ used, labels }) => [labels, used.memoryBytes, used.at]),
  )
  family(
    'container_start_time_seconds',
    'gauge',
    all.map(({ used, labels }) => [labels, used.startedAt / 1000, used.at]),
  )
  return `${lines.join('\n')}\n`
}

/** `/metrics`: of the agent itself. */
export function agentMetrics(pods: number, residentBytes: number): string {
  return [
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${pods}`,
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${residentBytes}`,
    '',
  ].join('\n')
}
