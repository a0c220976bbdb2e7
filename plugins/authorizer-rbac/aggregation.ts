/** Cluster roles whose rules are those of other roles, chosen by label: kept filled as those come, change and go. */
import { type Client, clusterRoles, edit, type Informer, isConflict, isNotFound } from '@davit/core/client'
import type { Clock, Logger, Timer } from '@davit/core/kernel'
import { type ClusterRole, equalJson, selectorFromObject } from '@davit/core/kinds'

type Rules = NonNullable<ClusterRole['rules']>
const retryMs = 1000

/** What `role` shall hold: the rules of all that its selectors choose, by name, each once. Pure. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): Rules {
  const byName = [...all].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const known = new Set<string>()
  const rules: Rules = []
  for (const spec of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorFromObject(spec)
    if (selector.error !== undefined) continue
    for (const other of byName) {
      if (other.metadata.name === role.metadata.name || !selector.value.matches(other.metadata.labels ?? {})) continue
      for (const rule of other.rules ?? []) {
        const text = JSON.stringify(rule)
        if (known.has(text)) continue
        known.add(text)
        rules.push(rule)
      }
    }
  }
  return rules
}

export interface AggregationOptions {
  readonly roles: Informer<ClusterRole>
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
}

/** Woken by changes of cluster roles alone; one pass at a time, and one more for what changed meanwhile. */
export class Aggregation {
  readonly #options: AggregationOptions
  #running: Promise<void> | undefined
  #again = false
  #stopped = false
  #retry: Timer | undefined

  constructor(options: AggregationOptions) {
    this.#options = options
  }

  /** Returns the undo, which waits for a write that is under way. */
  follow(): () => Promise<void> {
    const wake = (): void => this.#wake()
    const remove = this.#options.roles.on({
      added: wake,
      updated: (role, old) => {
        if (counts(role) || counts(old)) wake()
      },
      deleted: wake,
    })
    return async () => {
      this.#stopped = true
      this.#retry?.cancel()
      remove()
      await this.#running
    }
  }

  #wake(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false
      const all = this.#options.roles.list()
      for (const role of all) if (role.aggregationRule) await this.#fill(role, all)
    }
  }

  async #fill(role: ClusterRole, all: readonly ClusterRole[]): Promise<void> {
    const rules = aggregatedRules(role, all)
    if (equalJson(rules, role.rules ?? [])) return
    const { client, log, clock } = this.#options
    const { name } = role.metadata
    const cause = { actor: 'authorizer-rbac', trigger: { object: nameOf(role) } }
    try {
      await client.update(
        clusterRoles,
        edit(role, (draft) => void Object.assign(draft, { rules })),
        { cause },
      )
    } catch (error) {
      // Somebody else wrote it: its event is on the way and wakes this again.
      if (isConflict(error) || isNotFound(error)) return
      log.warn({ role: name, error: String(error) }, 'the rules of an aggregating role could not be written')
      this.#retry?.cancel()
      this.#retry = clock.setTimer(retryMs, () => this.#wake(), { unref: true })
    }
  }
}

/** Whether a change of it can matter: it is aggregated, or has a label by which it may be chosen. */
function counts({ metadata, aggregationRule }: ClusterRole): boolean {
  return aggregationRule !== undefined || metadata.labels !== undefined
}

function nameOf({ metadata }: ClusterRole) {
  return { resource: 'clusterroles', namespace: '', name: metadata.name, resourceVersion: metadata.resourceVersion ?? '' }
}
