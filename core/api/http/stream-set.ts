import type { StreamSet } from './handler.js'
import type { OpenStream } from './watch-stream.js'

export function createStreamSet(): StreamSet {
  const streams = new Set<OpenStream>()
  return {
    add: (stream) => void streams.add(stream),
    delete: (stream) => void streams.delete(stream),
    get size() {
      return streams.size
    },
    closeAll() {
      for (const stream of [...streams]) stream.close()
    },
  }
}
