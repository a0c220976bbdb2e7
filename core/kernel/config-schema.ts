/** A plugin's configuration schema as the kernel reads it: closed against unknown keys, and a source of defaults. */

/** The parts of JSON Schema that TypeBox writes and that matter here. */
export interface SchemaNode {
  readonly type?: string
  readonly default?: unknown
  readonly const?: unknown
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | SchemaNode
  readonly patternProperties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode | readonly SchemaNode[]
  readonly allOf?: readonly SchemaNode[]
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly [keyword: string]: unknown
}

/** A copy in which every object refuses keys that it does not declare. */
export function closeSchema(node: SchemaNode): SchemaNode {
  return closed(node, true)
}

function closed(node: SchemaNode, close: boolean): SchemaNode {
  const copy: Record<string, unknown> = { ...node }
  for (const keyword of ['properties', 'patternProperties'] as const) {
    const members = node[keyword]
    if (members) copy[keyword] = mapValues(members, (member) => closed(member, true))
  }
  if (typeof node.additionalProperties === 'object') copy.additionalProperties = closed(node.additionalProperties, true)
  if (Array.isArray(node.items)) copy.items = node.items.map((item: SchemaNode) => closed(item, true))
  else if (node.items) copy.items = closed(node.items as SchemaNode, true)
  for (const keyword of ['anyOf', 'oneOf'] as const) {
    const branches = node[keyword]
    if (branches) copy[keyword] = branches.map((branch) => closed(branch, close))
  }
  // Each part of an intersection alone would refuse the keys of the others: the whole is closed instead.
  if (node.allOf) copy.allOf = node.allOf.map((part) => closed(part, false))
  const keys = declaredKeys(node)
  if (close && keys && typeof node.additionalProperties !== 'object' && !node.patternProperties) {
    copy.properties = { ...mapValues(keys, () => ({})), ...(copy.properties as object | undefined) }
    copy.additionalProperties = false
  } else if (!close) {
    delete copy.additionalProperties
  }
  return copy
}

/** The keys that an object may have, or `undefined` when the node is no object with declared keys. */
export function declaredKeys(node: SchemaNode): Readonly<Record<string, SchemaNode>> | undefined {
  if (!node.allOf) return node.properties ?? (node.type === 'object' && !node.patternProperties ? {} : undefined)
  const keys: Record<string, SchemaNode> = { ...node.properties }
  for (const part of node.allOf) Object.assign(keys, declaredKeys(part))
  return keys
}

/**
 * Puts the schema's defaults where `value` says nothing. A required object that is missing is filled in from its own
 * defaults, so that a plugin's configuration may be left out altogether. `value` is changed and returned.
 */
export function fillDefaults(node: SchemaNode, value: unknown): unknown {
  if (value === undefined) {
    if ('default' in node) return structuredClone(node.default)
    return undefined
  }
  if (Array.isArray(value)) {
    const { items } = node
    return items && !Array.isArray(items) ? value.map((item) => fillDefaults(items as SchemaNode, item)) : value
  }
  if (typeof value !== 'object' || value === null) return value
  const object = value as Record<string, unknown>
  const keys = declaredKeys(node) ?? {}
  for (const [key, member] of Object.entries(keys)) {
    const given = object[key] ?? (isRequired(node, key) && declaredKeys(member) && !('default' in member) ? {} : object[key])
    const filled = fillDefaults(member, given)
    if (filled !== undefined) object[key] = filled
  }
  for (const member of mapMembers(node)) {
    for (const key of Object.keys(object)) if (!(key in keys)) object[key] = fillDefaults(member, object[key])
  }
  return object
}

/** True when an object filled from defaults alone still lacks something that the schema requires. */
export function lacksRequired(node: SchemaNode, value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const object = value as Record<string, unknown>
  if (node.anyOf || node.oneOf) return true
  return Object.entries(declaredKeys(node) ?? {}).some(([key, member]) => {
    if (object[key] === undefined) return isRequired(node, key)
    return declaredKeys(member) !== undefined && lacksRequired(member, object[key])
  })
}

function isRequired(node: SchemaNode, key: string): boolean {
  return (node.required?.includes(key) ?? false) || (node.allOf?.some((part) => isRequired(part, key)) ?? false)
}

function mapMembers(node: SchemaNode): readonly SchemaNode[] {
  const members = Object.values(node.patternProperties ?? {})
  return typeof node.additionalProperties === 'object' ? [...members, node.additionalProperties] : members
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]))
}
