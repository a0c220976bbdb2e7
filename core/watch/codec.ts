import type { KubeObject } from '../kinds/contract.js'
import type { Entry } from '../store/contract.js'
import type { Codec } from './contract.js'
import { freezeTree } from './freeze.js'
import { StoredItem } from './item.js'

export const codec: Codec = {
  encode(object) {
    const { apiVersion, kind, metadata, ...rest } = object
    const { resourceVersion: _left, ...stored } = metadata
    const ordered: KubeObject = { apiVersion, kind, metadata: stored, ...rest }
    const text = JSON.stringify(ordered)
    const pure = freezeTree(ordered)
    Object.freeze(object.metadata)
    Object.freeze(object)
    return { value: bytesOf(text), memo: pure ? ordered : decoded(text) }
  },
  open: (entry: Entry) => new StoredItem(entry.key, entry.revision, entry.created, entry.value, 0, entry.memo as KubeObject),
}

// Not from Node's pool: the store and the cache keep these for long, and a slice of the pool would keep its neighbours.
function bytesOf(text: string): Buffer {
  const bytes = Buffer.allocUnsafeSlow(Buffer.byteLength(text))
  bytes.write(text)
  return bytes
}

function decoded(text: string): KubeObject {
  const object = JSON.parse(text) as KubeObject
  freezeTree(object)
  return object
}
