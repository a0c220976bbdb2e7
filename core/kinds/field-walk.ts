/**
 * The fields that an object has, by the schema of its kind. Both walks write the text of `fieldsV1` in one pass, in the
 * order of the object.
 */
import type { FieldSchema, KubeObject, ObjectSchema, TypeSchema } from './contract.js'
import { type ArraySchema, isAssociative, isPlain, itemElement, type Plain } from './field-element.js'
import { type FieldSet, noFields, orderedSet } from './field-set.js'
import { setOfShape } from './field-shape.js'

/** Which part of an object a write is about. `metadata` names the fields of metadata that anybody can own there. */
export interface WrittenPart {
  readonly has: (field: string) => boolean
  readonly metadata: ReadonlySet<string>
}

/**
 * `applied`: what a configuration claims. A field that only holds others is not claimed itself; items and keys are.
 * `every`: what a write made that was not there before: each level is.
 */
type Mode = 'applied' | 'every'

/** Fields of the types that a Go server has as plain structs: they are there, though empty, before anything is written. */
const structs = new Set([
  'apps.v1.DeploymentSpec.template',
  'apps.v1.DeploymentSpec.strategy',
  'apps.v1.ReplicaSetSpec.template',
  'apps.v1.DaemonSetSpec.template',
  'apps.v1.DaemonSetSpec.updateStrategy',
  'apps.v1.StatefulSetSpec.template',
  'apps.v1.StatefulSetSpec.updateStrategy',
  'batch.v1.JobSpec.template',
  'batch.v1.CronJobSpec.jobTemplate',
  'batch.v1.JobTemplateSpec.metadata',
  'batch.v1.JobTemplateSpec.spec',
  'core.v1.PodTemplate.template',
  'core.v1.PodTemplateSpec.metadata',
  'core.v1.PodTemplateSpec.spec',
  'core.v1.PersistentVolumeClaimSpec.resources',
  'core.v1.ServiceStatus.loadBalancer',
  'core.v1.NodeStatus.nodeInfo',
  'core.v1.NodeStatus.daemonEndpoints',
  'core.v1.NodeDaemonEndpoints.kubeletEndpoint',
  'core.v1.Event.source',
  'networking.v1.IngressStatus.loadBalancer',
  'apiextensions.v1.CustomResourceDefinitionSpec.names',
  'storage.v1.VolumeAttachmentSpec.source',
  'flowcontrol.v1.FlowSchemaSpec.priorityLevelConfiguration',
])
const rootStructs = new Set(['metadata', 'spec', 'status'])

/** Whether a field that nobody wrote yet is there all the same, where its parent is. */
export function isImplied(owner: ObjectSchema, name: string, field: FieldSchema, isRoot = false): boolean {
  if (field.schema.type === 'array') return field.required
  if (field.schema.type !== 'object') return false
  return (isRoot && field.number > 0 && rootStructs.has(name)) || structs.has(`${owner.name}.${name}`)
}

/** What a configuration that is applied claims; `config` as it was sent. */
export function appliedFields(schema: ObjectSchema, config: Readonly<Plain>, part: WrittenPart): FieldSet {
  return setOf(rootText(schema, config, part, 'applied'))
}

/** What the first write of an object gives its writer. */
export function createdFields(schema: ObjectSchema, object: KubeObject, part: WrittenPart): FieldSet {
  return setOfShape(schema, object, part, () => {
    const set = setOf(rootText(schema, object, part, 'every'))
    texts.set(set, JSON.stringify(set))
    return set
  })
}

const texts = new WeakMap<FieldSet, string>()

/** The JSON of a set; of those that many objects share it is made once. */
export const fieldSetText = (set: FieldSet): string => texts.get(set) ?? JSON.stringify(set)

const setOf = (text: string): FieldSet => (text === '' ? noFields : orderedSet(JSON.parse(text) as FieldSet))

/** All that lies at and below a value that was not there before. */
export function everyField(schema: TypeSchema | undefined, value: unknown, isMember: boolean): FieldSet | undefined {
  const text = valueText(schema, value, isMember, 'every')
  return text === '' ? undefined : orderedSet(JSON.parse(text) as FieldSet)
}

function rootText(schema: ObjectSchema, object: Readonly<Plain>, part: WrittenPart, mode: Mode): string {
  let parts = ''
  for (const name in object) {
    const value = object[name]
    if (name === 'apiVersion' || name === 'kind' || value === undefined || !part.has(name)) continue
    const field = schema.fields.get(name)
    const isMember = field === undefined || (mode === 'every' && !isImplied(schema, name, field, true))
    const text = name === 'metadata' ? metadataText(field, value, part, mode) : valueText(field?.schema, value, isMember, mode)
    parts += partText(opening(name), text)
  }
  return parts === '' ? '' : `{${parts.slice(1)}}`
}

