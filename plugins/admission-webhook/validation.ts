/** What is wrong with the conditions of webhooks is said when they are written. */
import type { AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import {
  duplicate,
  equalJson,
  type FieldError,
  invalid,
  loadCel,
  type MatchCondition,
  type MutatingWebhookConfiguration,
  qualifiedName,
  required,
  tooMany,
} from '@davit/core/kinds'
import { compileConditions } from './conditions.js'
import { isConfiguration } from './exempt.js'

const mostConditions = 64

/** For the slot `validate`: answers at once for what has no conditions. */
export function checkConditions({ kind, object, oldObject, name }: AdmissionRequest): Promise<undefined> | undefined {
  if (object === undefined || !isConfiguration(kind)) return undefined
  const { webhooks = [] } = object as MutatingWebhookConfiguration
  if (webhooks.every(({ matchConditions = [] }) => matchConditions.length === 0)) return undefined
  // What stands already is not judged again: it may have been written under other rules.
  if (oldObject && equalJson(webhooks, (oldObject as MutatingWebhookConfiguration).webhooks)) return undefined
  return refuse()

  async function refuse(): Promise<undefined> {
    const problems: FieldError[] = []
    for (const [index, { matchConditions = [] }] of webhooks.entries()) {
      problems.push(...(await problemsOf(`webhooks[${index}].matchConditions`, matchConditions)))
    }
    if (problems.length > 0) throw ApiError.invalid(kind, name, problems)
    return undefined
  }
}

async function problemsOf(path: string, conditions: readonly MatchCondition[]): Promise<FieldError[]> {
  if (conditions.length > mostConditions) {
    return [tooMany(path, conditions.length, mostConditions)]
  }
  const names = conditions.map(({ name }) => name)
  const compiled = compileConditions(await loadCel(), conditions)
  return compiled.flatMap(({ text, problem }, index) => {
    const at = `${path}[${index}]`
    const ofName = nameProblems(`${at}.name`, names, index)
    if (text === '') return [...ofName, required(`${at}.expression`)]
    return problem === undefined ? ofName : [...ofName, invalid(`${at}.expression`, text, problem)]
  })
}

function nameProblems(field: string, names: readonly string[], index: number): FieldError[] {
  const name = names[index] ?? ''
  if (name === '') return [required(field)]
  const problem = qualifiedName(name)
  if (problem !== undefined) return [invalid(field, name, problem)]
  if (names.indexOf(name) === index) return []
  return [duplicate(field, name)]
}
