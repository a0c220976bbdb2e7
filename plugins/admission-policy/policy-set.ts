/** The policies that are in force: those that have a binding, in the order of their names, each compiled at its first use. */
import type { Informer } from '@davit/core/client'
import { type Cel, loadCel, type ValidatingAdmissionPolicy, type ValidatingAdmissionPolicyBinding } from '@davit/core/kinds'
import { type CompiledPolicy, compilePolicy } from './compiled-policy.js'

export interface Sources {
  readonly policies: Informer<ValidatingAdmissionPolicy>
  readonly bindings: Informer<ValidatingAdmissionPolicyBinding>
}
export interface BoundPolicy {
  readonly policy: ValidatingAdmissionPolicy
  readonly bindings: readonly ValidatingAdmissionPolicyBinding[]
}

export class PolicySet {
  readonly #sources: Sources
  #bound: readonly BoundPolicy[] | undefined
  #compiled = new WeakMap<ValidatingAdmissionPolicy['spec'], CompiledPolicy>()

  constructor(sources: Sources) {
    this.#sources = sources
  }

  /** Forgets what it has worked out at each change. Returns the function that ends that. */
  follow(): () => void {
    const forget = (): void => {
      this.#bound = undefined
    }
    const events = { added: forget, updated: forget, deleted: forget }
    const ends = [this.#sources.policies.on(events), this.#sources.bindings.on(events)]
    return () => {
      for (const end of ends) end()
    }
  }

  /** Asked of every write: one comparison, but for the first time after a change. */
  get empty(): boolean {
    return this.bound.length === 0
  }

  get bound(): readonly BoundPolicy[] {
    this.#bound ??= this.#bind()
    return this.#bound
  }

  #bind(): readonly BoundPolicy[] {
    const byPolicy = new Map<string, ValidatingAdmissionPolicyBinding[]>()
    for (const binding of sorted(this.#sources.bindings.list())) {
      const { policyName = '' } = binding.spec
      byPolicy.set(policyName, [...(byPolicy.get(policyName) ?? []), binding])
    }
    return sorted(this.#sources.policies.list()).flatMap((policy) => {
      const bindings = byPolicy.get(policy.metadata.name)
      return bindings ? [{ policy, bindings }] : []
    })
  }

  async compiled({ spec }: ValidatingAdmissionPolicy): Promise<{ cel: Cel; policy: CompiledPolicy }> {
    const cel = await loadCel()
    const known = this.#compiled.get(spec)
    if (known) return { cel, policy: known }
    const policy = compilePolicy(cel, spec)
    this.#compiled.set(spec, policy)
    return { cel, policy }
  }
}

function sorted<T extends { metadata: { name: string } }>(objects: readonly T[]): T[] {
  return [...objects].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}
