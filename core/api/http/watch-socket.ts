/** A watch over WebSocket: one message for each event. */
import type { WebSocket } from 'ws'
import type { WatchSink } from '../contract.js'
import type { EventFrames } from './event-frames.js'
import type { Exchange } from './exchange.js'
import type { OpenStream, WatchStreamOptions } from './watch-stream.js'

export function streamWatchSocket(
  exchange: Exchange,
  socket: WebSocket,
  frames: EventFrames,
  open: (sink: WatchSink) => OpenStream,
  options: WatchStreamOptions,
): OpenStream {
  let source: OpenStream | undefined
  let over = false

  function finish(): void {
    if (over) return
    over = true
    source?.close()
    socket.close(1000)
    options.ended()
  }
  function send(bytes: Uint8Array): void {
    if (over) return
    socket.send(bytes, { binary: false })
    if (socket.bufferedAmount <= options.backlogLimit) return
    socket.terminate()
    finish()
  }

  exchange.replied(101)
  socket.on('close', finish)
  socket.on('error', finish)
  source = open({
    batch(batch) {
      for (const frame of frames.each(batch)) send(frame)
    },
    bookmark: (resourceVersion, annotations) => send(frames.bookmark(resourceVersion, annotations)),
    end(status) {
      if (status) send(frames.error(status))
      finish()
    },
  })
  if (over) source.close()
  return { close: finish }
}
