/**
 * The log files of the CRI: each line is a time, a stream, a tag and what was written. A line that was longer than the
 * runtime's buffer comes in parts, all but the last with the tag P. What follows a line without an end stays a part.
 */
const [newline, space] = [0x0a, 0x20]

export interface LineReader {
  /** What to show of the next bytes of the file. */
  read(chunk: Buffer): Buffer[]
}

export interface LineOptions {
  readonly timestamps: boolean
  readonly sinceTime?: number
}

export function createLineReader({ timestamps, sinceTime }: LineOptions): LineReader {
  /** Streams of which a part stands without its end. */
  const open = new Set<string>()
  let rest: Buffer = Buffer.alloc(0)

  const show = (line: Buffer, shown: Buffer[]): void => {
    const parts = partsOf(line)
    if (!parts) return
    const { time, stream, partial, content } = parts
    if (sinceTime !== undefined && Date.parse(time) < sinceTime) return
    if (timestamps && !open.has(stream)) shown.push(Buffer.from(`${time} `))
    shown.push(content)
    if (partial) open.add(stream)
    else open.delete(stream)
  }
  return {
    read(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      const shown: Buffer[] = []
      let start = 0
      for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
        show(bytes.subarray(start, end + 1), shown)
        start = end + 1
      }
      rest = bytes.subarray(start)
      return shown
    },
  }
}

/** `line` with its line break, which is part of the content unless more of it is to come. undefined: not a line of a log. */
function partsOf(line: Buffer): { time: string; stream: string; partial: boolean; content: Buffer } | undefined {
  const first = line.indexOf(space)
  const second = line.indexOf(space, first + 1)
  const third = line.indexOf(space, second + 1)
  if (first < 0 || second < 0 || third < 0) return undefined
  const partial = isPart(line)
  return {
    time: line.toString('latin1', 0, first),
    stream: line.toString('latin1', first + 1, second),
    partial,
    content: line.subarray(third + 1, partial ? line.length - 1 : line.length),
  }
}

export function isPart(line: Buffer): boolean {
  const second = line.indexOf(space, line.indexOf(space) + 1)
  return line[second + 1] === 0x50
}
