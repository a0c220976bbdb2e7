/** Looks at each write while all goes wrong, and says which of them broke a promise. */
import { controllerOf, isPodActive, isPodReady } from '@davit/core/controller'
import type { Pod } from '@davit/core/kinds'

/** What holds for the Pods with the label `app` of one value. */
export interface Promises {
  /** Pods that are ready and stay, whatever controllers take away. */
  readonly least: number
  /** The same for evictions. */
  readonly budget: number
  /** Pods that neither have ended nor are on their way out, whatever controllers make. */
  readonly most: number
}

/** What it hears of a write: a committed one, or what a watch tells of it. */
export interface SeenWrite {
  readonly verb: 'create' | 'update' | 'delete'
  readonly kind: { readonly group: string; readonly resource: string }
  readonly item: { readonly object: object }
  readonly user: { readonly name: string }
}

const trailLength = 60

interface Known {
  readonly pod: Pod
  readonly app: string
}

export class Observer {
  /** One line for each promise that was broken. */
  readonly broken: string[] = []
  /** Writes so far. */
  commits = 0
  /** How many Pods of each Job were made, and how many of them failed or were taken away. */
  readonly jobs = new Map<string, { made: number; lost: number; succeeded: number }>()
  readonly #now: () => number
  readonly #behindMs: number
  readonly #trail: string[] = []
  readonly #pods = new Map<string, Known>()
  /** By app: all promises of late, the newest last. */
  readonly #promises = new Map<string, { readonly since: number; readonly promises: Promises }[]>()
  /** Pods that a fault took away, by app: whoever looks from afar may still count them. */
  readonly #lost = new Map<string, { readonly at: number; readonly uid: string }[]>()

  /** `behindMs`: how long something may be in the eyes of a controller as it was before; a chain of them needs so long. */
  constructor(now: () => number, behindMs = 1000) {
    this.#now = now
    this.#behindMs = behindMs
  }

  promise(app: string, promises: Promises): void {
    this.#promises.set(app, [...(this.#promises.get(app) ?? []), { since: this.#now(), promises }])
  }

  /** What happened last, for whoever reads of a broken promise. */
  note(what: string): void {
    this.#trail.push(`${this.#now() % 10_000_000}: ${what}`)
    if (this.#trail.length > trailLength) this.#trail.shift()
  }

  heard(write: SeenWrite): void {
    this.commits += 1
    this.note(lineOf(write))
    this.#look(write)
  }

  #look({ verb, kind, item, user }: SeenWrite): void {
    if (kind.group !== '' || kind.resource !== 'pods') return
    const pod = item.object as Pod
    const uid = pod.metadata.uid ?? ''
    const app = pod.metadata.labels?.app ?? ''
    const before = this.#pods.get(uid)?.pod
    if (verb === 'delete') this.#pods.delete(uid)
    else this.#pods.set(uid, { pod, app })
    this.#countJob(verb, pod, before)
    if (verb === 'create') this.#made(app, pod)
    const wasReady = before !== undefined && isServing(before)
    if (!wasReady || (verb !== 'delete' && isServing(pod))) return
    const taken = verb === 'delete' || pod.metadata.deletionTimestamp !== undefined
    if (taken && isBound(user.name)) this.#taken(app, pod, user.name)
    else this.#lost.set(app, [...this.#of(this.#lost, app), { at: this.#now(), uid }])
  }

  /** Somebody who promised made one: never more than its strategy allows. */
  #made(app: string, pod: Pod): void {
    const active = this.#podsOf(app).filter(isPodActive).length
    const most = Math.max(...this.#recent(app).map(({ most }) => most))
    if (active > most) this.#break(`${active} Pods of ${app} with ${pod.metadata.name}, at most ${most} may be`)
  }

  /** Somebody who promised took one that served: enough others must be left, those that were lost just now included. */
  #taken(app: string, pod: Pod, by: string): void {
    const ready = this.#podsOf(app).filter(isServing).length
    const late = this.#of(this.#lost, app).filter(({ at, uid }) => at >= this.#now() - this.#behindMs && uid !== pod.metadata.uid)
    const left = ready + new Set(late.map(({ uid }) => uid)).size
    const least = Math.min(...this.#recent(app).map((promises) => (by === 'test' ? promises.budget : promises.least)))
    if (left < least) this.#break(`${by} took ${pod.metadata.name}: ${left} of ${app} are left of ${least}`)
  }

  #break(what: string): void {
    this.broken.push(`${what}\n${this.#trail.join('\n')}`)
  }

  #countJob(verb: SeenWrite['verb'], pod: Pod, before: Pod | undefined): void {
    const controller = controllerOf(pod)
    if (controller?.kind !== 'Job') return
    const counts = this.jobs.get(controller.name) ?? { made: 0, lost: 0, succeeded: 0 }
    this.jobs.set(controller.name, counts)
    if (verb === 'create') counts.made += 1
    const phase = pod.status?.phase
    if (before?.status?.phase !== phase && phase === 'Succeeded') counts.succeeded += 1
    const hasEnded = (of: Pod) => of.status?.phase === 'Succeeded' || of.status?.phase === 'Failed'
    const isLost = (of: Pod) => of.status?.phase === 'Failed' || (!hasEnded(of) && of.metadata.deletionTimestamp !== undefined)
    if (before && !isLost(before) && !hasEnded(before) && (isLost(pod) || (verb === 'delete' && !hasEnded(pod)))) counts.lost += 1
  }

  #podsOf(app: string): readonly Pod[] {
    return [...this.#pods.values()].filter((known) => known.app === app).map(({ pod }) => pod)
  }

  /** What held at any time that a controller may still have in its eyes; nothing is asked of an app without promises. */
  #recent(app: string): readonly Promises[] {
    const all = this.#promises.get(app)
    if (!all) return [{ least: 0, budget: 0, most: Number.POSITIVE_INFINITY }]
    const current = all.filter((_, index) => (all[index + 1]?.since ?? Number.POSITIVE_INFINITY) >= this.#now() - this.#behindMs)
    return current.map(({ promises }) => promises)
  }

  #of<T>(map: ReadonlyMap<string, readonly T[]>, app: string): readonly T[] {
    return map.get(app) ?? []
  }
}

function lineOf({ verb, kind, item, user }: SeenWrite): string {
  const { metadata, spec, status } = item.object as Pod & { spec?: { replicas?: number } }
  const more = [
    metadata.deletionTimestamp ? 'going' : '',
    status?.phase ?? '',
    kind.resource === 'pods' && isPodReady(item.object as Pod) ? 'ready' : '',
    spec?.replicas === undefined ? '' : `${spec.replicas}`,
  ]
  return `${user.name.split(':').at(-1)} ${verb} ${kind.resource} ${metadata.name} ${more.join(' ')}`
}

function isServing(pod: Pod): boolean {
  return isPodReady(pod) && pod.metadata.deletionTimestamp === undefined
}

/** Those who keep to budgets: controllers of workloads, and whoever evicts. Garbage and lost nodes are none of theirs. */
function isBound(user: string): boolean {
  return /^test$|:(replicaset|statefulset)-controller$/.test(user)
}
