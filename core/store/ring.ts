import type { Version } from './history.js'

/**
 * The values of the newest versions, so that watchers and reads of what has just been written do not touch the disk.
 * What falls out of it is read from there.
 */
export class Ring {
  readonly #maximumBytes: number
  #versions: (Version | undefined)[] = []
  #start = 0
  #bytes = 0

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes
  }

  add(versions: readonly Version[]): void {
    for (const version of versions) {
      this.#versions.push(version)
      this.#bytes += sizeOf(version)
    }
    while (this.#bytes > this.#maximumBytes) this.#drop()
    if (this.#start > 1024 && this.#start > this.#versions.length / 2) {
      this.#versions = this.#versions.slice(this.#start)
      this.#start = 0
    }
  }

  #drop(): void {
    const version = this.#versions[this.#start] as Version
    this.#versions[this.#start++] = undefined
    this.#bytes -= sizeOf(version)
    version.entry = undefined
  }
}

const overhead = 256

function sizeOf(version: Version): number {
  return (version.entry?.value.byteLength ?? 0) + overhead
}
