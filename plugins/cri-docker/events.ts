import type { Clock } from '@davit/core/kernel'
import type { RuntimeEvent } from '@davit/core/node'
import type { Engine } from './engine.js'
import { jsonLines } from './json-lines.js'
import { filterOf, isOwnedBy, type Labels, label, type Owner, podOf } from './labels.js'

export interface Events {
  subscribe(listener: (event: RuntimeEvent) => void): () => void
  close(): void
}

interface DockerEvent {
  readonly Type: string
  readonly Action: string
  readonly Actor: { readonly ID: string; readonly Attributes: Labels }
  readonly timeNano: number
}

const [firstPause, longestPause] = [100, 5_000]

/**
 * Docker's own event stream, open while somebody listens. Where it breaks off it is opened again, and since the daemon may
 * have forgotten what happened meanwhile, every Pod that it still knows, and every Pod that it knew before, is announced
 * as changed.
 */
export interface EventHandlers {
  /** A network was removed, or whenever one may have been. */
  checkNetwork(removed?: string): Promise<void>
  /** Called before the event is told: Docker's list says of a while longer that it runs. */
  sandboxDied(id: string): void
}

export function createEvents(engine: Engine, owner: Owner, clock: Clock, { checkNetwork, sandboxDied }: EventHandlers): Events {
  const listeners = new Set<(event: RuntimeEvent) => void>()
  const pods = new Set<string>()
  let stop: AbortController | undefined

  const emit = (event: RuntimeEvent): void => {
    for (const listener of [...listeners]) listener(event)
  }
  const follow = async (signal: AbortSignal): Promise<void> => {
    // What happens before the connection stands is not lost.
    let since = clock.now() / 1000
    let pause = firstPause
    let broken = false
    while (!signal.aborted) {
      try {
        const stream = await engine.stream('/events', eventQuery(since), signal)
        if (broken) await announceAll(engine, owner, pods, emit)
        // A network that cannot be made is told of by the next Pod that wants it.
        void checkNetwork().catch(() => {})
        broken = false
        for await (const line of jsonLines(stream)) {
          const event = line as DockerEvent
          pause = firstPause
          since = event.timeNano / 1e9
          if (event.Type === 'network') {
            void checkNetwork(event.Actor.Attributes.name).catch(() => {})
            continue
          }
          const translated = translate(event, owner)
          if (!translated) continue
          if (translated.type === 'sandboxChanged' && event.Action === 'die') sandboxDied(event.Actor.ID)
          pods.add(translated.podUid)
          emit(translated)
        }
      } catch {
        // The daemon is away; that it is, the agent hears from its calls.
      }
      broken = true
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

/** Networks have no labels here, so the node's containers cannot be asked for by theirs. */
function eventQuery(since: number): Record<string, string> {
  const filters = { type: ['container', 'network'], event: ['start', 'die', 'destroy'] }
  return { since: since.toFixed(9), filters: JSON.stringify(filters) }
}

type ContainerEvent = Pick<DockerEvent, 'Action' | 'Actor'>

export function translate({ Action, Actor: { Attributes } }: ContainerEvent, owner: Owner): RuntimeEvent | undefined {
  if (!isOwnedBy(owner, Attributes)) return undefined
  const podUid = podOf(Attributes).uid
  if (podUid === '') return undefined
  // Who started a sandbox knows that it runs, and nothing starts one twice.
  if (Attributes[label.type] === 'sandbox') return Action === 'start' ? undefined : { podUid, type: 'sandboxChanged' }
  const types = { start: 'containerStarted', die: 'containerExited', destroy: 'containerRemoved' } as const
  const type = types[Action as keyof typeof types]
  return type && { podUid, type }
}

async function announceAll(
  { docker }: Engine,
  owner: Owner,
  before: Set<string>,
  emit: (event: RuntimeEvent) => void,
): Promise<void> {
  const listed = await docker.listContainers({ all: true, filters: filterOf(owner) })
  const now = new Set(listed.map(({ Labels }) => podOf(Labels).uid))
  for (const podUid of new Set([...before, ...now])) emit({ podUid, type: 'sandboxChanged' })
  for (const podUid of before) if (!now.has(podUid)) before.delete(podUid)
}
