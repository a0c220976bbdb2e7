/** The two kinds that own Pods by number alone: what they share, and where each has it. */
import { type ResourceRef, replicaSets, replicationControllers } from '@davit/core/client'
import {
  type PodTemplateSpec,
  type ReplicaSet,
  type ReplicationController,
  type Selector,
  selectorFromObject,
} from '@davit/core/kinds'

export type Owner = ReplicaSet | ReplicationController

export interface OwnerKind<T extends Owner = Owner> {
  /** Of its controller: "replicaset". */
  readonly controller: string
  readonly kind: string
  readonly resource: ResourceRef<T>
  /** `undefined` where it says nothing, or everything: it then owns no Pods by selection. */
  selector(owner: T): Selector | undefined
}

/** What both kinds say in the same words. */
export interface ReplicaSpec {
  readonly replicas: number
  readonly minReadySeconds: number
  readonly template: PodTemplateSpec
}

export const replicaSetOwners: OwnerKind<ReplicaSet> = {
  controller: 'replicaset',
  kind: 'ReplicaSet',
  resource: replicaSets,
  selector: ({ spec }) => selective(selectorFromObject(spec.selector).value),
}

export const replicationControllerOwners: OwnerKind<ReplicationController> = {
  controller: 'replication',
  kind: 'ReplicationController',
  resource: replicationControllers,
  selector: ({ spec }) => selective(selectorFromObject(spec.selector).value),
}

export function replicaSpec({ spec }: Owner): ReplicaSpec {
  return { replicas: spec.replicas ?? 1, minReadySeconds: spec.minReadySeconds ?? 0, template: spec.template ?? {} }
}

function selective(selector: Selector | undefined): Selector | undefined {
  return selector === undefined || selector.everything ? undefined : selector
}
