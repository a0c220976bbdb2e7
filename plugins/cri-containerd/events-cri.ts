import type { RuntimeEvent } from '@davit/core/node'
import type { EventSource } from './events.js'
import { label, podUidOf } from './labels.js'
import type { Received } from './messages.js'

const types = {
  CONTAINER_CREATED_EVENT: undefined,
  CONTAINER_STARTED_EVENT: 'containerStarted',
  CONTAINER_STOPPED_EVENT: 'containerExited',
  CONTAINER_DELETED_EVENT: 'containerRemoved',
} as const

/** The interface's own stream of events. What it tells is what the status calls answer from then on. */
export const criEvents: EventSource = async ({ client, nodeName }, emit, ready, signal) => {
  // Asked for first: it answers with an error at once where there is none, and otherwise only when something happens.
  const messages = client.stream('GetContainerEvents', {}, signal)[Symbol.asyncIterator]()
  const first = messages.next()
  await Promise.race([first, client.call('Version', {}, { signal })])
  ready()
  for (let next = await first; !next.done; next = await messages.next()) {
    const event = translate(next.value, nodeName)
    if (event) emit(event)
  }
}

export function translate(message: Received<'ContainerEventResponse'>, nodeName: string): RuntimeEvent | undefined {
  const { containerId, containerEventType, podSandboxStatus } = message
  if (podSandboxStatus?.labels[label.node] !== nodeName) return undefined
  const podUid = podUidOf(podSandboxStatus.labels)
  const type = types[containerEventType]
  // Who started a sandbox knows that it runs, and nothing starts one twice.
  if (containerId === podSandboxStatus.id)
    return type === 'containerStarted' || !type ? undefined : { podUid, type: 'sandboxChanged' }
  return type && { podUid, type }
}
