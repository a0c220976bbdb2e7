/** Events of a watch as bytes, in each form; encoders are shared, so an event is encoded once for all its watchers. */
import type { KubeObject, ResourceKind } from '../../kinds/contract.js'
import type { EventEncoder, WatchBatch } from '../../watch/contract.js'
import type { Representation } from './media-type.js'
import { eventFrame, metadataEncoders } from './metadata-form.js'
import { type TableOptions, tableEncoder, tableFrame } from './table-form.js'

/** What one watcher sends; it remembers whether the columns of a table are still to come. */
export interface EventFrames {
  batch(batch: WatchBatch): Uint8Array
  /** One frame for each event, for transports that keep messages apart. */
  each(batch: WatchBatch): Uint8Array[]
  bookmark(resourceVersion: string, annotations?: Readonly<Record<string, string>>): Uint8Array
  /** An `ERROR` event. */
  error(status: KubeObject): Uint8Array
}

const before = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
}
const after = Buffer.from('}\n')

export const plainEncoder: EventEncoder = { encode: ({ type, item }) => Buffer.concat([before[type], item.bytes, after]) }

export function createEventFrames(kind: ResourceKind, representation: Representation, table: TableOptions): EventFrames {
  const { form, version } = representation
  const encoder = form === 'table' ? tableEncoder(kind, table) : form === 'metadata' ? metadataEncoders[version] : plainEncoder
  let columns = form === 'table'

  function each(batch: WatchBatch): Uint8Array[] {
    return batch.events.map((event) => {
      const first = columns
      columns = false
      return first ? tableFrame(kind, event, table, true) : encoder.encode(event)
    })
  }
  return {
    batch: (batch) => (columns ? Buffer.concat(each(batch)) : batch.frames(encoder)),
    each,
    bookmark: (resourceVersion, annotations) =>
      eventFrame('BOOKMARK', JSON.stringify(bookmarkObject(kind, representation, resourceVersion, annotations))),
    error: (status) => eventFrame('ERROR', JSON.stringify(status)),
  }
}

function bookmarkObject(
  kind: ResourceKind,
  { form, version }: Representation,
  resourceVersion: string,
  annotations: Readonly<Record<string, string>> | undefined,
): object {
  const metadata = { resourceVersion, creationTimestamp: null, ...(annotations ? { annotations } : {}) }
  if (form === 'plain') return { kind: kind.kind, apiVersion: kind.apiVersion, metadata }
  if (form === 'metadata') return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
  return { kind: 'Table', apiVersion: `meta.k8s.io/${version}`, metadata: { resourceVersion }, columnDefinitions: null, rows: [] }
}
