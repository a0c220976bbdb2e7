/** What every verb works with; made once by the plugin. */
import type { Bag, Clock, Ids, Logger, Random } from '../kernel/contract.js'
import type { KindRegistry, ResourceKind } from '../kinds/contract.js'
import type { Store } from '../store/contract.js'
import type { WatchCaches } from '../watch/contract.js'
import type { ApiDelegates, ApiHooks, Authenticator, RuleLister, TokenIssuer } from './contract.js'
import type { EventLeases } from './event-leases.js'
import type { Resource } from './resource.js'
import type { ServiceAllocations } from './service-allocations.js'

export interface ApiServices {
  readonly store: Store
  readonly caches: WatchCaches
  readonly kinds: KindRegistry
  readonly hooks: ApiHooks
  readonly authenticators: Bag<Authenticator>
  readonly ruleListers: Bag<RuleLister>
  readonly delegates: Bag<ApiDelegates>
  /** Absent: this cluster gives no tokens. */
  readonly issuer?: TokenIssuer
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
  readonly log: Logger
  readonly eventLeases: EventLeases
  readonly allocations: ServiceAllocations
  /** The same object for the same kind. */
  resource(kind: ResourceKind): Resource
}

let lastSecond = Number.NaN
let lastText = ''

/** RFC 3339 in whole seconds. */
export function timestamp(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000)
  if (second !== lastSecond) {
    lastSecond = second
    lastText = `${new Date(second * 1000).toISOString().slice(0, 19)}Z`
  }
  return lastText
}
