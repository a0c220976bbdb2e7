/** For this plugin's tests: budgets, and Pods that something owns, with a hand that plays the kubelet. */
import { type Client, edit, podDisruptionBudgets, pods, type ResourceRef, replicaSets } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { KubeObject, Pod, PodDisruptionBudget, PodDisruptionBudgetStatus, ReplicaSet } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const labels = { app: 'web' }

export function budgetOf(spec: PodDisruptionBudget['spec'], metadata: Partial<PodDisruptionBudget['metadata']> = {}) {
  const budget: PodDisruptionBudget = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { selector: { matchLabels: labels }, ...spec },
  }
  return budget
}

export function podOf(name: string, owner?: KubeObject): Pod {
  const reference = owner && {
    ...{ apiVersion: owner.apiVersion, kind: owner.kind, name: owner.metadata.name, uid: owner.metadata.uid ?? '' },
    controller: true,
  }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels, ...(reference && { ownerReferences: [reference] }) },
    spec: { containers: [{ name: 'main', image: 'web:1' }] },
  }
}

export interface Plane extends ControlPlane {
  /** Creates a ReplicaSet that nobody acts on. */
  replicaSet(name: string, replicas: number, metadata?: Partial<ReplicaSet['metadata']>): Promise<ReplicaSet>
  /** Creates a Pod that runs, and is ready unless said otherwise. */
  run(name: string, owner?: KubeObject, ready?: boolean): Promise<void>
  setReady(name: string, ready: boolean): Promise<void>
  evict(name: string): Promise<void>
  status(name?: string): Promise<PodDisruptionBudgetStatus>
  /** [currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed] once everything is quiet. */
  counts(name?: string): Promise<(number | undefined)[]>
}

export async function plane(t: TestContext): Promise<Plane> {
  const made = await controlPlane(t, [{ plugin }])
  const { client } = made
  const status = async (name = 'web') => {
    await made.quiet()
    return (await client.get(podDisruptionBudgets, 'default', name)).status ?? ({} as PodDisruptionBudgetStatus)
  }
  return {
    ...made,
    status,
    replicaSet: (name, replicas, metadata = {}) => makeReplicaSet(client, name, replicas, metadata),
    async run(name, owner, ready = true) {
      await client.create(pods, podOf(name, owner))
      await setReady(client, name, ready)
    },
    setReady: (name, ready) => setReady(client, name, ready),
    evict: (name) => evict(client, pods, name),
    async counts(name) {
      const { currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed } = await status(name)
      return [currentHealthy, desiredHealthy, expectedPods, disruptionsAllowed]
    },
  }
}

function makeReplicaSet(client: Client, name: string, replicas: number, metadata: Partial<ReplicaSet['metadata']>) {
  return client.create(replicaSets, {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name, namespace: 'default', ...metadata },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podOf('').spec } },
  })
}

async function setReady(client: Client, name: string, ready: boolean): Promise<void> {
  const pod = await client.get(pods, 'default', name)
  const changed = edit(pod, (draft) => {
    const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }]
    draft.status = { ...draft.status, phase: 'Running', conditions }
  })
  await client.updateStatus(pods, changed)
}

async function evict(client: Client, resource: ResourceRef, name: string): Promise<void> {
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: 'default' } }
  await client.createSubresource(resource, 'default', name, 'eviction', body)
}
