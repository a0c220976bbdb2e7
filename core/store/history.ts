import type { Entry, Key, LeaseId, Revision } from './contract.js'
import { KeyIndex, type KeyNode } from './key-index.js'

/** What one transaction made of one key. */
export interface Version {
  readonly key: Key
  readonly revision: Revision
  /** 0 marks a delete. */
  readonly created: Revision
  /** Its place among the changes of its transaction. */
  readonly order: number
  readonly lease: LeaseId | undefined
  /** Present while it is not on disk, and for as long after as the ring (or an engine without a disk) keeps it. */
  entry: Entry | undefined
  older: Version | undefined
}

export interface Selection {
  readonly versions: readonly Version[]
  readonly more: boolean
  readonly count: number
}

/**
 * All versions since the last compaction, in memory without their values: by key, and as a log in order of revision.
 *
 * A version is staged when its transaction is accepted, and published when its group is committed. Readers look at the
 * state of a revision, so what is staged is invisible to them by its number, while the next transaction compares with it.
 */
export class History {
  readonly index = new KeyIndex()
  /** The revision that readers see. */
  visible: Revision = 0
  /** The revision of the last transaction that was accepted. */
  staged: Revision = 0
  compacted: Revision = 0
  /** In order of (revision, order). */
  #log: Version[] = []
  /** Where the log begins in the array. */
  #start = 0

  /** The newest version of a key, committed or not; undefined where it does not exist or is deleted. */
  newest(key: Key): Version | undefined {
    const head = this.index.get(key)?.head
    return head === undefined || head.created === 0 ? undefined : head
  }

  at(key: Key, revision: Revision): Version | undefined {
    const node = this.index.get(key)
    return node && versionAt(node, revision)
  }

  select(from: Key, to: Key, revision: Revision, limit: number): Selection {
    const versions: Version[] = []
    let count = 0
    this.index.between(from, to, (node) => {
      const version = versionAt(node, revision)
      if (version === undefined) return
      count += 1
      if (count <= limit) versions.push(version)
    })
    return { versions, more: count > versions.length, count }
  }

  /** Links the version in front of what stands at its key. Versions come in order. */
  stage(version: Version): void {
    this.#link(this.index.get(version.key), version)
    this.#log.push(version)
    this.staged = version.revision
  }

  /** Takes back everything that is staged and not published. */
  rollback(): void {
    for (let last = this.#log.at(-1); last !== undefined && last.revision > this.visible; last = this.#log.at(-1)) {
      this.#log.pop()
      const { older } = last
      const forgotten = older === undefined || (older.created === 0 && older.revision <= this.compacted)
      if (forgotten) this.index.remove(last.key)
      else (this.index.get(last.key) as KeyNode).head = older
    }
    this.staged = this.visible
  }

  /** The visible versions after a revision, whole transactions, at least `limit` of them if there are as many. */
  since(revision: Revision, limit: number): readonly Version[] {
    const first = this.#position(revision)
    let end = first
    for (; end < this.#log.length; end++) {
      const version = this.#log[end] as Version
      if (version.revision > this.visible) break
      if (end - first >= limit && version.revision !== this.#log[end - 1]?.revision) break
    }
    return this.#log.slice(first, end)
  }

  /**
   * Forgets up to `revision`, at most `limit` changes in one call, and returns the versions that nobody can read any
   * more. It is done when `compacted` has come to `revision`: that happens in the first call, only the clearing takes
   * more of them. An empty answer means that all is cleared.
   */
  compact(revision: Revision, limit: number): readonly Version[] {
    this.compacted = Math.max(this.compacted, revision)
    const garbage: Version[] = []
    for (let handled = 0; handled < limit && this.#start < this.#log.length; handled++, this.#start++) {
      const version = this.#log[this.#start] as Version
      if (version.revision > this.compacted) break
      for (let older = version.older; older !== undefined; older = older.older) garbage.push(older)
      version.older = undefined
      if (version.created !== 0) continue
      garbage.push(version)
      if (this.index.get(version.key)?.head === version) this.index.remove(version.key)
    }
    if (this.#start > 1024 && this.#start > this.#log.length / 2) {
      this.#log = this.#log.slice(this.#start)
      this.#start = 0
    }
    return garbage
  }

  /** Whether the log still holds changes at or before the compacted revision. */
  get cluttered(): boolean {
    const first = this.#log[this.#start]
    return first !== undefined && first.revision <= this.compacted
  }

  /**
   * Takes in a version that was read from the disk, once `compacted` is set. They come by key, oldest first, and
   * `finishLoading` ends it. Returns what is of no use any more: an earlier compaction was cut off there.
   */
  load(version: Version): readonly Version[] {
    const node = this.index.get(version.key)
    if (version.revision > this.compacted) {
      this.#link(node, version)
      this.#log.push(version)
      return []
    }
    const garbage = node === undefined ? [] : [node.head]
    if (version.created === 0) {
      this.index.remove(version.key)
      garbage.push(version)
    } else if (node === undefined) this.index.insert({ key: version.key, head: version })
    else node.head = version
    return garbage
  }

  finishLoading(): void {
    this.#log.sort((a, b) => a.revision - b.revision || a.order - b.order)
    this.advance(Math.max(this.compacted, this.#log.at(-1)?.revision ?? 0))
  }

  /** Goes to a revision beyond all that is staged, without a change. */
  advance(revision: Revision): void {
    this.visible = revision
    this.staged = revision
  }

  #link(node: KeyNode | undefined, version: Version): void {
    if (node === undefined) this.index.insert({ key: version.key, head: version })
    else {
      version.older = node.head
      node.head = version
    }
  }

  /** Where the log goes beyond `revision`. */
  #position(revision: Revision): number {
    let low = this.#start
    let high = this.#log.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#log[middle] as Version).revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** What `version` replaced, if that was not a delete and is not forgotten. */
export function previousOf(version: Version): Version | undefined {
  return version.older === undefined || version.older.created === 0 ? undefined : version.older
}

function versionAt(node: KeyNode, revision: Revision): Version | undefined {
  let version: Version | undefined = node.head
  while (version !== undefined && version.revision > revision) version = version.older
  return version === undefined || version.created === 0 ? undefined : version
}
