/** For this plugin's tests: sets, nodes and Pods as the API stores them, and a hand that plays scheduler and kubelet. */
import { type Client, daemonSets, edit, nodes, pods } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { PluginEntry } from '@davit/core/kernel'
import type { DaemonSet, DaemonSetSpec, Node, ObjectMeta, Pod, PodSpec, Taint } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'
import { nodeOf } from './pod.js'

export const labels = { app: 'agent' }
export const now = Date.UTC(2024, 0, 1)

export function template(image = 'agent:1', spec: Partial<PodSpec> = {}): DaemonSetSpec['template'] {
  return { metadata: { labels } as unknown as ObjectMeta, spec: { containers: [{ name: 'main', image }], ...spec } }
}

export function daemonSet(spec: Partial<DaemonSetSpec> = {}, metadata: Partial<ObjectMeta> = {}): DaemonSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'agent', namespace: 'default', uid: 'set', ...metadata },
    spec: { selector: { matchLabels: labels }, template: template(), ...spec },
  }
}
export const rolling = (maxUnavailable: number | string, maxSurge: number | string = 0): Partial<DaemonSetSpec> => ({
  updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } },
})

export function node(name: string, taints: readonly Partial<Taint>[] = [], more: Record<string, string> = {}): Node {
  const spec = taints.length > 0 ? { taints: taints as Taint[] } : {}
  return { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: more }, spec }
}

export interface PodTraits {
  readonly name?: string
  readonly hash?: string
  readonly phase?: string
  readonly ready?: boolean
  readonly going?: boolean
  /** Seconds since it was made, and since it became ready. */
  readonly age?: number
  readonly bound?: boolean
}

/** Running, ready and of the present template unless the traits say otherwise. */
export function pod(on: string, traits: PodTraits = {}): Pod {
  const { name = `agent-${on}`, hash = 'new', phase = 'Running', going = false, age = 100, bound = true } = traits
  const { ready = phase === 'Running' } = traits
  const since = `${new Date(now - age * 1000).toISOString().slice(0, 19)}Z`
  const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: [on] }] }
  const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: since,
      labels: { ...labels, 'controller-revision-hash': hash },
      ...(going && { deletionTimestamp: since }),
    },
    spec: { containers: [], affinity: { nodeAffinity: required }, ...(bound && { nodeName: on }) },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }] },
  }
}

/** The control plane with this plugin and so many nodes, on a clock that the test moves. */
export async function plane(t: TestContext, count: number, more: readonly PluginEntry[] = []): Promise<ControlPlane> {
  const at = await controlPlane(t, [{ plugin }, ...more])
  for (let index = 1; index <= count; index += 1) await at.client.create(nodes, node(`n${index}`))
  await at.quiet()
  return at
}

export async function podsOf(client: Client): Promise<readonly Pod[]> {
  const { items } = await client.list(pods, { namespace: 'default' })
  return [...items].sort((a, b) => ((nodeOf(a) ?? '') < (nodeOf(b) ?? '') ? -1 : 1))
}
export const seatsOf = async (client: Client) => (await podsOf(client)).map(nodeOf)
export const imagesOf = async (client: Client) => (await podsOf(client)).map(({ spec }) => spec.containers[0]?.image)

export function stored(client: Client): Promise<DaemonSet> {
  return client.get(daemonSets, 'default', 'agent')
}
export async function change(client: Client, spec: object): Promise<void> {
  await client.patch(daemonSets, 'default', 'agent', 'merge', { spec })
}

/** As a kubelet would: the Pod runs and is ready, from now on. */
export async function makeReady({ client, clock, quiet }: ControlPlane, name: string): Promise<void> {
  const at = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const changed = edit(await client.get(pods, 'default', name), (draft) => {
    draft.status = { ...draft.status, phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at }] }
  })
  await client.updateStatus(pods, changed)
  await quiet()
}

/** Makes Pods ready one by one until nothing is left to be. */
export async function serveAll(at: ControlPlane): Promise<void> {
  await at.quiet()
  for (;;) {
    const next = (await podsOf(at.client)).find(({ status }) => status?.phase === 'Pending')
    if (!next) return
    await makeReady(at, next.metadata.name)
    await at.pass(20)
  }
}
