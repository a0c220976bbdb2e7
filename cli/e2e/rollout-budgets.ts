/** Whether roll-outs keep to what their strategies allow, told from each change of each Pod; pure. */
import type { Tree } from './objects.js'

export interface Budget {
  /** Pods that are ready and stay. */
  readonly least: number
  /** Pods that stay, ready or not. */
  readonly most: number
}
interface Seen {
  readonly app: string
  readonly image: string
  readonly stays: boolean
  readonly ready: boolean
}

export class RolloutBudgets {
  readonly #pods = new Map<string, Seen>()
  readonly #budgets = new Map<string, Budget>()
  readonly #ready = new Map<string, number>()
  readonly #stay = new Map<string, number>()
  readonly #readyOfImage = new Map<string, number>()
  /** One line for each time that a budget was broken. */
  readonly broken: string[] = []

  /** Pods with the label `app` of this value are to keep to `budget` from now on. */
  watch(app: string, budget: Budget): void {
    this.#budgets.set(app, budget)
  }

  /** Pods of this image that are ready and stay. */
  ready(image: string): number {
    return this.#readyOfImage.get(image) ?? 0
  }

  /** All Pods, those on their way out included. */
  get total(): number {
    return this.#pods.size
  }

  heard(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: Tree): void {
    const { uid, name, labels = {}, deletionTimestamp } = pod.metadata
    const known = this.#pods.get(uid)
    if (known) this.#count(known, -1)
    if (type === 'DELETED') this.#pods.delete(uid)
    else {
      const isTrue = ({ type: of, status }: Tree) => of === 'Ready' && status === 'True'
      const stays = deletionTimestamp === undefined
      const ready = stays && (pod.status?.conditions ?? []).some(isTrue)
      const seen = { app: labels.app ?? '', image: pod.spec.containers[0].image, stays, ready }
      this.#pods.set(uid, seen)
      this.#count(seen, 1)
    }
    this.#check(labels.app ?? '', `${name} ${type} at ${pod.metadata.resourceVersion}`)
  }

  #count({ app, image, stays, ready }: Seen, by: number): void {
    const add = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + by)
    if (stays) add(this.#stay, app)
    if (!ready) return
    add(this.#ready, app)
    add(this.#readyOfImage, image)
  }

  #check(app: string, what: string): void {
    const budget = this.#budgets.get(app)
    if (!budget) return
    const [ready, stay] = [this.#ready.get(app) ?? 0, this.#stay.get(app) ?? 0]
    if (ready < budget.least) this.broken.push(`${app}: ${ready} ready, at least ${budget.least} must be: ${what}`)
    if (stay > budget.most) this.broken.push(`${app}: ${stay} in all, at most ${budget.most} may be: ${what}`)
  }
}
