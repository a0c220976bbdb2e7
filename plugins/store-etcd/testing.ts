/** What this plugin's tests share: services on the real clock, and a way to etcd that can lose what comes back. */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@davit/core/kernel'
import { createTestServices, type TestServices } from '@davit/core/testing'
import type { EtcdConfig } from './config.js'

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, run, { unref = false } = {}) {
    const timer = setTimeout(run, ms)
    if (unref) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  defer: (run) => void setImmediate(run),
}

export function configOf(...endpoints: readonly string[]): EtcdConfig {
  return { endpoints: [...endpoints], prefix: '/davit', timeoutSeconds: 5, compactionSeconds: 300 }
}

export function realServices(seed?: string): Omit<TestServices, 'clock'> & { readonly clock: Clock } {
  return { ...createTestServices(seed), clock }
}

export interface TestProxy {
  readonly endpoint: string
  /** From here on no answer comes through on the connections there are. */
  swallow(): void
  /** Breaks them; new ones work. */
  cut(): void
  /** Where new connections lead from here on. */
  target: string
  close(): Promise<void>
}

/** A way to `target` that can lose what comes back. */
export async function proxyTo(first: string): Promise<TestProxy> {
  const sockets = new Set<Socket>()
  const answers = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(proxy.target).port), '127.0.0.1')
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    answers.add(upstream)
    upstream.once('close', () => answers.delete(upstream))
    client.pipe(upstream)
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const proxy: TestProxy = {
    target: first,
    endpoint: `http://127.0.0.1:${(server.address() as { port: number }).port}`,
    swallow() {
      for (const answer of answers) {
        answer.unpipe()
        answer.resume()
      }
    },
    cut,
    close() {
      cut()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  return proxy
}
