import type { Key } from '@davit/core/store'

interface Written {
  readonly value: Uint8Array
  readonly memo: unknown
}

const limit = 2048

/**
 * What this process wrote lately, by key. etcd gives the bytes back, in watches and reads; where they are the ones that
 * were written, the writer's own and what was decoded of them take their place, so that nothing is held or decoded twice.
 */
export class Memos {
  readonly #written = new Map<Key, Written>()

  note(key: Key, value: Uint8Array, memo: unknown): void {
    this.#written.delete(key)
    if (memo === undefined) return
    this.#written.set(key, { value, memo })
    if (this.#written.size > limit) this.#written.delete(this.#written.keys().next().value as Key)
  }

  /** The bytes to keep of those that came, which are a piece of the whole answer and would hold on to it. */
  own(key: Key, value: Buffer): { readonly value: Uint8Array; readonly memo?: unknown } {
    const written = this.#written.get(key)
    if (written && value.equals(written.value)) return written
    const copy = Buffer.allocUnsafeSlow(value.length)
    value.copy(copy)
    return { value: copy }
  }
}
