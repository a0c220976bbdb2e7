/** Connections whose sender is not known yet: bounded, so that whoever opens very many shuts out nobody but himself. */
import type { Socket } from 'node:net'

export interface Strangers {
  /** Closes the one that has been silent for the longest where there are too many. */
  add(socket: Socket): void
  /** Also of the TLS connection on top of the socket that was added. */
  delete(connection: Socket): void
}

export function createStrangers(limit: number): Strangers {
  // The peer's address tells a TLS connection and the socket below it apart from all others, and joins the two.
  const sockets = new Map<string, Socket>()
  return {
    add(socket) {
      const key = peerOf(socket)
      sockets.set(key, socket)
      socket.once('close', () => {
        if (sockets.get(key) === socket) sockets.delete(key)
      })
      if (sockets.size <= limit) return
      for (const [oldest, victim] of sockets) {
        sockets.delete(oldest)
        victim.destroy()
        return
      }
    },
    delete: (connection) => void sockets.delete(peerOf(connection)),
  }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}
