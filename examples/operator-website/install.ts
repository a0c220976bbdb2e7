import { type Client, customResourceDefinitions, isExists } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import { definition } from './definition.js'

const lookMs = 20

/** Resolves when the kind is served: a controller that watches it before would only be told that there is none. */
export async function install(client: Client, clock: Clock, signal: AbortSignal): Promise<void> {
  await client.create(customResourceDefinitions, definition).catch((error: unknown) => {
    if (!isExists(error)) throw error
  })
  for (;;) {
    const { status } = await client.get(customResourceDefinitions, '', definition.metadata.name)
    if (status?.conditions?.some(({ type, status: value }) => type === 'Established' && value === 'True')) return
    await clock.sleep(lookMs, signal)
  }
}
