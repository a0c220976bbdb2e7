/** Servers that say who was asked by whom, and clients that ask. Runs in a network namespace of the kit. */
import { createSocket } from 'node:dgram'
import { connect, createServer } from 'node:net'
import { answerLines } from './lines.js'
import type { Asking } from './network.js'

/** On every address of the namespace: "address it was asked at, address of who asked". */
function serveTcp(port: number): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.end(`${socket.localAddress} ${socket.remoteAddress}`)
  })
  return new Promise((resolve) => server.listen(port, '0.0.0.0', () => resolve()))
}

/** A socket for each address: of one for all, nobody knows at which it was asked. */
function serveUdp({ port, addresses }: { port: number; addresses: readonly string[] }): Promise<unknown> {
  return Promise.all(
    addresses.map((address) => {
      const socket = createSocket('udp4')
      socket.on('message', (_message, from) => socket.send(`${address} ${from.address}`, from.port, from.address))
      return new Promise<void>((resolve) => socket.bind(port, address, () => resolve()))
    }),
  )
}

async function ask({ host, port, times, protocol = 'TCP', from = 0 }: Asking): Promise<string[]> {
  const answers: string[] = []
  for (let index = 0; index < times; index += 1)
    answers.push(await (protocol === 'UDP' ? askUdp(host, port, from) : askTcp(host, port)))
  return answers
}

function askTcp(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect({ host, port })
    socket.setTimeout(3000, () => socket.destroy(new Error('ETIMEDOUT')))
    socket.on('data', (chunk) => {
      answer += chunk.toString()
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    socket.on('close', () => resolve(answer))
  })
}

function askUdp(host: string, port: number, from: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const finish = (answer: string) => {
      clearTimeout(timer)
      socket.close(() => resolve(answer))
    }
    const timer = setTimeout(() => finish('ETIMEDOUT'), 1500)
    socket.on('message', (message) => finish(message.toString()))
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    // Connected, so that an ICMP refusal becomes an error.
    socket.bind(from, () => socket.connect(port, host, () => socket.send('?')))
  })
}

answerLines({ serveTcp, serveUdp, ask })
