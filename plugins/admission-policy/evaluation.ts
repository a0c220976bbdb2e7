/** One policy, evaluated for one request and one set of parameters. */
import { type AdmissionDecisions, conditionsHold } from '@davit/core/api'
import type { Cel, CelBudget, CelResult, CelValue, ValidatingAdmissionPolicySpec } from '@davit/core/kinds'
import type { CompiledPolicy, Expression } from './compiled-policy.js'

export type Values = Readonly<Record<string, CelValue>>

/** Why a request is not as the policy wants it. `index` of the validation; absent where the policy itself failed. */
export interface Finding {
  readonly message: string
  readonly reason: string
  readonly index?: number
}
export interface Evaluation {
  readonly findings: readonly Finding[]
  readonly annotations: readonly (readonly [key: string, value: string])[]
}

const nothing: Evaluation = { findings: [], annotations: [] }
const longestMessage = 5120
const longestAnnotation = 10 * 1024

export async function evaluatePolicy(
  cel: Cel,
  policy: CompiledPolicy,
  spec: ValidatingAdmissionPolicySpec,
  values: Values,
  decisions: AdmissionDecisions,
): Promise<Evaluation> {
  for (;;) {
    const evaluation = new Evaluator(cel, policy, spec, values).evaluate()
    // What failed for want of a decision may hold once there is one.
    if (!(await decisions.findOut())) return evaluation
  }
}

class Evaluator {
  readonly #cel: Cel
  readonly #policy: CompiledPolicy
  readonly #spec: ValidatingAdmissionPolicySpec
  readonly #values: Values
  readonly #budget: CelBudget

  constructor(cel: Cel, policy: CompiledPolicy, spec: ValidatingAdmissionPolicySpec, values: Values) {
    this.#cel = cel
    this.#policy = policy
    this.#spec = spec
    this.#budget = cel.budget()
    const byName = new Map(policy.variables.map((one) => [one.name, one]))
    const variables = cel.lazy(policy.variablesType, (name) => {
      const variable = byName.get(name)
      return variable && this.#variable(variable)
    })
    this.#values = { ...values, variables }
  }

  get #fails(): boolean {
    return this.#spec.failurePolicy !== 'Ignore'
  }

  evaluate(): Evaluation {
    const matched = conditionsHold(this.#policy.conditions, (condition) => this.#run(condition))
    if (matched === false) return nothing
    if (matched !== true) return { findings: this.#fails ? [{ message: matched, reason: '' }] : [], annotations: [] }
    const findings: Finding[] = []
    for (const validation of this.#policy.validations) {
      const finding = this.#validation(validation)
      if (finding) findings.push(finding)
    }
    const annotations: [string, string][] = []
    for (const annotation of this.#policy.annotations) {
      const value = this.#annotation(annotation)
      if (typeof value === 'string') annotations.push([annotation.key, value])
      else if (value && this.#fails) findings.push(value)
    }
    return { findings, annotations }
  }

  #validation(validation: CompiledPolicy['validations'][number]): Finding | undefined {
    const { text, index } = validation
    const { value, error } = this.#run(validation)
    if (error !== undefined) {
      return this.#fails ? { message: `expression '${text}' resulted in error: ${error}`, reason: '', index } : undefined
    }
    if (value === true) return undefined
    const written = this.#spec.validations?.[index]
    return { message: this.#message(validation), reason: written?.reason ?? '', index }
  }

  #message({ text, index, message }: CompiledPolicy['validations'][number]): string {
    const made = message ? this.#run(message).value : undefined
    const told = typeof made === 'string' ? made.trim() : ''
    if (told !== '' && !told.includes('\n') && told.length <= longestMessage) return told
    return this.#spec.validations?.[index]?.message?.trim() || `failed expression: ${text}`
  }

  /** Undefined: there is nothing to note. */
  #annotation(annotation: CompiledPolicy['annotations'][number]): string | Finding | undefined {
    const { value, error } = this.#run(annotation)
    if (error !== undefined) return { message: `valueExpression '${annotation.text}' resulted in error: ${error}`, reason: '' }
    if (value === null) return undefined
    if (typeof value === 'string') return value.trim() === '' ? undefined : value.trim().slice(0, longestAnnotation)
    const wrong = `valueExpression '${annotation.text}' resulted in unsupported return type. Return type must be either string or null.`
    return { message: wrong, reason: '' }
  }

  #run({ program, problem }: Expression): CelResult {
    if (!program) return { error: problem ?? 'compilation failed' }
    return this.#cel.evaluate(program, this.#values, this.#budget)
  }

  /** Throws where it fails: so does the expression that asks for it. */
  #variable(variable: CompiledPolicy['variables'][number]): CelValue {
    const { value, error } = this.#run(variable)
    if (error !== undefined) throw new Error(`composited variable "${variable.name}" fails to evaluate: ${error}`)
    return value
  }
}
