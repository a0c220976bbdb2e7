/** What runs while all goes wrong, and how it is when it is well. */
import {
  daemonSets,
  deployments,
  jobs,
  podDisruptionBudgets,
  pods,
  type ResourceRef,
  replicaSets,
  statefulSets,
} from '@davit/core/client'
import { controllerOf, isPodReady } from '@davit/core/controller'
import type { ObjectMeta, Pod, PodTemplateSpec } from '@davit/core/kinds'
import type { ChaosCluster } from './cluster.js'
import type { Promises } from './observer.js'

export interface Scaled {
  readonly name: string
  readonly kind: 'Deployment' | 'StatefulSet'
  readonly maxUnavailable: number
  readonly maxSurge: number
}

export const scaled: readonly Scaled[] = [
  { name: 'web', kind: 'Deployment', maxUnavailable: 1, maxSurge: 2 },
  { name: 'api', kind: 'Deployment', maxUnavailable: 1, maxSurge: 0 },
  { name: 'edge', kind: 'Deployment', maxUnavailable: 0, maxSurge: 1 },
  { name: 'db', kind: 'StatefulSet', maxUnavailable: 1, maxSurge: 0 },
  // As in Kubernetes, a set that is not ordered looks only at Pods of higher numbers before it takes the next.
  { name: 'cache', kind: 'StatefulSet', maxUnavailable: Number.POSITIVE_INFINITY, maxSurge: 0 },
]

export function promisesOf({ maxUnavailable, maxSurge }: Scaled, replicas: number): Promises {
  return { least: replicas - maxUnavailable, budget: replicas - 1, most: replicas + maxSurge }
}

/** `annotations` say how its containers behave. */
export function template(app: string, version: number, annotations: Record<string, string> = {}): PodTemplateSpec {
  return {
    metadata: { labels: { app }, annotations } as unknown as ObjectMeta,
    spec: { containers: [{ name: 'main', image: `${app}:${version}` }], terminationGracePeriodSeconds: 1 },
  }
}

export async function createAll({ client, observer }: ChaosCluster, replicas: number): Promise<void> {
  const namespace = 'default'
  for (const one of scaled) {
    const { name, kind, maxUnavailable, maxSurge } = one
    observer.promise(name, promisesOf(one, replicas))
    const common = { replicas, selector: { matchLabels: { app: name } }, template: template(name, 1) }
    const metadata = { name, namespace }
    if (kind === 'Deployment') {
      const spec = { ...common, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable, maxSurge } } }
      await client.create(deployments, { apiVersion: 'apps/v1', kind, metadata, spec })
    } else {
      const podManagementPolicy = name === 'cache' ? 'Parallel' : 'OrderedReady'
      await client.create(statefulSets, { apiVersion: 'apps/v1', kind, metadata, spec: { ...common, podManagementPolicy } })
    }
    const budget = { selector: { matchLabels: { app: name } }, maxUnavailable: 1 }
    await client.create(podDisruptionBudgets, { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata, spec: budget })
  }
  const spec = { selector: { matchLabels: { app: 'agent' } }, template: template('agent', 1) }
  await client.create(daemonSets, { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'agent', namespace }, spec })
}

export const completions = 4
export const parallelism = 2

/** Ends after all, however often it is killed. */
export async function createJob({ client, observer }: ChaosCluster, name: string, runMs: number): Promise<void> {
  const { metadata, spec } = template(name, 1, { 'hollow.davit.dev/run-ms': String(runMs), 'hollow.davit.dev/exit-code': '0' })
  const made = { metadata, spec: { ...spec, restartPolicy: 'Never' } } as PodTemplateSpec
  observer.promise(name, { least: 0, budget: 0, most: parallelism })
  await client.create(jobs, {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace: 'default' },
    spec: { completions, parallelism, backoffLimit: 10_000, template: made },
  })
}

/** What is not as it should be; empty when all is well. */
export async function unwell({ client }: Pick<ChaosCluster, 'client'>): Promise<string[]> {
  const wrong: string[] = []
  const check = (what: string, counts: readonly (number | undefined)[], generation: readonly (number | undefined)[]) => {
    if (new Set(counts.map((count) => count ?? 0)).size > 1) wrong.push(`${what} has ${counts.map((count) => count ?? 0)}`)
    if (generation[0] !== generation[1]) wrong.push(`${what} was not looked at`)
  }
  for (const { metadata, spec, status = {} } of (await client.list(deployments)).items) {
    const { replicas, updatedReplicas, availableReplicas } = status
    check(
      metadata.name,
      [spec.replicas, replicas, updatedReplicas, availableReplicas],
      [metadata.generation, status.observedGeneration],
    )
  }
  for (const { metadata, spec, status } of (await client.list(statefulSets)).items) {
    const counts = [spec.replicas, status?.replicas, status?.updatedReplicas, status?.availableReplicas]
    check(metadata.name, counts, [metadata.generation, status?.observedGeneration])
  }
  for (const { metadata, status } of (await client.list(daemonSets)).items) {
    const counts = [status?.desiredNumberScheduled, status?.updatedNumberScheduled, status?.numberAvailable]
    check(metadata.name, counts, [metadata.generation, status?.observedGeneration])
  }
  for (const { metadata, status } of (await client.list(jobs)).items) {
    if (!status?.conditions?.some(({ type }) => type === 'Complete')) wrong.push(`${metadata.name} is not complete`)
  }
  for (const pod of (await client.list(pods)).items) {
    const { name, deletionTimestamp } = pod.metadata
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (deletionTimestamp || (!over && !isPodReady(pod))) wrong.push(`${name} is ${deletionTimestamp ? 'going' : 'not ready'}`)
  }
  return wrong
}

/** All Pods; every one of them has its owner, and every ReplicaSet too. */
export async function ownedPods({ client }: Pick<ChaosCluster, 'client'>): Promise<readonly Pod[]> {
  const owners: readonly ResourceRef[] = [deployments, replicaSets, statefulSets, daemonSets, jobs]
  const lists = await Promise.all(owners.map((resource) => client.list(resource)))
  const uids = new Set(lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.uid ?? '')))
  const all = (await client.list(pods)).items
  const orphans = [...all, ...(await client.list(replicaSets)).items].filter(
    (object) => !uids.has(controllerOf(object)?.uid ?? ''),
  )
  if (orphans.length > 0) throw new Error(`without an owner: ${orphans.map(({ kind, metadata }) => `${kind} ${metadata.name}`)}`)
  return all
}
