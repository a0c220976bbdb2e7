import { DavitError, type Random } from '@davit/core/kernel'
import type { Lease, LeaseId } from '@davit/core/store'
import type { Connection } from './connection.js'
import { codeOf, codes, isAnswer, isNoLease, refusal } from './errors.js'

/** etcd takes ids of 63 bits; these are exact as numbers. */
const ids = 2 ** 52

export async function grantLease(connection: Connection, random: Random, ttl: number): Promise<Lease> {
  if (!(ttl > 0 && ttl <= 1_000_000_000)) throw new DavitError('DAVIT_STORE_INVALID', `A lease of ${ttl} seconds is refused.`)
  for (;;) {
    const id = 1 + random.integer(ids)
    try {
      const granted = await connection.call('LeaseGrant', { ttl: Math.ceil(ttl), id }, { repeat: true })
      return { id: String(granted.id), ttl: granted.ttl }
    } catch (error) {
      // Somebody has it, or an attempt without an answer had made it: another one then.
      if (codeOf(error) !== codes.failedPrecondition) throw isAnswer(error) ? refusal(error) : error
    }
  }
}

export async function revokeLease(connection: Connection, id: LeaseId): Promise<void> {
  try {
    await connection.call('LeaseRevoke', { id: numberOf(id) }, { repeat: true })
  } catch (error) {
    if (isNoLease(error)) return
    throw isAnswer(error) ? refusal(error) : error
  }
}

/** False where it is gone. */
export async function keepLease(connection: Connection, id: LeaseId): Promise<boolean> {
  try {
    const { ttl } = await connection.exchange('LeaseKeepAlive', { id: numberOf(id) })
    return ttl > 0
  } catch (error) {
    throw isAnswer(error) ? refusal(error) : error
  }
}

function numberOf(id: LeaseId): number {
  const number = Number(id)
  if (!Number.isSafeInteger(number) || number <= 0) throw new DavitError('DAVIT_STORE_INVALID', `${id} is no id of a lease.`)
  return number
}
