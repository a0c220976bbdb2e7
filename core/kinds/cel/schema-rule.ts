/** Compiles the rules of one level of a schema, and says what is wrong with them. */
import type { Cel, CelType, CelVariables } from '../cel.js'
import type { FieldError } from '../contract.js'
import { forbidden, invalid, notSupported, required } from '../field-error.js'
import type { JSONSchemaProps, ValidationRule } from '../types.js'
import type { CompiledRule, Place } from './schema-rules.js'

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

export function compileRules(
  cel: Cel,
  schema: JSONSchemaProps,
  type: CelType | undefined,
  place: Place,
  problems: FieldError[],
): CompiledRule[] {
  const own: CelVariables | undefined = type && { self: type, oldSelf: type }
  const optional: CelVariables | undefined = type && { self: type, oldSelf: { optional: type } }
  const compiled: CompiledRule[] = []
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const at = `${place.path === '' ? '' : `${place.path}.`}x-kubernetes-validations[${index}]`
    const variables = rule.optionalOldSelf ? optional : own
    if (!variables) {
      problems.push(forbidden(at, 'a rule needs a schema that says the type of what it is about'))
      continue
    }
    checkWriting(rule, schema, at, problems)
    const made = compileRule(cel, rule, variables, { ...place, path: at }, problems)
    if (made) compiled.push(made)
  }
  return compiled
}

function compileRule(
  cel: Cel,
  rule: ValidationRule,
  variables: CelVariables,
  { path: at, correlatable }: Place,
  problems: FieldError[],
): CompiledRule | undefined {
  if (!rule.rule || rule.rule.trim() === '') return void problems.push(required(`${at}.rule`, 'rule is not specified'))
  const { program, problem } = cel.compile(rule.rule, variables, ['bool'])
  if (!program) return void problems.push(invalid(`${at}.rule`, rule.rule, problem))
  const message = rule.messageExpression ? cel.compile(rule.messageExpression, variables, ['string']) : undefined
  if (message?.problem !== undefined) {
    return void problems.push(invalid(`${at}.messageExpression`, rule.messageExpression, message.problem))
  }
  const usesOld = program.uses.has('oldSelf')
  const speaksOfOld = usesOld || message?.program.uses.has('oldSelf') === true
  if (speaksOfOld && !correlatable) {
    const detail = 'oldSelf cannot be used on the uncorrelatable portion of the schema'
    return void problems.push(invalid(`${at}.rule`, rule.rule, detail))
  }
  if (!usesOld && rule.optionalOldSelf !== undefined) {
    const detail = 'option optionalOldSelf may only be set to true for rules that use oldSelf'
    problems.push(invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, detail))
  }
  return { rule, program, usesOld, ...(message ? { message: message.program } : {}) }
}

function checkWriting(
  { message, messageExpression, reason, fieldPath }: ValidationRule,
  schema: JSONSchemaProps,
  at: string,
  problems: FieldError[],
): void {
  if (message !== undefined && message !== '' && message.trim() === '') {
    problems.push(invalid(`${at}.message`, message, 'message must be non-empty if specified'))
  }
  if (message?.trim().includes('\n')) problems.push(invalid(`${at}.message`, message, 'message must not contain line breaks'))
  if (messageExpression !== undefined && messageExpression !== '' && messageExpression.trim() === '') {
    problems.push(required(`${at}.messageExpression`, 'must be non-empty if specified'))
  }
  if (reason !== undefined && !reasons.includes(reason)) problems.push(notSupported(`${at}.reason`, reason, reasons))
  if (fieldPath === undefined || fieldPath === '') return
  if (!leadsSomewhere(schema, fieldPath)) problems.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be a valid path'))
}

/** `.spec.names['a b']`, through properties and maps. */
function leadsSomewhere(schema: JSONSchemaProps, fieldPath: string): boolean {
  let at: JSONSchemaProps | undefined = schema
  let rest = fieldPath
  while (rest !== '' && at) {
    const [whole = '', plain, quoted] = /^(?:\.([a-zA-Z_][\w-]*)|\['([^']+)'\])/.exec(rest) ?? []
    if (whole === '') return false
    const name: string = plain ?? quoted ?? ''
    const { properties, additionalProperties }: JSONSchemaProps = at
    at = properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined)
    rest = rest.slice(whole.length)
  }
  return at !== undefined
}
