/** What the parts of an open runtime share: its services, and what it knows of its sandboxes and containers. */
import { join } from 'node:path'
import type { Clock, Random } from '@davit/core/kernel'
import type { NodeContext, RuntimeEvent } from '@davit/core/node'
import { type AddressPool, createPool, parseRange, type Range } from './addresses.js'
import { createGroups, type Groups } from './cgroups.js'
import { type Claims, createClaims } from './claims.js'
import type { ProcessConfig } from './config.js'
import type { Ending } from './exits.js'
import type { Machine } from './machine.js'
import { createNetwork, type Network } from './network.js'
import { groupOf, type Places, placesOf, short } from './places.js'
import type { ContainerRecord, SandboxRecord } from './records.js'

export interface Services {
  readonly clock: Clock
  readonly random: Random
  readonly config: ProcessConfig
  readonly machine: Machine
}

export interface ContainerEntry {
  readonly record: ContainerRecord
  /** 0: not started. */
  startedAt: number
  supervisorPid: number
  /** Started by this process, which so hears of the supervisor's end. */
  own: boolean
  ending: Ending | undefined
  /** Why it never began. */
  failure: string | undefined
  /** Called once it has ended, or is removed. */
  readonly waiting: Set<() => void>
  stopMarks: () => Promise<void>
}

export interface State extends Services {
  readonly node: NodeContext
  readonly places: Places
  readonly groups: Groups | undefined
  readonly network: Network | undefined
  /** For what is known of a former life; else `claims` takes and releases. */
  readonly pool: AddressPool
  readonly claims: Claims
  readonly sandboxes: Map<string, SandboxRecord>
  readonly containers: Map<string, ContainerEntry>
  readonly listeners: Set<(event: RuntimeEvent) => void>
}

export function createState(services: Services, node: NodeContext): State {
  const { machine, clock } = services
  const places = placesOf(node)
  const pool = createPool(machine.namespaces ? parseRange(node.podCidr) : loopbackRange(node.podCidr))
  return {
    ...services,
    node,
    places,
    // Another cluster of this machine may have a node of the same name.
    groups: machine.controllers && createGroups(machine.controllers, groupOf(places, node.nodeName), clock),
    network: machine.namespaces ? createNetwork(node, machine) : undefined,
    pool,
    claims: createClaims(pool, machine.namespaces ? join('/run/davit/addresses', short(node.podCidr)) : undefined),
    sandboxes: new Map(),
    containers: new Map(),
    listeners: new Set(),
  }
}

/** Where Pods share the machine's network, each still has an address of its own to listen at: 127.x.y.z of its range's x.y.z. */
export function loopbackRange(podCidr: string): Range {
  const { first, size, bits } = parseRange(podCidr)
  return { first: 127 * 2 ** 24 + (first % 2 ** 24), size, bits }
}

export function emit({ listeners }: State, podUid: string, type: RuntimeEvent['type']): void {
  for (const listener of [...listeners]) listener({ podUid, type })
}

/** A name that no directory has yet: `make` rejects with EEXIST for one that is taken. */
export async function newId(random: Random, make: (id: string) => Promise<unknown>): Promise<string> {
  for (;;) {
    const id = random.string(16, '0123456789abcdef')
    try {
      await make(id)
      return id
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
