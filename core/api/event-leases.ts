/**
 * Leases for objects that run out. One lease serves all that is written within a minute, so that a storm of events does
 * not grant one each; it lasts a minute longer for that.
 */
import type { Clock } from '../kernel/contract.js'
import type { LeaseId, Store } from '../store/contract.js'

const sharedSeconds = 60

export interface EventLeases {
  /** A lease that outlives the configured time; undefined where events are kept for ever. */
  current(): LeaseId | undefined | Promise<LeaseId | undefined>
}

export function createEventLeases(store: Store, clock: Clock, ttlSeconds: number): EventLeases {
  let granted: { readonly id: LeaseId; readonly until: number } | undefined
  let granting: Promise<LeaseId> | undefined
  const grant = async (): Promise<LeaseId> => {
    const until = clock.monotonic() + sharedSeconds * 1000
    try {
      const { id } = await store.grantLease(ttlSeconds + sharedSeconds)
      granted = { id, until }
      return id
    } finally {
      granting = undefined
    }
  }
  return {
    current() {
      if (ttlSeconds === 0) return undefined
      if (granted && clock.monotonic() < granted.until) return granted.id
      granting ??= grant()
      return granting
    },
  }
}
