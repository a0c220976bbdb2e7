/** For this plugin's tests: sets and Pods as the API stores them, and a hand that plays the kubelet. */
import { type Client, edit, pods, statefulSets } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { PluginEntry } from '@davit/core/kernel'
import type { ObjectMeta, Pod, StatefulSet, StatefulSetSpec } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const labels = { app: 'db' }
export const now = Date.UTC(2024, 0, 1)

export function template(image = 'db:1'): StatefulSetSpec['template'] {
  return { metadata: { labels } as unknown as ObjectMeta, spec: { containers: [{ name: 'main', image }] } }
}

export function statefulSet(
  replicas: number,
  spec: Partial<StatefulSetSpec> = {},
  metadata: Partial<ObjectMeta> = {},
): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default', uid: 'set', ...metadata },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      serviceName: 'dbs',
      template: template(),
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      ...spec,
    },
  }
}

/** A claim template as a user writes it. */
export const data = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
} as NonNullable<StatefulSetSpec['volumeClaimTemplates']>[number]

export interface PodTraits {
  readonly revision?: string
  readonly phase?: string
  readonly ready?: boolean
  /** Seconds since it became ready. */
  readonly readyFor?: number
  readonly going?: boolean
  readonly labels?: Record<string, string>
}

/** Running and ready unless the traits say otherwise. */
export function pod(ordinal: number, traits: PodTraits = {}): Pod {
  const { revision = 'new', phase = 'Running', ready = phase === 'Running', readyFor = 100, going = false } = traits
  const since = `${new Date(now - readyFor * 1000).toISOString().slice(0, 19)}Z`
  const name = `db-${ordinal}`
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      labels: traits.labels ?? {
        ...labels,
        'controller-revision-hash': revision,
        'statefulset.kubernetes.io/pod-name': name,
        'apps.kubernetes.io/pod-index': String(ordinal),
      },
      ...(going && { deletionTimestamp: since }),
    },
    spec: { containers: [{ name: 'main', image: 'db:1' }] },
    status: { phase, conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: since }] },
  }
}

/** The control plane with this plugin, on a clock that the test moves. */
export function plane(t: TestContext, more: readonly PluginEntry[] = []): Promise<ControlPlane> {
  return controlPlane(t, [{ plugin }, ...more])
}

export async function podsOf(client: Client): Promise<readonly Pod[]> {
  const { items } = await client.list(pods, { namespace: 'default' })
  return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}
export const namesOf = async (client: Client) => (await podsOf(client)).map(({ metadata }) => metadata.name)

export function stored(client: Client): Promise<StatefulSet> {
  return client.get(statefulSets, 'default', 'db')
}
export async function change(client: Client, spec: object): Promise<void> {
  await client.patch(statefulSets, 'default', 'db', 'merge', { spec })
}

/** As a kubelet would: the Pod runs and is ready, from now on. */
export async function makeReady({ client, clock, quiet }: ControlPlane, name: string, ready = true): Promise<void> {
  const at = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const changed = edit(await client.get(pods, 'default', name), (draft) => {
    draft.status = {
      ...draft.status,
      phase: 'Running',
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at }],
    }
  })
  await client.updateStatus(pods, changed)
  await quiet()
}

/** Plays the kubelet until nothing is left to be made ready. Answers in which order Pods became ready. */
export async function serveAll(at: ControlPlane): Promise<readonly string[]> {
  const order: string[] = []
  await at.quiet()
  for (;;) {
    const next = (await podsOf(at.client)).find(({ status }) => status?.phase === 'Pending')
    if (!next) return order
    order.push(next.metadata.name)
    await makeReady(at, next.metadata.name)
    await at.pass(20)
  }
}
