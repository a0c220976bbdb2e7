/** `Table`: what `kubectl get` prints. The server makes the cells, so kubectl prints kinds that it never heard of. */
import { formatJson, type KubeObject, type ResourceKind, type TableColumn, tableColumns, tableRow } from '../../kinds/contract.js'
import type { EventEncoder, WatchEvent } from '../../watch/contract.js'
import { eventFrame, type MetaVersion, partialMetadata } from './metadata-form.js'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions {
  readonly version: MetaVersion
  readonly include: IncludeObject
  /** Milliseconds since 1970, for ages. */
  now(): number
}

export function tableOf(kind: ResourceKind, objects: readonly KubeObject[], metadata: object, options: TableOptions): object {
  const now = options.now()
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version}`,
    metadata,
    columnDefinitions: columnsOf(kind),
    rows: objects.map((object) => ({ cells: tableRow(kind, object, now), object: rowObject(object, options) })),
  }
}

/** `version` and `include` decide which encoder: all watchers of a kind that agree in both share one. */
export function tableEncoder(kind: ResourceKind, options: TableOptions): EventEncoder {
  const known = encoders.get(kind) ?? new Map<string, EventEncoder>()
  encoders.set(kind, known)
  const key = `${options.version}/${options.include}`
  const encoder = known.get(key) ?? { encode: (event: WatchEvent) => tableFrame(kind, event, options, false) }
  known.set(key, encoder)
  return encoder
}

/** The first event of a watch carries the columns, the others do without. */
export function tableFrame(kind: ResourceKind, event: WatchEvent, options: TableOptions, columns: boolean): Buffer {
  const { object } = event.item
  const table = tableOf(kind, [object], { resourceVersion: object.metadata.resourceVersion }, options)
  return eventFrame(event.type, formatJson(columns ? table : { ...table, columnDefinitions: null }))
}

const encoders = new WeakMap<ResourceKind, Map<string, EventEncoder>>()
const columns = new WeakMap<ResourceKind, readonly TableColumn[]>()

function columnsOf(kind: ResourceKind): readonly TableColumn[] {
  const known = columns.get(kind)
  if (known) return known
  const made = tableColumns(kind)
  columns.set(kind, made)
  return made
}

function rowObject(object: KubeObject, options: TableOptions): object | null {
  if (options.include === 'None') return null
  return options.include === 'Object' ? object : partialMetadata(object, options.version)
}
