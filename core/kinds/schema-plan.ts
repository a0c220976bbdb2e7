/**
 * What the schema says about values, made into plans: per type, only the fields that have a default, a list of allowed
 * values or a duty to be there, and only the ways that lead to such fields. So a walk over a big object touches little.
 */
import type { FieldError, ObjectSchema, TypeSchema } from './contract.js'
import { notSupported, required } from './field-error.js'

type Plain = Record<string, unknown>

interface Plan {
  readonly defaults: readonly (readonly [name: string, value: string | number | boolean])[]
  readonly required: readonly string[]
  readonly values: readonly (readonly [name: string, values: readonly string[]])[]
  readonly children: readonly Child[]
}
interface Child {
  readonly name: string
  readonly many: boolean
  readonly schema: ObjectSchema
  /** Whether any default, or any check, lies below. */
  readonly defaults: boolean
  readonly checks: boolean
}

/** Texts that must be written, but may be empty; and what a hand-written check says better. */
const MAY_BE_EMPTY = new Set([
  'core.v1.HTTPHeader.value',
  'core.v1.EnvVar.name',
  'core.v1.Container.name',
  'core.v1.EphemeralContainer.name',
  'core.v1.Volume.name',
  'core.v1.VolumeMount.name',
  'core.v1.VolumeMount.mountPath',
  'core.v1.SELinuxOptions.level',
  'core.v1.HTTPGetAction.port',
  'apps.v1.StatefulSetSpec.serviceName',
  'certificates.v1.CertificateSigningRequestSpec.request',
  'discovery.v1.EndpointSlice.addressType',
  'storage.v1.TokenRequest.audience',
])

/** Values of which a hand-written check says what is wrong in words of its own. */
const CHECKED_BY_HAND = new Set([
  'apps.v1.StatefulSetSpec.podManagementPolicy',
  'apps.v1.StatefulSetUpdateStrategy.type',
  'core.v1.NodeSelectorRequirement.operator',
])

const plans = new WeakMap<ObjectSchema, Plan>()
const reaching = new WeakMap<ObjectSchema, { readonly defaults: boolean; readonly checks: boolean }>()

/** Fills in the defaults that the field table declares. */
export function applySchemaDefaults(schema: ObjectSchema, object: Plain): void {
  const plan = planOf(schema)
  for (const [name, value] of plan.defaults) if (object[name] === undefined) object[name] = value
  for (const child of plan.children) {
    if (!child.defaults) continue
    const value = object[child.name]
    if (typeof value !== 'object' || value === null) continue
    if (!child.many) applySchemaDefaults(child.schema, value as Plain)
    else for (const element of Object.values(value)) if (isPlain(element)) applySchemaDefaults(child.schema, element)
  }
}

/** Adds what is missing and what is not among the allowed values, below `path`. */
export function checkSchema(errors: FieldError[], schema: ObjectSchema, object: Readonly<Plain>, path: string): void {
  const plan = planOf(schema)
  const prefix = path === '' ? '' : `${path}.`
  for (const name of plan.required) if (object[name] === undefined || object[name] === '') errors.push(required(prefix + name))
  for (const [name, values] of plan.values) checkValues(errors, object[name], values, prefix + name)
  for (const child of plan.children) {
    // The server writes status, and metadata has rules of its own.
    if (!child.checks || (path === '' && (child.name === 'status' || child.name === 'metadata'))) continue
    const value = object[child.name]
    if (typeof value === 'object' && value !== null) checkChild(errors, child, value, prefix + child.name)
  }
}

function checkValues(errors: FieldError[], value: unknown, values: readonly string[], path: string): void {
  if (Array.isArray(value)) {
    for (const [index, element] of value.entries()) checkValues(errors, element, values, `${path}[${index}]`)
  } else if (typeof value === 'string' && value !== '' && !values.includes(value)) {
    errors.push(
      notSupported(
        path,
        value,
        values.filter((known) => known !== ''),
      ),
    )
  }
}

function checkChild(errors: FieldError[], child: Child, value: object, path: string): void {
  if (!child.many) checkSchema(errors, child.schema, value as Plain, path)
  else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const element: unknown = value[index]
      if (isPlain(element)) checkSchema(errors, child.schema, element, `${path}[${index}]`)
    }
  } else {
    for (const [key, element] of Object.entries(value)) {
      if (isPlain(element)) checkSchema(errors, child.schema, element, `${path}[${key}]`)
    }
  }
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function planOf(schema: ObjectSchema): Plan {
  const known = plans.get(schema)
  if (known !== undefined) return known
  const plan = makePlan(schema)
  plans.set(schema, plan)
  return plan
}

function makePlan(schema: ObjectSchema): Plan {
  const defaults: [string, string | number | boolean][] = []
  const must: string[] = []
  const values: [string, readonly string[]][] = []
  const children: Child[] = []
  for (const [name, field] of schema.fields) {
    // Zero values are declared for fields that are left out when they are zero: writing them would be a difference.
    if (field.default !== undefined && field.default !== '' && field.default !== 0) defaults.push([name, field.default])
    const leaf = field.schema.type === 'array' ? field.schema.items : field.schema
    if (
      leaf.type === 'string' &&
      leaf.values !== undefined &&
      leaf.values.length > 0 &&
      !CHECKED_BY_HAND.has(`${schema.name}.${name}`)
    )
      values.push([name, leaf.values])
    if (field.required && field.schema.type === 'string' && !MAY_BE_EMPTY.has(`${schema.name}.${name}`)) must.push(name)
    const child = childOf(name, field.schema)
    if (child !== undefined) children.push(child)
  }
  return { defaults, required: must, values, children: children.filter((child) => child.defaults || child.checks) }
}

function childOf(name: string, type: TypeSchema): Child | undefined {
  if (type.type === 'object') return { name, many: false, schema: type, ...reach(type) }
  const element = type.type === 'array' ? type.items : type.type === 'map' ? type.values : undefined
  return element?.type === 'object' ? { name, many: true, schema: element, ...reach(element) } : undefined
}

/** What lies below a type. A type that is asked about while it is looked at says "nothing", or recursion never ends. */
function reach(schema: ObjectSchema): { readonly defaults: boolean; readonly checks: boolean } {
  const known = reaching.get(schema)
  if (known !== undefined) return known
  reaching.set(schema, { defaults: false, checks: false })
  const plan = makePlan(schema)
  const found = {
    defaults: plan.defaults.length > 0 || plan.children.some((child) => child.defaults),
    checks: plan.required.length > 0 || plan.values.length > 0 || plan.children.some((child) => child.checks),
  }
  reaching.set(schema, found)
  return found
}
