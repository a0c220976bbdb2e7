/** What a provisioner throws is tried again by the host; without an event nobody would know why a claim waits. */
import type { ReconcileContext } from '@davit/core/controller'

export async function telling<T>(
  tell: (message: string) => void,
  { signal }: Pick<ReconcileContext, 'signal'>,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    // Whoever is stopped fails nobody.
    if (!signal.aborted) tell(error instanceof Error ? error.message : String(error))
    throw error
  }
}
