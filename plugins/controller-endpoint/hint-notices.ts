/** Tells, in events of a Service, when its endpoints begin to be meant for zones, and when and why they are not. */
import type { ReconcileContext } from '@davit/core/controller'
import type { Service } from '@davit/core/kinds'

type Refusals = ReadonlyMap<string, string | undefined>

export class HintNotices {
  /** What was told last, by Service and address type; the empty text: that there are some. */
  readonly #told = new Map<string, Map<string, string>>()

  /** `refusals`: undefined where the Service does not ask for any. */
  tell(key: string, service: Service, refusals: Refusals | undefined, { event }: Pick<ReconcileContext, 'event'>): void {
    const told = this.#told.get(key)
    if (!refusals) {
      if (!told) return
      this.#told.delete(key)
      for (const [type, refusal] of told)
        if (refusal === '') event(service, ...disabled('Topology Aware Hints has been disabled', type))
      return
    }
    const next = new Map<string, string>()
    for (const [type, refusal = ''] of refusals) {
      next.set(type, refusal)
      if (told?.get(type) === refusal) continue
      if (refusal !== '') event(service, ...disabled(refusal, type))
      else event(service, 'Normal', 'TopologyAwareHintsEnabled', `Topology Aware Hints has been enabled, addressType: ${type}`)
    }
    this.#told.set(key, next)
  }

  /** The Service is gone. */
  forget(key: string): void {
    this.#told.delete(key)
  }
}

function disabled(why: string, addressType: string) {
  return ['Warning', 'TopologyAwareHintsDisabled', `${why}, addressType: ${addressType}`] as const
}
