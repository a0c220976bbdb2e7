/** `x-kubernetes-validations` of custom resources: rules at every level of a schema, compiled once. */
import type { Cel, CelBudget, CelProgram, CelType, CelValue, SchemaRules } from '../cel.js'
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { duplicate, forbidden, invalid, required } from '../field-error.js'
import type { JSONSchemaProps, ValidationRule } from '../types.js'
import { Optional } from './library.js'
import { compileRules } from './schema-rule.js'
import { schemaType } from './types.js'

export interface CompiledRule {
  readonly rule: ValidationRule
  readonly program: CelProgram
  readonly message?: CelProgram
  /** Speaks of what was there before. */
  readonly usesOld: boolean
}

/** A schema that has rules, or rules below it. */
export interface RuledNode {
  /** "object": what a refusal calls the value. */
  readonly typeName: string
  readonly type: CelType | undefined
  readonly rules: readonly CompiledRule[]
  readonly fields: ReadonlyMap<string, RuledNode>
  readonly values?: RuledNode | undefined
  readonly items?: RuledNode | undefined
  /** Of a list whose items can be told again in another state of it. */
  readonly keys?: readonly string[] | undefined
}

export function createSchemaRules(cel: Cel, schema: JSONSchemaProps): SchemaRules {
  const problems: FieldError[] = []
  const root = compileNode(cel, schema, { path: '', isResource: true, correlatable: true }, problems)
  return {
    problems,
    empty: root === undefined,
    validate(value, oldValue, path) {
      const errors: FieldError[] = []
      if (root) new Validation(cel, errors).visit(root, value, oldValue, path)
      return errors
    },
  }
}

export interface Place {
  /** In the schema: "properties[spec]". */
  readonly path: string
  readonly isResource: boolean
  /** Every list around it tells its items by keys. */
  readonly correlatable: boolean
}

function compileNode(cel: Cel, schema: JSONSchemaProps, place: Place, problems: FieldError[]): RuledNode | undefined {
  const below = (path: string, correlatable = place.correlatable): Place => ({
    path: place.path === '' ? path : `${place.path}.${path}`,
    isResource: false,
    correlatable,
  })
  const fields = new Map<string, RuledNode>()
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const node = compileNode(cel, property, below(`properties[${name}]`), problems)
    if (node) fields.set(name, node)
  }
  const { items, additionalProperties } = schema
  const keyed = schema['x-kubernetes-list-type'] === 'map'
  const of =
    items && !Array.isArray(items) ? compileNode(cel, items, below('items', place.correlatable && keyed), problems) : undefined
  const values =
    typeof additionalProperties === 'object'
      ? compileNode(cel, additionalProperties, below('additionalProperties'), problems)
      : undefined
  const written = schema['x-kubernetes-validations'] ?? []
  if (written.length === 0 && fields.size === 0 && !of && !values) return undefined

  const type = written.length === 0 ? undefined : schemaType({ ...schema, nullable: false }, 'Object', place.isResource)
  const rules = written.length === 0 ? [] : compileRules(cel, schema, type, place, problems)
  const keys = keyed ? schema['x-kubernetes-list-map-keys'] : undefined
  return { typeName: schema.type ?? 'any', type, rules, fields, values, items: of, keys }
}

/** Of one object. */
class Validation {
  readonly #cel: Cel
  readonly #errors: FieldError[]
  readonly #budget: CelBudget
  #over = false

  constructor(cel: Cel, errors: FieldError[]) {
    this.#cel = cel
    this.#errors = errors
    this.#budget = cel.budget()
  }

