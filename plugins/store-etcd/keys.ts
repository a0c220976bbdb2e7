import type { Entry, Key, Revision } from '@davit/core/store'
import type { Received } from './messages.js'

/**
 * Where the store's keys and revisions lie in etcd. `origin` is etcd's revision at which the store's own count is 0: 0
 * but for tests, so that a resourceVersion is etcd's revision, as in Kubernetes.
 */
export class Place {
  readonly prefix: string
  readonly origin: number
  /** Beside the folder of the keys: who compacted last. */
  readonly compactionKey: Uint8Array
  /** Written when the watches must hear how far they have come. */
  readonly markKey: Uint8Array

  constructor(prefix: string, origin = 0) {
    this.prefix = prefix
    this.origin = origin
    this.compactionKey = Buffer.from(`${prefix}.compaction`)
    this.markKey = Buffer.from(`${prefix}.mark`)
  }

  /** In etcd. */
  key(key: Key): Buffer {
    return Buffer.from(this.prefix + key)
  }

  /** A watch of all keys hears the marks beside them as well, which come before the first of them. */
  watched(from: Key): Buffer {
    return from === '/' ? Buffer.from(`${this.prefix}.`) : this.key(from)
  }

  /** The store's; undefined for a mark. */
  keyOf(key: Buffer): Key | undefined {
    const text = key.toString('latin1')
    return text.startsWith(`${this.prefix}/`) ? text.slice(this.prefix.length) : undefined
  }

  /** etcd begins at 1, with nothing in it; 0 would mean the newest. */
  revision(revision: Revision): number {
    return Math.max(1, revision + this.origin)
  }

  revisionOf(revision: number): Revision {
    return Math.max(0, revision - this.origin)
  }

  entry(key: Key, found: Received<'KeyValue'>, value: Uint8Array, memo: unknown): Entry {
    return {
      key,
      value,
      revision: this.revisionOf(found.modRevision),
      created: this.revisionOf(found.createRevision),
      ...(found.lease !== 0 && { lease: String(found.lease) }),
      ...(memo !== undefined && { memo }),
    }
  }
}
