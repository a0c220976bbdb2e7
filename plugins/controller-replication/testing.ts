/** For this plugin's tests: Pods and owners as the API stores them, and a hand that plays the kubelet. */
import { type Client, edit, pods, replicaSets } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { PluginEntry } from '@davit/core/kernel'
import type { ObjectMeta, Pod, PodStatus, ReplicaSet, ReplicationController } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const labels = { app: 'web' }
export const now = Date.UTC(2024, 0, 1)

/** `ago`: seconds before `now`. */
export function time(ago: number): string {
  return `${new Date(now - ago * 1000).toISOString().slice(0, 19)}Z`
}

export function replicaSet(
  replicas: number,
  more: Partial<ReplicaSet['spec']> = {},
  metadata: Partial<ObjectMeta> = {},
): ReplicaSet {
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'web:1' }] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'web', namespace: 'default', uid: 'owner', ...metadata },
    spec: { replicas, selector: { matchLabels: labels }, template, ...more },
  }
}

export function replicationController(replicas: number): ReplicationController {
  const { spec, metadata } = replicaSet(replicas)
  const { template } = spec
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata,
    spec: { replicas, selector: labels, ...(template && { template }) },
  }
}

export const ownedBy = (uid: string) => [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid, controller: true }]

export interface PodTraits {
  readonly node?: string
  readonly phase?: string
  /** Seconds since it became ready; absent: it is not. */
  readonly readyFor?: number
  readonly restarts?: number
  readonly age?: number
  readonly annotations?: Record<string, string>
  readonly labels?: Record<string, string>
  readonly owner?: string
  readonly deleting?: boolean
}

export function pod(name: string, traits: PodTraits = {}): Pod {
  const { node, phase = 'Running', readyFor, restarts = 0, age = 100, annotations = {}, deleting = false } = traits
  const conditions = readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: time(readyFor) }]
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      labels: traits.labels ?? labels,
      annotations,
      creationTimestamp: time(age),
      ...(traits.owner !== undefined && { ownerReferences: ownedBy(traits.owner) }),
      ...(deleting && { deletionTimestamp: time(0) }),
    },
    spec: { containers: [{ name: 'main', image: 'web:1' }], ...(node !== undefined && { nodeName: node }) },
    status: {
      phase,
      conditions,
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: readyFor !== undefined, restartCount: restarts }],
    } as PodStatus,
  }
}

/** The control plane with this plugin, on a clock that the test moves. */
export function plane(t: TestContext, more: readonly PluginEntry[] = []): Promise<ControlPlane> {
  return controlPlane(t, [{ plugin }, ...more])
}

export async function podsOf(client: Client): Promise<readonly Pod[]> {
  return (await client.list(pods, { namespace: 'default' })).items
}

export function stored(client: Client, name = 'web'): Promise<ReplicaSet> {
  return client.get(replicaSets, 'default', name)
}

/** As a kubelet would: the Pod runs and is ready, from now on. */
export async function makeReady({ client, clock }: ControlPlane, target: Pod, ready = true): Promise<void> {
  const at = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const fresh = await client.get(pods, 'default', target.metadata.name)
  const changed = edit(fresh, (draft) => {
    draft.status = {
      ...draft.status,
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at }],
    }
  })
  await client.updateStatus(pods, changed)
}

export async function scale(client: Client, replicas: number, name = 'web'): Promise<void> {
  await client.patch(replicaSets, 'default', name, 'merge', { spec: { replicas } })
}