  /** `kept`, where `old` is undefined: that the nearest list around it, whose items cannot be told again, is as it was. */
  visit(node: RuledNode, value: unknown, old: unknown, path: string, kept = false): void {
    if (value === undefined || value === null || this.#over) return
    if (node.rules.length > 0 && node.type !== undefined) this.#check(node, node.type, value, old, path, kept)
    if (Array.isArray(value)) {
      if (node.items) this.#visitItems(node.items, node.keys, value, old, path, kept)
      return
    }
    if (typeof value !== 'object') return
    const below = old === undefined && kept
    for (const [name, field] of node.fields)
      this.visit(field, entry(value, name), entry(old, name), path === '' ? name : `${path}.${name}`, below)
    if (!node.values) return
    for (const [key, one] of Object.entries(value)) this.visit(node.values, one, entry(old, key), `${path}[${key}]`, below)
  }

  #visitItems(
    node: RuledNode,
    keys: readonly string[] | undefined,
    items: readonly unknown[],
    old: unknown,
    path: string,
    kept: boolean,
  ): void {
    const before = new Map<string, unknown>()
    if (keys && Array.isArray(old)) for (const item of old) before.set(identity(item, keys), item)
    const below = old === undefined ? kept : keys === undefined && equalJson(items, old)
    for (const [index, item] of items.entries()) {
      this.visit(node, item, keys ? before.get(identity(item, keys)) : undefined, `${path}[${index}]`, below)
    }
  }

  #check(node: RuledNode, type: CelType, json: unknown, oldJson: unknown, path: string, kept: boolean): void {
    const [self, before] = [this.#cel.value(json, type), this.#cel.value(oldJson ?? undefined, type)]
    const hasOld = before !== undefined
    let same: boolean | undefined
    for (const compiled of node.rules) {
      if (compiled.usesOld && !hasOld && !compiled.rule.optionalOldSelf) continue
      if (!compiled.usesOld) {
        // What an update leaves as it was is not its fault.
        same ??= oldJson === undefined ? kept : equalJson(json, oldJson)
        if (same) continue
      }
      const oldSelf = compiled.rule.optionalOldSelf ? (hasOld ? Optional.of(before) : Optional.none()) : before
      this.#evaluate(node, compiled, { self, oldSelf }, path)
      if (this.#over) return
    }
  }

  #evaluate(node: RuledNode, compiled: CompiledRule, bindings: Readonly<Record<string, CelValue>>, path: string): void {
    const { rule, program } = compiled
    const result = this.#cel.evaluate(program, bindings, this.#budget)
    if (result.error === undefined) {
      if (result.value !== true) this.#errors.push(refusal(node, rule, this.#message(compiled, bindings), path))
      return
    }
    this.#over = result.exhausted === true
    this.#errors.push(invalid(path, node.typeName, failureText(result.error, this.#over, this.#budget.left <= 0, ruleText(rule))))
  }

  #message({ rule, message }: CompiledRule, bindings: Readonly<Record<string, CelValue>>): string {
    const made = message ? this.#cel.evaluate(message, bindings, this.#budget).value : undefined
    const text = typeof made === 'string' ? made.trim() : ''
    if (text !== '' && !text.includes('\n') && text.length <= longestMessage) return text
    return rule.message ? rule.message.trim() : `failed rule: ${ruleText(rule)}`
  }
}

const longestMessage = 5120
const ruleText = ({ rule, message }: ValidationRule): string => (message || rule).trim()

function failureText(error: string, exhausted: boolean, nothingLeft: boolean, rule: string): string {
  if (exhausted && nothingLeft) {
    return 'validation failed due to running out of cost budget, no further validation rules will be run'
  }
  if (exhausted) return `'${error}': no further validation rules will be run due to call cost exceeds limit for rule: ${rule}`
  if (error.startsWith('no such overload')) {
    return `'${error}': call arguments did not match a supported operator, function or macro signature for rule: ${rule}`
  }
  return `${error} evaluating rule: ${rule}`
}

function refusal(node: RuledNode, rule: ValidationRule, message: string, path: string): FieldError {
  const field = joined(path, rule.fieldPath ?? '')
  switch (rule.reason) {
    case 'FieldValueRequired':
      return required(field, message)
    case 'FieldValueForbidden':
      return forbidden(field, message)
    case 'FieldValueDuplicate':
      return duplicate(field, node.typeName)
    default:
      return invalid(field, node.typeName, message)
  }
}

/** `.a.b['c.d']` behind a path. */
function joined(path: string, fieldPath: string): string {
  const below = fieldPath.replace(/\['([^']*)'\]/g, '[$1]')
  return path === '' ? below.replace(/^\./, '') : `${path}${below}`
}

function entry(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}
function identity(item: unknown, keys: readonly string[]): string {
  return JSON.stringify(keys.map((key) => entry(item, key) ?? null))
}
