/** Bytes from a transport that pushes, for a consumer that pulls. */
export interface ByteQueue extends AsyncIterable<Uint8Array> {
  push(chunk: Uint8Array): void
  /** No more will come; what is queued is still delivered. Idempotent. */
  end(): void
}
export interface ByteQueueOptions {
  /** Called when more than `limit` bytes wait, and again with false when they are gone. */
  readonly full?: (full: boolean) => void
  readonly limit?: number
}

export function createByteQueue(options: ByteQueueOptions = {}): ByteQueue {
  const queue = createQueue<Uint8Array>()
  const limit = options.limit ?? 1 << 20
  let waiting = 0
  let full = false
  let ended = false
  return {
    push(chunk) {
      if (ended) return
      waiting += chunk.length
      queue.push(chunk)
      if (full || waiting <= limit) return
      full = true
      options.full?.(true)
    },
    end() {
      ended = true
      queue.end()
    },
    async *[Symbol.asyncIterator]() {
      for await (const chunk of queue) {
        waiting -= chunk.length
        if (full && waiting === 0) {
          full = false
          options.full?.(false)
        }
        yield chunk
      }
    },
  }
}

export interface Queue<T> extends AsyncIterable<T> {
  push(item: T): void
  end(): void
}

/** Without a bound: for few and small things. One consumer. */
export function createQueue<T>(): Queue<T> {
  const items: T[] = []
  let ended = false
  let wake: (() => void) | undefined
  const notify = (): void => {
    wake?.()
    wake = undefined
  }
  return {
    push(item) {
      if (ended) return
      items.push(item)
      notify()
    },
    end() {
      ended = true
      notify()
    },
    async *[Symbol.asyncIterator]() {
      while (true) {
        for (let item = items.shift(); item !== undefined; item = items.shift()) yield item
        if (ended) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
