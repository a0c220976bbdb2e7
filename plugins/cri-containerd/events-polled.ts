import type { RuntimeEvent } from '@davit/core/node'
import type { EventSource } from './events.js'
import { podUidOf, selectorOf } from './labels.js'

export const pollEveryMs = 1_000

interface Look {
  readonly podUid: string
  readonly kind: 'sandbox' | 'container'
  readonly state: string
}

/** For runtimes without events: compares their lists, each second. */
export const polledEvents: EventSource = async ({ client, nodeName, clock }, emit, ready, signal) => {
  const filter = selectorOf(nodeName)
  let before: Map<string, Look> | undefined
  while (!signal.aborted) {
    const [{ items }, { containers }] = await Promise.all([
      client.call('ListPodSandbox', { filter }, { signal }),
      client.call('ListContainers', { filter }, { signal }),
    ])
    const now = new Map<string, Look>()
    for (const { id, labels, state } of items) now.set(id, { podUid: podUidOf(labels), kind: 'sandbox', state })
    for (const { id, labels, state } of containers) now.set(id, { podUid: podUidOf(labels), kind: 'container', state })
    if (before) for (const event of differences(before, now)) emit(event)
    else ready()
    before = now
    await clock.sleep(pollEveryMs, signal).catch(() => undefined)
  }
}

export function differences(before: ReadonlyMap<string, Look>, now: ReadonlyMap<string, Look>): RuntimeEvent[] {
  const events: RuntimeEvent[] = []
  for (const [id, { podUid, kind, state }] of now) {
    if (before.get(id)?.state === state) continue
    if (kind === 'sandbox') events.push({ podUid, type: 'sandboxChanged' })
    else if (state === 'CONTAINER_RUNNING') events.push({ podUid, type: 'containerStarted' })
    else if (state === 'CONTAINER_EXITED') events.push({ podUid, type: 'containerExited' })
  }
  for (const [id, { podUid, kind }] of before) {
    if (!now.has(id)) events.push({ podUid, type: kind === 'sandbox' ? 'sandboxChanged' : 'containerRemoved' })
  }
  return events
}
