/** Why a metric says nothing now, in Kubernetes' words: shown to the user, and no fault of the controller. */
export class MetricError extends Error {
  override readonly name = 'MetricError'
}
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
