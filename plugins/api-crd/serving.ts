/** Which kinds the API serves on behalf of definitions. */
import type { Logger } from '@davit/core/kernel'
import { customKinds, equalJson, type KindRegistry } from '@davit/core/kinds'
import { type ConverterServices, converterOf } from './converter.js'
import { type Definition, isEstablished, isGoing } from './definition.js'
import { type RuleCompiler, ruleCompilerOf } from './rules.js'

export interface ServingServices extends ConverterServices {
  readonly kinds: KindRegistry
  readonly log: Logger
}
interface Served {
  /** What it was made of. */
  readonly source: readonly unknown[]
  readonly versions: ReadonlyMap<string, () => void>
}

export class Serving {
  readonly #services: ServingServices
  readonly #served = new Map<string, Served>()
  #closed = false

  constructor(services: ServingServices) {
    this.#services = services
  }

  /** Serves what the definition says now. Nothing happens where that is served already: watches of it go on. */
  async serve(definition: Definition): Promise<void> {
    const { name } = definition.metadata
    if (!isEstablished(definition)) {
      this.remove(name)
      return
    }
    const source = [definition.spec, definition.status?.acceptedNames, isGoing(definition)]
    const before = this.#served.get(name)
    if (before && equalJson(before.source, source)) return
    const rulesOf = await ruleCompilerOf(definition)
    if (this.#closed) return
    const versions = this.#register(definition, rulesOf)
    for (const [version, unregister] of before?.versions ?? []) if (!versions.has(version)) unregister()
    this.#served.set(name, { source, versions })
  }

  /** A version that is served already is replaced, never missing in between. */
  #register(definition: Definition, rulesOf: RuleCompiler | undefined): Map<string, () => void> {
    const { kinds, log } = this.#services
    const convert = converterOf(definition, this.#services)
    const versions = new Map<string, () => void>()
    const options = { terminating: isGoing(definition), ...(convert ? { convert } : {}), ...(rulesOf ? { rulesOf } : {}) }
    for (const kind of customKinds(definition, options)) {
      const present = kinds.resource(kind.group, kind.version, kind.resource)
      if (present && !present.custom) {
        log.warn({ definition: definition.metadata.name }, 'a definition names a built-in resource, which stays what it is')
      } else versions.set(kind.version, kinds.register(kind))
    }
    return versions
  }

  remove(name: string): void {
    for (const unregister of this.#served.get(name)?.versions.values() ?? []) unregister()
    this.#served.delete(name)
  }

  close(): void {
    this.#closed = true
    for (const name of [...this.#served.keys()]) this.remove(name)
  }
}
