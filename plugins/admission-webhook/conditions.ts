/** `matchConditions` of webhooks: expressions in CEL that all must hold for a request to be the webhook's business. */
import { AdmissionDecisions, type ApiHooks, admissionRequestType, admissionRequestValue, conditionsHold } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import { type Cel, type CelCompiled, type CelValue, loadCel, type MatchCondition } from '@davit/core/kinds'
import type { Webhook } from './configurations.js'
import type { Asked } from './review.js'

const variables = { object: 'dyn', oldObject: 'dyn', request: admissionRequestType, authorizer: 'authorizer' } as const

type Condition = CelCompiled & { readonly text: string }

export function compileConditions(cel: Cel, conditions: readonly MatchCondition[]): readonly Condition[] {
  return conditions.map(({ expression }) => {
    const text = expression.trim()
    return { text, ...cel.compile(text, variables, ['bool']) }
  })
}

/** Whether requests concern webhooks, by their conditions. The evaluator is loaded for the first webhook that has some. */
export class Conditions {
  readonly #authorize: ApiHooks['authorize']
  /** By the list of the stored configuration, which never changes. */
  readonly #compiled = new WeakMap<readonly MatchCondition[], readonly Condition[]>()

  constructor(authorize: ApiHooks['authorize']) {
    this.#authorize = authorize
  }

  /** Rejects with 403 where one fails and the webhook's failures must not let requests pass. */
  async hold({ spec }: Webhook, asked: Asked): Promise<boolean> {
    const { matchConditions = [], failurePolicy } = spec
    if (matchConditions.length === 0) return true
    const cel = await loadCel()
    const compiled = this.#compiled.get(matchConditions) ?? compileConditions(cel, matchConditions)
    this.#compiled.set(matchConditions, compiled)
    const { request } = asked
    const result = await evaluate(cel, compiled, asked, new AdmissionDecisions(request, this.#authorize))
    if (typeof result === 'boolean') return result
    if (failurePolicy === 'Ignore') return false
    throw ApiError.forbidden(request.kind, request.name, result)
  }
}

async function evaluate(
  cel: Cel,
  conditions: readonly Condition[],
  { request, kind, object, oldObject }: Asked,
  decisions: AdmissionDecisions,
): Promise<boolean | string> {
  const values: Readonly<Record<string, CelValue>> = {
    object: object === undefined ? null : cel.value(object),
    oldObject: oldObject === undefined ? null : cel.value(oldObject),
    request: admissionRequestValue(cel, request, kind),
    authorizer: decisions.value(cel),
  }
  for (;;) {
    const budget = cel.budget()
    const result = conditionsHold(conditions, ({ program, problem }) =>
      program ? cel.evaluate(program, values, budget) : { error: problem },
    )
    // What failed for want of a decision may hold once there is one.
    if (!(await decisions.findOut())) return result
  }
}
