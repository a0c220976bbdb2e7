/** The status that a Pod should have, from what there is. Pure. */
import type { ContainerStatus, PodStatus } from '../kinds/contract.js'
import { incompleteInit, podConditions } from './conditions.js'
import { containerStatus } from './container-status.js'
import { type PodState, type PodViews, type Verdict, viewsOf } from './state.js'
import { toTime } from './time.js'
import { verdictOf } from './verdict.js'

export interface NodeFacts {
  readonly runtime: string
  /** Addresses of the node, IPv4 first. */
  readonly hostIps: readonly string[]
}

export function podStatus(state: PodState, node: NodeFacts): PodStatus {
  const views = viewsOf(state)
  const verdict = verdictOf(state, views)
  const old = state.pod.status
  const context = { runtime: node.runtime, initializing: incompleteInit(views).length > 0, verdict }
  const statuses = (of: PodViews['all']): ContainerStatus[] => of.map((view) => containerStatus(view, state, context))
  const [init, apps, ephemeral] = [statuses(views.init), statuses(views.apps), statuses(views.ephemeral)]
  return {
    ...withoutOwn(old),
    phase: phaseOf(old?.phase, verdict, context.initializing, apps),
    conditions: podConditions(state, views, verdict),
    ...(verdict?.reason ? { reason: verdict.reason } : {}),
    ...(verdict?.message ? { message: verdict.message } : {}),
    ...addresses(state, node),
    startTime: old?.startTime ?? toTime(state.now),
    ...(init.length > 0 ? { initContainerStatuses: init } : {}),
    containerStatuses: apps,
    ...(ephemeral.length > 0 ? { ephemeralContainerStatuses: ephemeral } : {}),
  }
}

/** What others wrote stays: nominatedNodeName, qosClass, resize. */
function withoutOwn(status: PodStatus | undefined): PodStatus {
  const { conditions: _c, reason: _r, message: _m, ...others } = status ?? {}
  const { initContainerStatuses: _i, containerStatuses: _s, ephemeralContainerStatuses: _e, ...rest } = others
  return rest
}

/** Never goes back: a Pod that ran is Running until it is over. */
function phaseOf(
  old: string | undefined,
  verdict: Verdict | undefined,
  initializing: boolean,
  apps: readonly ContainerStatus[],
): NonNullable<PodStatus['phase']> {
  if (verdict) return verdict.phase
  if (old === 'Running') return 'Running'
  const begun = (status: ContainerStatus): boolean =>
    status.state?.running !== undefined || status.state?.terminated !== undefined || status.lastState?.terminated !== undefined
  return !initializing && apps.every(begun) ? 'Running' : 'Pending'
}

/** A Pod keeps the address that it had, also when its sandbox has ended. */
function addresses(state: PodState, node: NodeFacts): PodStatus {
  const [hostIp] = node.hostIps
  const own = state.sandboxes[0]?.ips ?? []
  const ips = state.pod.spec.hostNetwork && state.sandboxes.length > 0 ? node.hostIps : own
  const [podIp] = ips
  return {
    ...(hostIp === undefined ? {} : { hostIP: hostIp, hostIPs: node.hostIps.map((ip) => ({ ip })) }),
    ...(podIp === undefined ? {} : { podIP: podIp, podIPs: ips.map((ip) => ({ ip })) }),
  }
}
