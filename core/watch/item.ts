import { formatJson, type KubeObject, parseJson } from '../kinds/contract.js'
import type { Key, Revision } from '../store/contract.js'
import type { CachedObject } from './contract.js'
import { freezeTree } from './freeze.js'

const metadataStart = Buffer.from('"metadata":{')
const regularStart = Buffer.from('{"apiVersion":')
const closingBrace = 0x7d

/**
 * One revision of one object. It keeps one copy of the bytes, and the parsed tree only as long as somebody else holds
 * it (an informer, a request): a Pod's tree takes nearly twice the memory of its bytes, and most objects are only ever sent.
 */
export class StoredItem implements CachedObject {
  readonly key: Key
  readonly namespace: string
  readonly name: string
  readonly revision: Revision
  readonly created: Revision
  /** JSON with the number `#shown` as resourceVersion, without one where that is 0. */
  #source: Uint8Array
  #shown: Revision
  /** The same tree without resourceVersion, from the writer. Dropped by `settle`. */
  #memo: KubeObject | undefined
  #tree: WeakRef<KubeObject> | undefined

  constructor(key: Key, revision: Revision, created: Revision, source: Uint8Array, shown: Revision, memo?: KubeObject) {
    const slash = key.lastIndexOf('/')
    this.key = key
    this.namespace = key.slice(key.lastIndexOf('/', slash - 1) + 1, slash)
    this.name = key.slice(slash + 1)
    this.revision = revision
    this.created = created
    this.#source = source
    this.#shown = shown
    this.#memo = memo
  }

  get bytes(): Buffer {
    if (this.#shown !== this.revision) {
      this.#source = withRevision(this.#source, this.#shown, this.revision)
      this.#shown = this.revision
    }
    return this.#source as Buffer
  }

  get object(): KubeObject {
    const known = this.#tree?.deref()
    if (known) return known
    const made = this.#memo ? stamped(this.#memo, this.revision) : this.#parse()
    this.#tree = new WeakRef(made)
    return made
  }

  /** How much memory it holds, about. */
  get size(): number {
    return this.#source.byteLength
  }

  /** The same state as of a later revision: how a deletion shows it. */
  at(revision: Revision): StoredItem {
    const tree = this.#memo ?? this.#tree?.deref()
    return new StoredItem(this.key, revision, this.created, this.#source, this.#shown, tree)
  }

  /** Everybody has been told: from here on the tree lives only in the hands of those who took it. */
  settle(): void {
    this.#memo = undefined
  }

  #parse(): KubeObject {
    const object = parseJson(
      Buffer.from(this.#source.buffer, this.#source.byteOffset, this.#source.byteLength).toString(),
    ) as KubeObject
    object.metadata.resourceVersion = String(this.revision)
    freezeTree(object)
    return object
  }
}

function stamped(memo: KubeObject, revision: Revision): KubeObject {
  const metadata = Object.freeze({ ...memo.metadata, resourceVersion: String(revision) })
  return Object.freeze({ ...memo, metadata })
}

/** Puts the number in where the codec's order of fields has it, without parsing. */
function withRevision(source: Uint8Array, shown: Revision, revision: Revision): Buffer {
  const view = Buffer.from(source.buffer, source.byteOffset, source.byteLength)
  if (view.compare(regularStart, 0, regularStart.length, 0, regularStart.length) !== 0) return rewritten(view, revision)
  const head = view.indexOf(metadataStart) + metadataStart.length
  const skipped = shown === 0 ? 0 : `"resourceVersion":"${shown}"`.length
  const tail = head + skipped
  const comma = shown === 0 && view[tail] !== closingBrace ? ',' : ''
  const field = `"resourceVersion":"${revision}"${comma}`
  const bytes = Buffer.allocUnsafeSlow(head + field.length + view.length - tail)
  view.copy(bytes, 0, 0, head)
  bytes.write(field, head, 'latin1')
  view.copy(bytes, head + field.length, tail)
  return bytes
}

// Fields whose names are numbers come before all others, whatever the codec does; only custom resources have such.
function rewritten(source: Buffer, revision: Revision): Buffer {
  const object = parseJson(source.toString()) as KubeObject
  return Buffer.from(formatJson({ ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }))
}
