/** The Pod table. Its Status is no field: it is the sentence that says what the pod is waiting for or died of. */
import type { TablePrinter } from '../contract.js'
import type { ContainerStateTerminated, ContainerStatus, Pod } from '../types.js'
import { age, NONE, printer, since } from './format.js'

interface Summary {
  reason: string
  ready: number
  restarts: number
  /** When the last container ended that was started again. */
  lastRestart: string
}

export const podTable: TablePrinter = printer<Pod>(
  'Name,Ready,Status,Restarts,Age,[IP,Node,Nominated Node,Readiness Gates]',
  (pod, now) => {
    const { reason, ready, restarts, lastRestart } = summarize(pod)
    const sidecars = pod.spec.initContainers?.filter((container) => container.restartPolicy === 'Always').length ?? 0
    const total = (pod.spec.containers?.length ?? 0) + sidecars
    const ago = restarts !== 0 && lastRestart !== '' ? `${restarts} (${since(lastRestart, now)} ago)` : `${restarts}`
    return [
      pod.metadata.name,
      `${ready}/${total}`,
      reason,
      ago,
      age(pod, now),
      pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || NONE,
      pod.spec.nodeName || NONE,
      pod.status?.nominatedNodeName || NONE,
      readinessGates(pod),
    ]
  },
)

function readinessGates(pod: Pod): string {
  const gates = pod.spec.readinessGates ?? []
  if (gates.length === 0) return NONE
  const met = gates.filter((gate) => hasCondition(pod, gate.conditionType)).length
  return `${met}/${gates.length}`
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true
}

function summarize(pod: Pod): Summary {
  const summary: Summary = { reason: pod.status?.reason || pod.status?.phase || '', ready: 0, restarts: 0, lastRestart: '' }
  const gated = pod.status?.conditions?.some(({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated')
  if (gated === true) summary.reason = 'SchedulingGated'
  const initializing = summarizeInit(pod, summary)
  if (!initializing || hasCondition(pod, 'Initialized')) {
    const sidecars = restartsOf(sidecarStatuses(pod))
    summary.restarts = sidecars.restarts
    summary.lastRestart = sidecars.lastRestart
    summarizeContainers(pod, summary)
  }
  if (pod.metadata.deletionTimestamp === undefined) return summary
  const ended = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
  if (pod.status?.reason === 'NodeLost') summary.reason = 'Unknown'
  else if (!ended) summary.reason = 'Terminating'
  return summary
}

function isSidecar(pod: Pod, name: string): boolean {
  return pod.spec.initContainers?.some((container) => container.name === name && container.restartPolicy === 'Always') === true
}

function sidecarStatuses(pod: Pod): ContainerStatus[] {
  return (pod.status?.initContainerStatuses ?? []).filter((status) => isSidecar(pod, status.name))
}

function restartsOf(statuses: readonly ContainerStatus[]): Pick<Summary, 'restarts' | 'lastRestart'> {
  const sum = { restarts: 0, lastRestart: '' }
  for (const status of statuses) addRestarts(sum, status)
  return sum
}

function addRestarts(sum: Pick<Summary, 'restarts' | 'lastRestart'>, status: ContainerStatus): void {
  sum.restarts += status.restartCount ?? 0
  const ended = status.lastState?.terminated?.finishedAt ?? ''
  if (ended !== '' && (sum.lastRestart === '' || Date.parse(ended) > Date.parse(sum.lastRestart))) sum.lastRestart = ended
}

/** True as long as an init container has still to run; the summary then tells of that one. */
function summarizeInit(pod: Pod, summary: Summary): boolean {
  for (const [index, status] of (pod.status?.initContainerStatuses ?? []).entries()) {
    addRestarts(summary, status)
    const { terminated, waiting } = status.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (isSidecar(pod, status.name) && status.started === true) {
      if (status.ready) summary.ready++
      continue
    }
    if (terminated !== undefined) summary.reason = `Init:${ending(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing') summary.reason = `Init:${waiting.reason}`
    else summary.reason = `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
    return true
  }
  return false
}

function ending({ reason, signal, exitCode }: ContainerStateTerminated): string {
  return reason || (signal ? `Signal:${signal}` : `ExitCode:${exitCode}`)
}

function summarizeContainers(pod: Pod, summary: Summary): void {
  let running = false
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    addRestarts(summary, status)
    const { waiting, terminated } = status.state ?? {}
    if (waiting?.reason) summary.reason = waiting.reason
    else if (terminated !== undefined) summary.reason = ending(terminated)
    else if (status.ready && status.state?.running !== undefined) {
      running = true
      summary.ready++
    }
  }
  if (summary.reason === 'Completed' && running) summary.reason = hasCondition(pod, 'Ready') ? 'Running' : 'NotReady'
}
