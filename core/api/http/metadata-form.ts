/** `PartialObjectMetadata`: objects without all but their metadata, for clients that watch names and labels alone. */
import type { KubeObject } from '../../kinds/contract.js'
import type { CachedObject, EventEncoder, WatchEvent } from '../../watch/contract.js'

export type MetaVersion = 'v1' | 'v1beta1'

export function partialMetadata(object: KubeObject, version: MetaVersion): object {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}

export function partialMetadataList(items: readonly CachedObject[], metadata: object, version: MetaVersion): object {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: items.map((item) => partialMetadata(item.object, version)),
  }
}

export const metadataEncoders: Readonly<Record<MetaVersion, EventEncoder>> = {
  v1: metadataEncoder('v1'),
  v1beta1: metadataEncoder('v1beta1'),
}

function metadataEncoder(version: MetaVersion): EventEncoder {
  return { encode: ({ type, item }: WatchEvent) => eventFrame(type, JSON.stringify(partialMetadata(item.object, version))) }
}

/** One event of a watch, whose object is JSON already. */
export function eventFrame(type: string, json: string): Buffer {
  return Buffer.from(`{"type":"${type}","object":${json}}\n`, 'utf8')
}
