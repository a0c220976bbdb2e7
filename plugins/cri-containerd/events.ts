import { setMaxListeners } from 'node:events'
import type { Clock } from '@davit/core/kernel'
import type { RuntimeEvent } from '@davit/core/node'
import type { Client } from './client.js'
import { isAnswer } from './errors.js'
import { containerdEvents } from './events-containerd.js'
import { criEvents } from './events-cri.js'
import { polledEvents } from './events-polled.js'
import { podUidOf, selectorOf } from './labels.js'

export interface Events {
  subscribe(listener: (event: RuntimeEvent) => void): () => void
  close(): void
}

export interface EventParts {
  readonly client: Client
  readonly nodeName: string
  readonly clock: Clock
}

/**
 * Where events come from. `ready` is called when nothing that happens from now on is missed. Rejects where the runtime
 * refuses it, and when it is lost.
 */
export type EventSource = (
  parts: EventParts,
  emit: (event: RuntimeEvent) => void,
  ready: () => void,
  signal: AbortSignal,
) => Promise<void>

/** The interface's own stream (containerd from 1.7), containerd's, and for all others a look at the lists. */
const sources: readonly EventSource[] = [criEvents, containerdEvents, polledEvents]
const [firstPause, longestPause] = [100, 5_000]

/**
 * One source, open while somebody listens. Once it stands, and whenever it stands again after it broke off, every Pod
 * that is there, and every one that was, is announced as changed: nobody knows what happened meanwhile.
 */
export function createEvents(parts: EventParts, choice: readonly EventSource[] = sources): Events {
  const { client, nodeName, clock } = parts
  const listeners = new Set<(event: RuntimeEvent) => void>()
  const pods = new Set<string>()
  let stop: AbortController | undefined

  const emit = (event: RuntimeEvent): void => {
    pods.add(event.podUid)
    for (const listener of [...listeners]) listener(event)
  }
  const announceAll = async (): Promise<void> => {
    const { items } = await client.call('ListPodSandbox', { filter: selectorOf(nodeName) })
    const now = new Set(items.map(({ labels }) => podUidOf(labels)))
    for (const podUid of new Set([...pods, ...now])) emit({ podUid, type: 'sandboxChanged' })
    for (const podUid of pods) if (!now.has(podUid)) pods.delete(podUid)
  }
  const follow = async (signal: AbortSignal): Promise<void> => {
    let chosen = 0
    let pause = firstPause
    // What happens before the source stands is not lost: the first time is like any other.
    let missed = true
    while (!signal.aborted) {
      const source = choice[chosen] as EventSource
      const ready = (): void => {
        pause = firstPause
        // A runtime that is lost again says so at the next call.
        if (missed) announceAll().catch(() => undefined)
        missed = false
      }
      try {
        await source(parts, emit, ready, signal)
        missed = true
      } catch (error) {
        missed = true
        if (isAnswer(error) && chosen + 1 < choice.length) {
          chosen += 1
          continue
        }
      }
      // The runtime is away, as the agent hears from its calls; it may come back as another release.
      chosen = 0
      await clock.sleep(pause, signal).catch(() => undefined)
      pause = Math.min(pause * 2, longestPause)
    }
  }
  return {
    subscribe(listener) {
      const own = (event: RuntimeEvent): void => listener(event)
      listeners.add(own)
      if (!stop) {
        stop = new AbortController()
        // As many wait with it as containers start or end at the same time.
        setMaxListeners(0, stop.signal)
        void follow(stop.signal)
      }
      return () => {
        listeners.delete(own)
        if (listeners.size > 0) return
        stop?.abort()
        stop = undefined
      }
    },
    close() {
      listeners.clear()
      stop?.abort()
      stop = undefined
    },
  }
}
