/** The webhooks that are configured now, in the order in which they are asked. */
import type { MatchCriteria } from '@davit/core/api'
import type { Informer } from '@davit/core/client'
import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '@davit/core/kinds'

export interface Webhook {
  readonly name: string
  readonly configuration: string
  /** Tells webhooks of one name in one configuration apart, over all configurations. */
  readonly key: string
  readonly criteria: MatchCriteria
  /** What it is asked by: of validating ones `reinvocationPolicy` is absent. */
  readonly spec: MutatingWebhook
}

export class Configurations {
  readonly #informer: Informer<MutatingWebhookConfiguration | ValidatingWebhookConfiguration>
  #webhooks: readonly Webhook[] | undefined

  constructor(informer: Informer<MutatingWebhookConfiguration> | Informer<ValidatingWebhookConfiguration>) {
    this.#informer = informer as Informer<MutatingWebhookConfiguration | ValidatingWebhookConfiguration>
  }

  /** Returns the undo. */
  follow(): () => void {
    const forget = (): void => {
      this.#webhooks = undefined
    }
    return this.#informer.on({ added: forget, updated: forget, deleted: forget })
  }

  whenSynced(signal?: AbortSignal): Promise<void> {
    return this.#informer.whenSynced(signal)
  }

  /** Asked of every write. False, too, as long as nobody knows. */
  get empty(): boolean {
    return this.#informer.synced && this.#all().length === 0
  }

  async webhooks(): Promise<readonly Webhook[]> {
    if (!this.#informer.synced) await this.#informer.whenSynced()
    return this.#all()
  }

  #all(): readonly Webhook[] {
    this.#webhooks ??= [...this.#informer.list()]
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .flatMap((configuration) => webhooksOf(configuration))
    return this.#webhooks
  }
}

function webhooksOf({ metadata, webhooks = [] }: MutatingWebhookConfiguration | ValidatingWebhookConfiguration): Webhook[] {
  return webhooks.flatMap((spec) => {
    const { rules = [], namespaceSelector, objectSelector, matchPolicy } = spec
    // To the matcher no rules at all mean everything, to a webhook nothing.
    if (rules.length === 0) return []
    const criteria = { resourceRules: rules, namespaceSelector, objectSelector, matchPolicy }
    return { name: spec.name, configuration: metadata.name, key: `${metadata.name}/${spec.name}`, criteria, spec }
  })
}
