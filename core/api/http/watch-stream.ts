/** A watch over HTTP: one frame after the other, in the very buffers that all watchers share. */
import type { KubeObject } from '../../kinds/contract.js'
import type { WatchBatch } from '../../watch/contract.js'
import type { WatchSink } from '../contract.js'
import type { EventFrames } from './event-frames.js'
import { closeHard, type Exchange, isClosed } from './exchange.js'

export interface OpenStream {
  /** Ends it cleanly: the client sees the end of the reply and watches again elsewhere. Idempotent. */
  close(): void
}
export interface WatchStreamOptions {
  /** Unsent bytes from which on a client counts as lost. */
  readonly backlogLimit: number
  /** Called once, whoever ended the watch. */
  ended(): void
}

/** `open` is the pipeline's. Headers go out at once, so that the client knows that it watches. */
export function streamWatch(
  exchange: Exchange,
  frames: EventFrames,
  open: (sink: WatchSink) => OpenStream,
  options: WatchStreamOptions,
): OpenStream {
  const { response } = exchange
  let source: OpenStream | undefined
  let over = false

  function finish(): void {
    if (over) return
    over = true
    response.off('close', finish)
    source?.close()
    if (!isClosed(exchange)) response.end()
    options.ended()
  }
  function write(bytes: Uint8Array): void {
    if (over || bytes.length === 0) return
    response.write(bytes)
    if (response.writableLength <= options.backlogLimit) return
    // It reads slower than the cluster changes. Cut off, it lists anew, which costs it and us less than the backlog.
    closeHard(exchange)
    finish()
  }

  exchange.replied(200)
  response.on('close', finish)
  response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-cache, private' })
  response.flushHeaders()
  source = open({
    batch: (batch: WatchBatch) => write(frames.batch(batch)),
    bookmark: (resourceVersion, annotations) => write(frames.bookmark(resourceVersion, annotations)),
    end(status?: KubeObject) {
      if (status) write(frames.error(status))
      finish()
    },
  })
  // The sink may have been ended while it was opened.
  if (over) source.close()
  return { close: finish }
}
