/** What only the agent knows of a Pod's containers: probe results, failures, hooks. */
import type { Pod } from '../kinds/contract.js'
import { retryDelay } from './back-off.js'
import { RuntimeError } from './contract.js'
import type { ContainerMemory, Problem } from './state.js'

export class PodMemory {
  readonly containers = new Map<string, ContainerMemory>()
  sandboxProblem: Problem | undefined

  of(name: string): ContainerMemory {
    return this.containers.get(name) ?? {}
  }
  set(name: string, change: Partial<ContainerMemory>): void {
    this.containers.set(name, { ...this.of(name), ...change })
  }
  /** A new attempt begins: nothing of the one before counts but its messages. */
  begin(name: string, restarts: number): void {
    const { messages } = this.of(name)
    this.containers.set(name, { restarts, ...(messages ? { messages } : {}) })
  }
  keepMessage(name: string, containerId: string, message: string): void {
    this.set(name, { messages: new Map([...(this.of(name).messages ?? []), [containerId, message]]) })
  }

  /** Something that these problems wait for has changed: try again at once. */
  retryNow(): void {
    if (this.sandboxProblem) this.sandboxProblem = { ...this.sandboxProblem, retryAt: 0 }
    for (const [name, { problem }] of this.containers) if (problem) this.set(name, { problem: { ...problem, retryAt: 0 } })
  }
}

const longestRetryMs = 30_000

/** A fault of the runtime is likely over soon; what a user has to mend is not. */
export function problemOf(error: unknown, otherwise: string, before: Problem | undefined, now: number): Problem {
  const message = error instanceof Error ? error.message : String(error)
  const reason = error instanceof RuntimeError ? error.problem : otherwise
  const failures = (before?.reason === reason ? before.failures : 0) + 1
  const delay = error instanceof RuntimeError ? retryDelay(failures) : Math.min(longestRetryMs, 500 * 2 ** failures)
  return { reason, message, since: now, failures, retryAt: now + delay }
}

/** A container that was there before the agent: what was reported of it still holds until a probe says otherwise. */
export function adoptedMemory(pod: Pod, name: string, containerId: string): Partial<ContainerMemory> {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])]
  const reported = statuses.find((status) => status.name === name)
  if (!reported?.containerID?.endsWith(`//${containerId}`)) return {}
  return { ...(reported.started ? { started: true } : {}), ...(reported.ready ? { ready: true } : {}) }
}
