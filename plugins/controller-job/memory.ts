/** What the controller knows of a Job beside what the API shows, for as long as it is this Job. */
import { namespacedKey } from '@davit/core/controller'
import type { Job, KubeObject, Pod } from '@davit/core/kinds'
import type { KnownFailures } from './back-off.js'
import type { JobPods } from './count.js'
import { isTracked } from './pod-facts.js'

interface Known {
  readonly uid: string | undefined
  failures: KnownFailures | undefined
  /** Pods whose finalizer was taken off, by uid, until their informer shows it. */
  released: ReadonlySet<string>
}

export class JobMemory {
  readonly #known = new Map<string, Known>()

  /** `undefined`: nothing is known, as after a start. */
  failures(job: Job): KnownFailures | undefined {
    return this.#present(job)?.failures
  }

  setFailures(job: Job, failures: KnownFailures): void {
    this.#of(job).failures = failures
  }

  released(job: Job, pods: readonly Pod[]): void {
    if (pods.length === 0) return
    const known = this.#of(job)
    known.released = new Set([...known.released, ...uidsOf(pods)])
  }

  /** The Pods with what is known of their tracking. What the informer shows by now is forgotten. */
  view(job: Job, pods: readonly Pod[]): JobPods {
    const known = this.#present(job)
    if (!known || known.released.size === 0) return { pods, tracked: isTracked }
    const { released } = known
    known.released = uidsOf(pods.filter((pod) => isTracked(pod) && released.has(pod.metadata.uid ?? '')))
    return { pods, tracked: (pod) => isTracked(pod) && !released.has(pod.metadata.uid ?? '') }
  }

  forget(key: string): void {
    this.#known.delete(key)
  }

  clear(): void {
    this.#known.clear()
  }

  #of(job: Job): Known {
    const known = this.#present(job) ?? { uid: job.metadata.uid, failures: undefined, released: new Set() }
    this.#known.set(namespacedKey(job), known)
    return known
  }

  /** A Job that was deleted and made again has its name, and nothing else of it. */
  #present(job: Job): Known | undefined {
    const known = this.#known.get(namespacedKey(job))
    return known?.uid === job.metadata.uid ? known : undefined
  }
}

export function uidsOf(list: readonly KubeObject[]): ReadonlySet<string> {
  return new Set(list.map(({ metadata }) => metadata.uid ?? ''))
}
