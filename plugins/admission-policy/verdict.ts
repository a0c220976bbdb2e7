/** What all policies together say of one request, and how it is told. */
import type { AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@davit/core/kinds'
import type { Evaluation, Finding } from './evaluation.js'
import { ConfigurationError } from './params.js'

type Policy = ValidatingAdmissionPolicy
type Binding = ValidatingAdmissionPolicyBinding

const codes: Readonly<Record<string, number>> = {
  Unauthorized: 401,
  Forbidden: 403,
  RequestEntityTooLarge: 413,
  Invalid: 422,
}
const failureKey = 'validation.policy.admission.k8s.io/validation_failure'

export class Verdict {
  readonly #request: AdmissionRequest
  readonly #audited: object[] = []
  readonly #annotations = new Map<string, Set<string>>()
  /** The first one counts. */
  #denial: { readonly message: string; readonly reason: string } | undefined

  constructor(request: AdmissionRequest) {
    this.#request = request
  }

  /** Runs `judge`; what is wrong with the policy or the binding itself counts as its failure policy says. */
  async guard(policy: Policy, binding: Binding | undefined, judge: () => Promise<void>): Promise<void> {
    try {
      await judge()
    } catch (error) {
      if (!(error instanceof ConfigurationError) && !(error instanceof Error && error.name === 'ApiError')) throw error
      if (policy.spec.failurePolicy === 'Ignore') return
      const what = binding ? 'binding' : 'policy'
      this.#deny(policy, binding, { message: `failed to configure ${what}: ${error.message}`, reason: '' })
    }
  }

  add(policy: Policy, binding: Binding, { findings, annotations }: Evaluation): void {
    for (const finding of findings) this.#find(policy, binding, finding)
    for (const [key, value] of annotations) {
      const name = `${policy.metadata.name}/${key}`
      this.#annotations.set(name, (this.#annotations.get(name) ?? new Set()).add(value))
    }
  }

  #find(policy: Policy, binding: Binding, finding: Finding): void {
    const { validationActions = [] } = binding.spec
    const names = { policy: policy.metadata.name, binding: binding.metadata.name }
    if (validationActions.includes('Deny')) this.#deny(policy, binding, finding)
    if (validationActions.includes('Warn')) {
      const text = `Validation failed for ValidatingAdmissionPolicy '${names.policy}' with binding '${names.binding}': ${finding.message}`
      this.#request.warn(text)
    }
    if (validationActions.includes('Audit')) {
      this.#audited.push({ message: finding.message, ...names, expressionIndex: finding.index ?? 0, validationActions })
    }
  }

  #deny(policy: Policy, binding: Binding | undefined, { message, reason }: Finding): void {
    const by = binding ? ` with binding '${binding.metadata.name}'` : ''
    this.#denial ??= { message: `ValidatingAdmissionPolicy '${policy.metadata.name}'${by} denied request: ${message}`, reason }
  }

  /** Notes for the audit log what is to be noted, and throws the refusal, if there is one. */
  conclude(): void {
    const { audit, kind, name } = this.#request
    if (this.#audited.length > 0) audit(failureKey, JSON.stringify(this.#audited))
    for (const [key, values] of this.#annotations) audit(key, [...values].join(', '))
    if (!this.#denial) return
    const { message, reason } = this.#denial
    const { message: text, details } = ApiError.forbidden(kind, name, message).status
    const shown = reason === '' ? 'Invalid' : reason
    throw ApiError.denied(codes[shown] ?? 422, shown, text, { ...details, causes: [{ message }] })
  }
}
