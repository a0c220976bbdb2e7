import type { RuntimeEvent } from '@davit/core/node'
import type { Client } from './client.js'
import { unlessMissing } from './errors.js'
import type { EventParts, EventSource } from './events.js'
import { label, podUidOf, selectorOf } from './labels.js'
import { stringField } from './wire.js'

const topics = { start: '/tasks/start', exit: '/tasks/exit', remove: '/containers/delete' } as const
const filters = Object.values(topics).map((topic) => `namespace==k8s.io,topic=="${topic}"`)

interface Owner {
  readonly podUid: string
  readonly kind: 'sandbox' | 'container'
}

/** How long the interface may take to know what containerd knows. */
const longestLag = 5_000

/**
 * containerd's own stream, which older releases have instead. It tells of processes of all containers, and a moment
 * before the interface has heard of them: an event is passed on when the interface tells the same.
 */
export const containerdEvents: EventSource = async (parts, emit, ready, signal) => {
  const { client, nodeName } = parts
  const owners = new Map<string, Owner>()
  const messages = client.stream('Subscribe', { filters }, signal)[Symbol.asyncIterator]()
  const first = messages.next()
  // A stream that is refused ends here, not with the first event.
  await Promise.race([first, loadOwners(client, nodeName, owners)])
  const take = (topic: string, id: string): void => {
    // One after the other would hold up the others.
    void pass(parts, owners, topic, id, emit, signal).catch(() => undefined)
  }
  for (const id of await endedUnseen(client, nodeName)) take(topics.exit, id)
  ready()
  for (let next = await first; !next.done; next = await messages.next()) {
    const { topic, event } = next.value
    const id = stringField(event?.value ?? new Uint8Array(0), 1)
    // The end of what was started by exec has a second id, of its own.
    if (topic === topics.exit && stringField(event?.value ?? new Uint8Array(0), 2) !== id) continue
    take(topic, id)
  }
}

async function pass(
  { client, nodeName, clock }: EventParts,
  owners: Map<string, Owner>,
  topic: string,
  id: string,
  emit: (event: RuntimeEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const owner = owners.get(id) ?? (await findOwner(client, nodeName, id))
  if (!owner) return
  const { podUid, kind } = owner
  if (topic === topics.remove) {
    owners.delete(id)
    return emit({ podUid, type: kind === 'sandbox' ? 'sandboxChanged' : 'containerRemoved' })
  }
  owners.set(id, owner)
  // Who started a sandbox knows that it runs, and nothing starts one twice.
  if (kind === 'sandbox' && topic === topics.start) return
  const deadline = clock.monotonic() + longestLag
  for (let pause = 2; !(await knows(client, kind, id, topic)) && clock.monotonic() < deadline; pause = Math.min(pause * 2, 200)) {
    await clock.sleep(pause, signal)
  }
  if (signal.aborted) return
  if (kind === 'sandbox') emit({ podUid, type: 'sandboxChanged' })
  else emit({ podUid, type: topic === topics.start ? 'containerStarted' : 'containerExited' })
}

/** Whether the interface tells what the event told, or something later. */
async function knows(client: Client, kind: Owner['kind'], id: string, topic: string): Promise<boolean> {
  if (kind === 'sandbox') {
    const found = (await unlessMissing(client.call('PodSandboxStatus', { podSandboxId: id })))?.status
    return found?.state !== 'SANDBOX_READY'
  }
  const state = (await unlessMissing(client.call('ContainerStatus', { containerId: id })))?.status?.state
  return topic === topics.start ? state !== 'CONTAINER_CREATED' : state !== 'CONTAINER_CREATED' && state !== 'CONTAINER_RUNNING'
}

/** What ended before the stream stood, while the interface still says that it runs: of that no event will come. */
async function endedUnseen(client: Client, nodeName: string): Promise<string[]> {
  const { containers } = await client.call('ListContainers', { filter: selectorOf(nodeName) })
  const { tasks } = await client.call('List', {})
  const alive = new Set(tasks.filter(({ status }) => status !== 'STOPPED').map(({ id }) => id))
  return containers.filter(({ id, state }) => state === 'CONTAINER_RUNNING' && !alive.has(id)).map(({ id }) => id)
}

async function loadOwners(client: Client, nodeName: string, owners: Map<string, Owner>): Promise<void> {
  const filter = selectorOf(nodeName)
  const [{ items }, { containers }] = await Promise.all([
    client.call('ListPodSandbox', { filter }),
    client.call('ListContainers', { filter }),
  ])
  for (const { id, labels } of items) owners.set(id, { podUid: podUidOf(labels), kind: 'sandbox' })
  for (const { id, labels } of containers) owners.set(id, { podUid: podUidOf(labels), kind: 'container' })
}

/** undefined: another node's, or somebody else's, or gone already. */
async function findOwner(client: Client, nodeName: string, id: string): Promise<Owner | undefined> {
  const { containers } = await client.call('ListContainers', { filter: { id } })
  const { items } = containers.length > 0 ? { items: [] } : await client.call('ListPodSandbox', { filter: { id } })
  const labels = (containers[0] ?? items[0])?.labels
  if (labels?.[label.node] !== nodeName) return undefined
  return { podUid: podUidOf(labels), kind: containers.length > 0 ? 'container' : 'sandbox' }
}
