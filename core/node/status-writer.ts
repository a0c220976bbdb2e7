/** Writes the statuses of Pods: only changes, one write of a Pod at a time, the newest wins. */
import { type Client, isConflict, isNotFound, pods } from '../client/contract.js'
import type { Clock, Logger } from '../kernel/contract.js'
import type { Pod, PodStatus } from '../kinds/contract.js'
import { same } from './same.js'

interface Entry {
  /** The Pod as the API has it, as far as is known here. */
  base: Pod
  wanted: PodStatus | undefined
  writing: boolean
  failures: number
  idle: (() => void)[]
}

export class StatusWriter {
  private readonly client: Client
  private readonly clock: Clock
  private readonly log: Logger
  private readonly entries = new Map<string, Entry>()
  private closed = false

  constructor(client: Client, clock: Clock, log: Logger) {
    this.client = client
    this.clock = clock
    this.log = log
  }

  /** `pod` is the newest known; the status is what it should have. A later call replaces what is not yet written. */
  put(pod: Pod, status: PodStatus): void {
    const { uid = '' } = pod.metadata
    const entry = this.entries.get(uid)
    if (!entry && same(pod.status, status)) return
    if (!entry) {
      const made: Entry = { base: pod, wanted: status, writing: true, failures: 0, idle: [] }
      this.entries.set(uid, made)
      // A turn later, so that steps which follow at once become one write.
      this.clock.defer(() => void this.write(uid, made))
      return
    }
    if (newer(pod, entry.base)) entry.base = pod
    entry.wanted = status
    if (!entry.writing) this.start(uid, entry)
  }

  /** Resolves when nothing of the Pod waits to be written. */
  async settled(uid: string): Promise<void> {
    const entry = this.entries.get(uid)
    if (entry) await new Promise<void>((resolve) => entry.idle.push(resolve))
  }

  /** The Pod is gone: what is not yet written never will be. */
  forget(uid: string): void {
    this.finish(uid)
  }

  close(): void {
    this.closed = true
    for (const uid of this.entries.keys()) this.finish(uid)
  }

  private start(uid: string, entry: Entry): void {
    entry.writing = true
    void this.write(uid, entry)
  }

  private async write(uid: string, entry: Entry): Promise<void> {
    while (entry.wanted && this.entries.get(uid) === entry) {
      const { wanted } = entry
      if (same(entry.base.status, wanted)) {
        entry.wanted = undefined
        break
      }
      if (!(await this.attempt(uid, entry, wanted))) return
    }
    if (this.entries.get(uid) === entry) this.finish(uid)
  }

  /** False: it is over, or goes on later. */
  private async attempt(uid: string, entry: Entry, wanted: PodStatus): Promise<boolean> {
    try {
      entry.base = await this.client.updateStatus(pods, { ...entry.base, status: wanted })
      if (entry.wanted === wanted) entry.wanted = undefined
      entry.failures = 0
      return true
    } catch (error) {
      if (isNotFound(error) || this.closed) this.finish(uid)
      else if (isConflict(error)) return this.reread(uid, entry)
      else this.later(uid, entry, error)
      return false
    }
  }

  /** Somebody else changed the Pod: what they wrote stays, ours is put on top of it. */
  private async reread(uid: string, entry: Entry): Promise<boolean> {
    try {
      const { namespace = '', name } = entry.base.metadata
      const fresh = await this.client.get(pods, namespace, name)
      if (fresh.metadata.uid !== uid) {
        this.finish(uid)
        return false
      }
      if (entry.wanted) entry.wanted = withForeign(entry.wanted, entry.base, fresh)
      entry.base = fresh
      return true
    } catch (error) {
      if (isNotFound(error) || this.closed) this.finish(uid)
      else this.later(uid, entry, error)
      return false
    }
  }

  private later(uid: string, entry: Entry, error: unknown): void {
    entry.failures += 1
    this.log.warn({ pod: entry.base.metadata.name, error: String(error) }, 'the status of a Pod could not be written')
    const delay = Math.min(30_000, 200 * 2 ** entry.failures)
    this.clock.setTimer(delay, () => this.entries.get(uid) === entry && void this.write(uid, entry), { unref: true })
  }

  private finish(uid: string): void {
    const entry = this.entries.get(uid)
    this.entries.delete(uid)
    for (const resolve of entry?.idle ?? []) resolve()
  }
}

function newer(a: Pod, b: Pod): boolean {
  return Number(a.metadata.resourceVersion) > Number(b.metadata.resourceVersion)
}

/** Conditions that are not ours are those of the newest Pod. */
function withForeign(wanted: PodStatus, base: Pod, fresh: Pod): PodStatus {
  const known = new Set((base.status?.conditions ?? []).map((condition) => condition.type))
  const added = (fresh.status?.conditions ?? []).filter((condition) => !known.has(condition.type))
  const types = new Set((wanted.conditions ?? []).map((condition) => condition.type))
  return { ...wanted, conditions: [...(wanted.conditions ?? []), ...added.filter((condition) => !types.has(condition.type))] }
}
