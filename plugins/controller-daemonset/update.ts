/** The step of a rolling update; pure. */
import type { Pod } from '@davit/core/kinds'
import { hasFinished, isGoing, isServing, isUpdated, limit, type Plan, type Seat, type State } from './plan.js'

/** `seats`: of all nodes that are meant for the set. */
export function planUpdate(state: State, seats: readonly Seat[]): Pick<Plan, 'create' | 'remove'> {
  const { maxSurge = 0, maxUnavailable = 1 } = state.set.spec.updateStrategy?.rollingUpdate ?? {}
  const surge = limit(maxSurge, seats.length)
  const unavailable = limit(maxUnavailable, seats.length)
  if (surge > 0) return addBeside(state, seats, surge)
  return replace(state, seats, Math.max(1, unavailable))
}

interface Pair {
  readonly seat: Seat
  readonly old: Pod | undefined
  readonly next: Pod | undefined
}

/** Old Pods go: those that do not serve at once, the others as far as the limit allows. The set makes new ones then. */
function replace(state: State, seats: readonly Seat[], maxUnavailable: number): Pick<Plan, 'create' | 'remove'> {
  let unavailable = 0
  const idle: Pair[] = []
  const serving: Pair[] = []
  for (const pair of seats.map((seat) => pairOf(state, seat))) {
    const { old, next } = pair
    const only = old && next ? undefined : (old ?? next)
    const serves = only !== undefined && isServing(state, only)
    if (!serves) unavailable += 1
    if (old && !next) (serves ? serving : idle).push(pair)
  }
  const more = serving.slice(0, Math.max(0, maxUnavailable - unavailable))
  return { create: [], remove: [...idle, ...more].flatMap(outdated) }
}

/** New Pods come beside the old ones, which go when the new ones serve, or when they do not serve themselves. */
function addBeside(state: State, seats: readonly Seat[], maxSurge: number): Pick<Plan, 'create' | 'remove'> {
  let surged = 0
  const idle: string[] = []
  const serving: string[] = []
  const remove: Plan['remove'][number][] = []
  for (const pair of seats.map((seat) => pairOf(state, seat))) {
    const { seat, old, next } = pair
    if (!old) continue
    const serves = isServing(state, old)
    if (!next) {
      // What is on its way out here has to be gone before another comes.
      if (!seat.pods.some(isGoing)) (serves ? serving : idle).push(seat.node)
      continue
    }
    surged += 1
    if (!serves || isServing(state, next)) remove.push(...outdated(pair))
  }
  return { create: [...idle, ...serving.slice(0, Math.max(0, maxSurge - surged))], remove }
}

function pairOf({ hash }: State, seat: Seat): Pair {
  const present = seat.pods.filter((pod) => !isGoing(pod) && !hasFinished(pod))
  return {
    seat,
    old: present.find((pod) => !isUpdated(pod, hash)),
    next: present.find((pod) => isUpdated(pod, hash)),
  }
}

function outdated({ seat, old }: Pair): Plan['remove'] {
  return old ? [{ pod: old, node: seat.node, why: 'outdated' }] : []
}
