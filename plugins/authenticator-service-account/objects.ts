/** What tokens are bound to, as it is now. */
import {
  type Client,
  type Clients,
  type Informer,
  isNotFound,
  nodes,
  pods,
  type ResourceRef,
  secrets,
  serviceAccounts,
} from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { KubeObject, Secret } from '@davit/core/kinds'
import { leewayMs } from './leeway.js'

type Finder<T> = (namespace: string, name: string, uid?: string) => Promise<T | undefined>

export class Objects {
  readonly account: Finder<KubeObject>
  readonly pod: Finder<KubeObject>
  readonly node: Finder<KubeObject>
  readonly secret: Finder<Secret>
  readonly #clock: Clock

  constructor(clients: Clients, client: Client, clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    const finder = <T extends KubeObject>(ref: ResourceRef<T>) => finderOf(clients, client, ref, signal)
    this.account = finder(serviceAccounts)
    this.pod = finder(pods)
    this.node = finder(nodes)
    this.secret = finder(secrets)
  }

  /** A little later than it was marked: what a Pod still has to say at its end it may say. */
  isGone({ metadata: { deletionTimestamp } }: KubeObject): boolean {
    return deletionTimestamp !== undefined && Date.parse(deletionTimestamp) < this.#clock.now() - leewayMs
  }
}

/**
 * Reads an informer, which starts with the first question. Only a miss, or an object that has become another one of the
 * same name, may be an informer that lags: then the API is asked.
 */
function finderOf<T extends KubeObject>(clients: Clients, client: Client, ref: ResourceRef<T>, signal: AbortSignal): Finder<T> {
  let informer: Informer<T> | undefined
  return async (namespace, name, uid) => {
    informer ??= clients.informer(ref)
    if (!informer.synced) await informer.whenSynced(signal)
    const known = informer.get(namespace, name)
    if (known && (uid === undefined || known.metadata.uid === uid)) return known
    return client.get(ref, namespace, name).catch((error: unknown) => {
      if (isNotFound(error)) return undefined
      throw error
    })
  }
}
