/**
 * Lines that wait, as the bytes that they will be. Kept as strings, they and the pieces that they were put together from
 * would live until they are written, and cost the collector more than all else that is done for them.
 */
export interface Chunk {
  readonly bytes: Buffer
  /** How many lines. */
  readonly count: number
  /** What the bytes lie in, where no later ones will. */
  readonly memory: Buffer | undefined
}

const chunkSize = 256 * 1024
/** What a unit of a string takes at most in UTF-8. */
export const longestUnit = 3
/** As many chunks keep their memory for the next lines: the first touch of new memory costs more than a line. */
const spares = 4
const none: Buffer = Buffer.alloc(0)

export class Lines {
  #full: Chunk[] = []
  readonly #spare: Buffer[] = []
  #memory: Buffer = none
  /** The part of it that is still to be taken, and how much of that is used. */
  #open: Buffer = none
  #used = 0
  #count = 0

  /** How many bytes it takes. */
  add(line: string): number {
    if (this.#room() < line.length * longestUnit) this.#makeRoom(Buffer.byteLength(line))
    const bytes = this.#open.write(line, this.#used)
    this.#used += bytes
    this.#count += 1
    return bytes
  }

  #room(): number {
    return this.#open.length - this.#used
  }

  #makeRoom(size: number): void {
    if (this.#room() >= size) return
    this.#close(this.#memory)
    this.#memory = (size <= chunkSize && this.#spare.pop()) || Buffer.allocUnsafeSlow(Math.max(chunkSize, size))
    this.#open = this.#memory
  }

  /** All that wait, in order; no line is in two. */
  take(): readonly Chunk[] {
    this.#close()
    const taken = this.#full
    this.#full = []
    return taken
  }

  /** It is written, and so are all before it: its memory may take further lines. */
  free({ memory }: Chunk): void {
    if (memory?.length === chunkSize && this.#spare.length < spares) this.#spare.push(memory)
  }

  /** What is left of the buffer takes the next lines. */
  #close(memory?: Buffer): void {
    if (this.#count > 0) this.#full.push({ bytes: this.#open.subarray(0, this.#used), count: this.#count, memory })
    this.#open = this.#open.subarray(this.#used)
    this.#used = 0
    this.#count = 0
  }
}
