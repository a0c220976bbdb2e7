/** A log over WebSocket, for clients that cannot read a chunked reply. */
import type { Exchange } from './exchange.js'
import type { Upgrade } from './upgrade.js'

export async function streamLogSocket(
  exchange: Exchange,
  upgrade: Upgrade,
  first: Promise<IteratorResult<Uint8Array>>,
  chunks: AsyncIterator<Uint8Array>,
  gone: AbortController,
): Promise<void> {
  const socket = await upgrade.webSocket(['binary.k8s.io', 'base64.binary.k8s.io'])
  exchange.replied(101)
  socket.on('close', () => gone.abort())
  socket.on('error', () => gone.abort())
  const base64 = socket.protocol === 'base64.binary.k8s.io'
  const send = (chunk: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      const data = base64 ? Buffer.from(chunk).toString('base64') : chunk
      socket.send(data, { binary: !base64 }, () => resolve())
    })
  for (let step = await first; !step.done && !gone.signal.aborted; step = await chunks.next()) await send(step.value)
  socket.close(1000)
}
