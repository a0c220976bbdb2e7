/** The condition `Available` of an APIService. */
import { apiServices, type Client, isConflict, isNotFound } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { APIService } from '@davit/core/kinds'

export interface Availability {
  readonly available: boolean
  readonly reason: string
  readonly message: string
}
export const localAvailability: Availability = {
  available: true,
  reason: 'Local',
  message: 'Local APIServices are always available',
}

/** Writes nothing where the condition says so already. Who lost a race is woken by what won it. */
export async function writeAvailability(client: Client, clock: Clock, service: APIService, now: Availability): Promise<void> {
  const { conditions = [] } = service.status ?? {}
  const before = conditions.find((condition) => condition.type === 'Available')
  const status = now.available ? 'True' : 'False'
  if (before?.status === status && before.reason === now.reason && before.message === now.message) return
  const changed = before?.status === status ? before.lastTransitionTime : undefined
  const lastTransitionTime = changed ?? new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z')
  const condition = { type: 'Available', status, lastTransitionTime, reason: now.reason, message: now.message }
  const others = conditions.filter((one) => one.type !== 'Available')
  try {
    await client.updateStatus(apiServices, { ...service, status: { ...service.status, conditions: [...others, condition] } })
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error
  }
}
