/** For this plugin's tests: Deployments and ReplicaSets as they are stored. */
import type { RolloutSet, RolloutState, RolloutStep, RolloutStrategy } from '@davit/core/controller'
import type { Deployment, DeploymentSpec, DeploymentStatus, ObjectMeta, PodTemplateSpec, ReplicaSet } from '@davit/core/kinds'
import { desiredReplicasAnnotation, maxReplicasAnnotation, revisionAnnotation } from './annotations.js'
import { hashLabel } from './template-hash.js'

export const now = Date.UTC(2024, 0, 1)

/** `ago`: seconds before `now`. */
export function time(ago: number): string {
  return `${new Date(now - ago * 1000).toISOString().slice(0, 19)}Z`
}

export function template(image = 'web:1', labels: Record<string, string> = {}): PodTemplateSpec {
  return { metadata: { labels: { app: 'web', ...labels } }, spec: { containers: [{ name: 'main', image }] } }
}

export interface DeploymentTraits {
  readonly surge?: number | string
  readonly unavailable?: number | string
  readonly spec?: Partial<DeploymentSpec>
  readonly status?: DeploymentStatus
  readonly metadata?: Partial<ObjectMeta>
}

export function deployment(replicas: number, traits: DeploymentTraits = {}): Deployment {
  const { surge = '25%', unavailable = '25%', spec = {}, status, metadata = {} } = traits
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', uid: 'deployment', generation: 1, ...metadata },
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: template(),
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: surge, maxUnavailable: unavailable } },
      progressDeadlineSeconds: 600,
      revisionHistoryLimit: 10,
      ...spec,
    },
    ...(status && { status }),
  }
}

export interface SetTraits {
  /** Seconds since it was made. */
  readonly age?: number
  readonly image?: string
  /** Of the status; default: the size. */
  readonly pods?: number
  readonly ready?: number
  readonly available?: number
  readonly revision?: string
  /** The Deployment's size when it was sized. */
  readonly desired?: number
  readonly max?: number
  readonly metadata?: Partial<ObjectMeta>
  readonly failure?: string
}

export function replicaSet(name: string, size: number, traits: SetTraits = {}): ReplicaSet {
  const { age = 100, image = name, pods = size, available = pods, ready = available, revision, desired, max, failure } = traits
  const annotations = {
    ...(revision !== undefined && { [revisionAnnotation]: revision }),
    ...(desired !== undefined && { [desiredReplicasAnnotation]: String(desired) }),
    ...(max !== undefined && { [maxReplicasAnnotation]: String(max) }),
  }
  const conditions =
    failure === undefined ? [] : [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: failure }]
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      generation: 1,
      creationTimestamp: time(age),
      annotations,
      ...traits.metadata,
    },
    spec: { replicas: size, selector: {}, template: template(image, { [hashLabel]: name }) },
    status: { replicas: pods, readyReplicas: ready, availableReplicas: available, observedGeneration: 1, conditions },
  }
}

/** As a strategy sees it. */
export function seen(
  name: string,
  size: number,
  traits: { pods?: number; available?: number; unfinished?: number } = {},
): RolloutSet {
  const { pods = size, available = pods, unfinished = pods } = traits
  return { set: replicaSet(name, size, { pods, available }), name, size, pods, ready: available, available, unfinished }
}

export type State = Pick<RolloutState, 'replicas' | 'maxSurge' | 'maxUnavailable' | 'olds'> & { next?: RolloutSet | undefined }

export function step(strategy: RolloutStrategy, state: State): RolloutStep {
  return strategy.step({ deployment: deployment(state.replicas), now, ...state, next: state.next })
}
