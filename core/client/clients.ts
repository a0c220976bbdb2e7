import type { Clock, Logger, Random } from '../kernel/contract.js'
import type { KubeObject } from '../kinds/contract.js'
import type { Client, Clients, Fence, Identity, Informer, ResourceRef } from './contract.js'
import { EventTurns } from './event-turns.js'
import { type InformerScope, WatchingInformer } from './informer.js'

export interface ClientsOptions {
  readonly shared: boolean
  /** Makes a client that acts as `identity`. */
  as(identity: Identity, fence?: Fence): Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** For informers; 0 where a list costs no transport. Default 500. */
  readonly pageSize?: number
}

/** Whom informers read as. */
export const systemIdentity: Identity = { name: 'system:davit', groups: ['system:masters'], manager: 'davit' }

/** Clients over one transport, and the informers that share it: one for each resource and scope. */
export function createClients(options: ClientsOptions): Clients & { close(): void } {
  const { clock, random, log, pageSize = 500 } = options
  // biome-ignore lint/suspicious/noExplicitAny: informers of any type; the key holds the resource, which fixes the type.
  const informers = new Map<string, WatchingInformer<any>>()
  const own = new Set<{ close(): void }>()
  let over = false
  return {
    eventTurns: new EventTurns(clock),
    shared: options.shared,
    as: (identity, fence) => options.as(identity, fence),
    informer<T extends KubeObject>(resource: ResourceRef<T>, scope: InformerScope = {}): Informer<T> {
      if (over) throw new Error('the clients are closed')
      const key = keyOf(resource, scope)
      const known = informers.get(key)
      if (known !== undefined) return known
      const client = options.as(systemIdentity)
      // A user's kind may go and come back: then somebody asks for another one.
      const abandoned = (): void => void informers.delete(key)
      const made = new WatchingInformer<T>({ client, resource, scope, clock, random, log, pageSize, abandoned })
      informers.set(key, made)
      return made
    },
    follow<T extends KubeObject>(resource: ResourceRef<T>, scope: InformerScope) {
      if (over) throw new Error('the clients are closed')
      const client = options.as(systemIdentity)
      const closed = (): void => void own.delete(made)
      const made = new WatchingInformer<T>({ client, resource, scope, clock, random, log, pageSize, closed })
      own.add(made)
      return made
    },
    close() {
      over = true
      for (const informer of [...own]) informer.close()
      for (const informer of informers.values()) informer.close()
      informers.clear()
    },
  }
}

function keyOf({ group, version, resource }: ResourceRef, scope: InformerScope): string {
  return [group, version, resource, scope.namespace ?? '', scope.labelSelector ?? '', scope.fieldSelector ?? ''].join('\n')
}
