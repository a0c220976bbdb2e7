/**
 * The leases of all nodes of this process, by which the cluster knows that they live: one timer for all, the nodes
 * spread evenly over its turns, so that many nodes make a few groups of writes and no burst.
 */
import { type Client, isConflict, isExists, isNotFound, leases } from '../client/contract.js'
import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { Lease } from '../kinds/contract.js'
import { toMicroTime } from './time.js'

const renewMs = 10_000
const durationSeconds = 40
const mostSlots = 50
/** A node writes its status at least so often: every thirtieth renewal, which is five minutes. */
const renewalsPerHeartbeat = 30

interface Member {
  readonly name: string
  readonly client: Client
  readonly heartbeat: () => void
  readonly slot: number
  lease: Lease | undefined
  renewals: number
}

export interface Leases {
  /** Renews at once, then every ten seconds, until the returned function is called. */
  add(name: string, client: Client, heartbeat: () => void): () => void
  close(): void
}

/** `expected`: how many nodes there will be. */
export function createLeases(clock: Clock, log: Logger, expected: number): Leases {
  const slots = Math.max(1, Math.min(mostSlots, expected))
  const members = new Set<Member>()
  let [made, slot] = [0, 0]
  let timer: Timer | undefined

  const renew = (member: Member): void => {
    renewLease(member, clock).catch((error: unknown) => {
      member.lease = undefined
      log.warn({ node: member.name, error: String(error) }, 'the lease of a node could not be renewed')
    })
  }
  const turn = (): void => {
    slot = (slot + 1) % slots
    for (const member of members) {
      if (member.slot !== slot) continue
      renew(member)
      member.renewals += 1
      if (member.renewals % renewalsPerHeartbeat === 0) member.heartbeat()
    }
    arm()
  }
  const arm = (): void => {
    timer = members.size === 0 ? undefined : clock.setTimer(renewMs / slots, turn, { unref: true })
  }

  return {
    add(name, client, heartbeat) {
      // Heartbeats begin at different turns, so that they are spread like the renewals.
      const member: Member = {
        name,
        client,
        heartbeat,
        slot: made % slots,
        lease: undefined,
        renewals: made % renewalsPerHeartbeat,
      }
      made += 1
      members.add(member)
      renew(member)
      if (!timer) arm()
      return () => void members.delete(member)
    },
    close() {
      members.clear()
      timer?.cancel()
    },
  }
}

async function renewLease(member: Member, clock: Clock): Promise<void> {
  const renewTime = toMicroTime(clock.now())
  member.lease ??= await createOrGet(member, renewTime)
  const { lease } = member
  if (lease.spec.renewTime === renewTime) return
  try {
    const spec = { ...lease.spec, holderIdentity: member.name, leaseDurationSeconds: durationSeconds, renewTime }
    member.lease = await member.client.update(leases, { ...lease, spec })
  } catch (error) {
    // The next renewal reads it anew.
    if (!isConflict(error) && !isNotFound(error)) throw error
    member.lease = undefined
  }
}

async function createOrGet({ client, name }: Member, renewTime: string): Promise<Lease> {
  const metadata = { name, namespace: 'kube-node-lease' }
  const spec = { holderIdentity: name, leaseDurationSeconds: durationSeconds, renewTime }
  try {
    return await client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
  } catch (error) {
    if (!isExists(error)) throw error
    return client.get(leases, metadata.namespace, name)
  }
}
