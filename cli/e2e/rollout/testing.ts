/** For scenarios in which several plugins play together: Deployments on a control plane, and a hand as the kubelet. */
import { ApiHooksToken } from '@davit/core/api'
import { deployments, events, pods, replicaSets } from '@davit/core/client'
import { controllerOf, isPodActive, isPodReady } from '@davit/core/controller'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { PluginEntry, Random } from '@davit/core/kernel'
import type { Deployment, DeploymentSpec, Pod, ReplicaSet } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import { builtins } from '../../builtins.js'

export interface Workloads extends ControlPlane {
  deploy(replicas: number, spec?: Partial<DeploymentSpec>, annotations?: Record<string, string>): Promise<void>
  /** A merge patch. */
  change(patch: object): Promise<void>
  setImage(image: string): Promise<void>
  deployment(): Promise<Deployment>
  sets(): Promise<readonly ReplicaSet[]>
  pods(): Promise<readonly Pod[]>
  /** The kubelet makes up to `most` Pods ready and finishes up to `most` that are on their way out. Whether there was any. */
  kubelet(most?: number, random?: Random): Promise<boolean>
  /** Until the kubelet has nothing more to do. */
  converge(): Promise<void>
  /** Active Pods and ready ones after each commit. */
  readonly seen: { active: number; ready: number }[]
  messages(reason: string): Promise<readonly string[]>
}

export const imageOf = ({ spec }: ReplicaSet) => spec.template?.spec?.containers[0]?.image ?? ''

export async function workloads(t: TestContext, more: readonly PluginEntry[] = []): Promise<Workloads> {
  const plane = await controlPlane(t, [await builtin('controller-deployment'), await builtin('controller-replication'), ...more])
  const { client } = plane
  const seen = followPods(t, plane)
  const list = async () => (await client.list(pods, { namespace: 'default' })).items
  const change = async (patch: object) => void (await client.patch(deployments, 'default', 'web', 'strategic', patch))
  const kubelet: Workloads['kubelet'] = async (most = Number.MAX_SAFE_INTEGER, random) => {
    const waiting = (await list()).filter((pod) => pod.metadata.deletionTimestamp || (isPodActive(pod) && !isPodReady(pod)))
    const order = random ? waiting.sort(() => random.next() - 0.5) : waiting
    for (const pod of order.slice(0, most)) await serve(plane, pod)
    await plane.pass(20)
    return waiting.length > 0
  }
  return {
    ...plane,
    seen,
    change,
    kubelet,
    setImage: (image) => change({ spec: { template: { spec: { containers: [{ name: 'main', image }] } } } }),
    async deploy(replicas, spec = {}, annotations = {}) {
      await client.create(deployments, deploymentOf(replicas, spec, annotations))
      await plane.pass(20)
    },
    deployment: () => client.get(deployments, 'default', 'web'),
    sets: async () => (await client.list(replicaSets, { namespace: 'default' })).items,
    pods: list,
    async converge() {
      await plane.pass(20)
      while (await kubelet());
    },
    async messages(reason) {
      const { items } = await client.list(events, { namespace: 'default' })
      return items.filter((event) => event.reason === reason).map(({ message }) => message ?? '')
    },
  }
}

async function builtin(id: string): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load() }
}

function deploymentOf(replicas: number, spec: Partial<DeploymentSpec>, annotations: Record<string, string>): Deployment {
  const labels = { app: 'web' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'web:1' }] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', annotations },
    spec: { replicas, selector: { matchLabels: labels }, template, ...spec },
  }
}

/** One step of one Pod: a Pod on its way out ends, another is bound and becomes ready. */
async function serve({ client, clock }: ControlPlane, { metadata, spec }: Pod): Promise<void> {
  const { name } = metadata
  if (metadata.deletionTimestamp) {
    await client.delete(pods, 'default', name, { gracePeriodSeconds: 0 })
    return
  }
  if (!spec.nodeName) {
    const binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name, namespace: 'default' },
      target: { kind: 'Node', name: 'one' },
    }
    await client.createSubresource(pods, 'default', name, 'binding', binding)
  }
  const lastTransitionTime = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }] }
  await client.patch(pods, 'default', name, 'strategic', { status }, { subresource: 'status' })
}

function followPods(t: TestContext, plane: ControlPlane): { active: number; ready: number }[] {
  const present = new Map<string, Pod>()
  const seen: { active: number; ready: number }[] = []
  const stop = plane.kernel.get(ApiHooksToken).committed.tap('follow-pods', ({ verb, kind, item }) => {
    if (kind.resource !== 'pods') return
    const pod = item.object as Pod
    if (verb === 'delete') present.delete(pod.metadata.name)
    else present.set(pod.metadata.name, pod)
    const active = [...present.values()].filter((each) => isPodActive(each) && controllerOf(each))
    seen.push({ active: active.length, ready: active.filter(isPodReady).length })
  })
  t.defer(stop)
  return seen
}
