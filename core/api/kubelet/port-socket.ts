/**
 * A connection to a port of a Pod over a WebSocket, in the protocol of kubelets: channel 0 carries the data, channel 1 what
 * goes wrong, and each begins with the number of the port. Channel 255 says that no more data comes in one direction, which
 * protocol v4 has no word for: there a proper end of the whole connection says it.
 */
import { Duplex } from 'node:stream'
import type { RawData, WebSocket } from 'ws'
import { bytesOf } from '../http/remote-websocket.js'

export const portProtocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const
const channel = { data: 0, error: 1, close: 255 } as const
const normalClosure = 1000
/** Unsent bytes from which on whoever sends has to wait. */
const backlogLimit = 1 << 20

/** `header`: the number of the port comes first, as the node's end sends it. */
export class PortSocket extends Duplex {
  readonly #socket: WebSocket
  #headers: number
  /** The other end has sent all that it has. */
  #complete = false

  constructor(socket: WebSocket, options: { readonly headers: 'sent' | 'received'; readonly port: number }) {
    super({ allowHalfOpen: true })
    this.#socket = socket
    this.#headers = options.headers === 'received' ? 2 : 0
    if (options.headers === 'sent') {
      const number = Buffer.alloc(2)
      number.writeUInt16LE(options.port)
      for (const each of [channel.data, channel.error]) socket.send(Buffer.concat([Uint8Array.of(each), number]))
    }
    socket.on('message', (data) => this.#receive(data))
    socket.on('close', (code) => this.#closed(code))
    socket.on('error', (error) => void this.destroy(error))
    socket.resume()
  }

  #receive(data: RawData): void {
    const message = bytesOf(data)
    const content = message.subarray(1)
    if (this.#headers > 0 && message[0] !== channel.close) this.#headers -= 1
    else if (message[0] === channel.error) this.destroy(new Error(content.toString('utf8')))
    else if (message[0] === channel.close) this.#end()
    else if (message[0] === channel.data && content.length > 0 && !this.push(content)) this.#socket.pause()
  }

  #closed(code: number): void {
    if (code === normalClosure && this.#socket.protocol === portProtocols[1]) this.#end()
    // What came so far would else look like all that there is.
    if (!this.#complete) this.destroy(new Error('the connection broke before its end'))
    else if (!this.writableFinished) this.destroy()
  }

  #end(): void {
    if (!this.#complete) this.push(null)
    this.#complete = true
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#socket.readyState !== this.#socket.OPEN) {
      done(new Error('the connection is closed'))
      return
    }
    let waits = true
    const once = (error?: Error): void => {
      if (waits) done(error)
      waits = false
    }
    this.#socket.send(Buffer.concat([Uint8Array.of(channel.data), chunk]), once)
    if (this.#socket.bufferedAmount < backlogLimit) once()
  }

  override _final(done: () => void): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(Uint8Array.of(channel.close, channel.data))
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (error && this.#socket.readyState === this.#socket.OPEN) {
      this.#socket.send(Buffer.concat([Uint8Array.of(channel.error), Buffer.from(error.message, 'utf8')]))
    }
    // Paused it would not hear the other end's goodbye.
    this.#socket.resume()
    this.#socket.close(normalClosure)
    done(error)
  }
}
