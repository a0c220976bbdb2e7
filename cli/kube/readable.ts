export interface Described {
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly uid: string
    readonly managedFields?: unknown
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Without what is for programs alone, and without the values of a Secret: a terminal is seen by others and kept in logs.
 * The configuration that was applied last has them too.
 */
export function readable(object: Described): object {
  const { managedFields: _who, annotations = {}, ...metadata } = object.metadata
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...others } = annotations
  const shown = { ...object, metadata: Object.keys(others).length === 0 ? metadata : { ...metadata, annotations: others } }
  if (object.kind !== 'Secret') return shown
  const sizes = Object.entries(object.data ?? {}).map(([key, value]) => [key, `${Buffer.from(value, 'base64').length} bytes`])
  return { ...shown, data: Object.fromEntries(sizes) }
}