function metadataText(field: FieldSchema | undefined, metadata: unknown, part: WrittenPart, mode: Mode): string {
  if (!isPlain(metadata)) return ''
  const fields = field?.schema.type === 'object' ? field.schema.fields : undefined
  let parts = ''
  for (const name of part.metadata) {
    const value = metadata[name]
    if (value === undefined) continue
    const text = valueText(fields?.get(name)?.schema, value, mode === 'every', mode)
    if (text !== '') parts += `,"f:${name}":${text}`
  }
  return parts === '' ? '' : `{${parts.slice(1)}}`
}

/** '' for a value that leaves nothing in the set. Without a schema the value's own form decides. */
function valueText(schema: TypeSchema | undefined, value: unknown, isMember: boolean, mode: Mode): string {
  if (typeof value !== 'object' || value === null) return '{}'
  switch (schema?.type) {
    case 'object':
      return schema.atomic || !isPlain(value) ? '{}' : fieldsText(schema, value, isMember, mode)
    case 'either':
      return isPlain(value) ? fieldsText(schema.object, value, isMember, mode) : '{}'
    case 'map':
      return schema.atomic || !isPlain(value) ? '{}' : keysText(schema.values, value, isMember, mode)
    case 'array':
      return isAssociative(schema) && Array.isArray(value) ? itemsText(schema, value, isMember, mode) : '{}'
    case undefined:
    case 'any':
      return isPlain(value) ? keysText(undefined, value, isMember, mode) : '{}'
    default:
      return '{}'
  }
}

interface FieldPlan {
  readonly schema: TypeSchema
  readonly implied: boolean
  /** `,"f:name":` and the same with a field that has no parts. */
  readonly open: string
  readonly leaf: string
}
const plans = new WeakMap<ObjectSchema, ReadonlyMap<string, FieldPlan>>()

function planOf(schema: ObjectSchema): ReadonlyMap<string, FieldPlan> {
  const known = plans.get(schema)
  if (known) return known
  const plan = new Map<string, FieldPlan>()
  for (const [name, field] of schema.fields) {
    const open = opening(name)
    plan.set(name, { schema: field.schema, implied: isImplied(schema, name, field), open, leaf: `${open}{}` })
  }
  plans.set(schema, plan)
  return plan
}

const plainName = /^[\w./-]*$/
const opening = (name: string): string => (plainName.test(name) ? `,"f:${name}":` : `,${JSON.stringify(`f:${name}`)}:`)

function fieldsText(schema: ObjectSchema, value: Readonly<Plain>, isMember: boolean, mode: Mode): string {
  const plan = planOf(schema)
  let parts = ''
  let empty = true
  for (const name in value) {
    const child = value[name]
    if (child === undefined) continue
    empty = false
    const field = plan.get(name)
    if (field === undefined) parts += partText(opening(name), valueText(undefined, child, true, mode))
    else if (typeof child !== 'object') parts += field.leaf
    else parts += partText(field.open, valueText(field.schema, child, mode === 'every' && (isMember || !field.implied), mode))
  }
  return nodeText(parts, isMember, empty && mode === 'applied')
}

const partText = (open: string, text: string): string => (text === '' ? '' : open + text)

function keysText(schema: TypeSchema | undefined, value: Readonly<Plain>, isMember: boolean, mode: Mode): string {
  let parts = ''
  let empty = true
  for (const name in value) {
    const child = value[name]
    if (child === undefined) continue
    empty = false
    parts += partText(opening(name), valueText(schema, child, true, mode))
  }
  return nodeText(parts, isMember, empty && mode === 'applied')
}

function itemsText(schema: ArraySchema, items: readonly unknown[], isMember: boolean, mode: Mode): string {
  const seen = new Map<string, string>()
  for (const item of items) {
    const element = itemElement(schema, item)
    if (element === undefined) continue
    // Items of one name cannot be told apart: together they are one value.
    seen.set(element, seen.has(element) ? '{}' : valueText(schema.items, item, true, mode))
  }
  let parts = ''
  for (const [element, text] of seen) parts += `,${JSON.stringify(element)}:${text}`
  return nodeText(parts, isMember, false)
}

function nodeText(parts: string, isMember: boolean, isLeaf: boolean): string {
  if (parts === '') return isMember || isLeaf ? '{}' : ''
  return isMember ? `{".":{}${parts}}` : `{${parts.slice(1)}}`
}
