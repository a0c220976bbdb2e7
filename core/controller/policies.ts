/** Policies that controllers ask: who goes when there are too many, how a new template replaces the old, when to try again. */
import type { Token } from '../kernel/contract.js'
import { many, one } from '../kernel/contract.js'
import type { Deployment, HorizontalPodAutoscaler, Job, KubeObject, MetricSpec, Pod, ReplicaSet } from '../kinds/contract.js'

// ---------------------------------------------------------------------------------------------------- victim choice

/**
 * Which Pods go when a ReplicaSet or ReplicationController has too many. The first contribution (by plugin id) that
 * has an opinion is followed; where none has, Kubernetes' order holds.
 */
export const VictimChoiceToken: Token<VictimChoice, 'many'> = many<VictimChoice>('controller.victim-choice/v1')

export interface VictimChoice {
  /** "keep-warm-caches"; stands in the cause of the deletions. */
  readonly name: string
  /**
   * The candidates in the order in which they are to go; `undefined`: no opinion on this owner. Called once for each
   * reconcile that deletes; pure and synchronous. Naming something that is no candidate, or too few of them, is a bug
   * of the policy: nothing is deleted, and the owner shows the error.
   */
  rank(request: VictimRequest): readonly Pod[] | undefined
}
export interface VictimRequest {
  /** The ReplicaSet or ReplicationController. */
  readonly owner: KubeObject
  /** Its Pods that are neither finished nor on their way out. */
  readonly candidates: readonly Pod[]
  /** How many have to go; at least 1, at most all. */
  readonly count: number
  /** Pods of the same application by node, those of its other ReplicaSets included. */
  readonly podsOnNode: ReadonlyMap<string, number>
  /** Milliseconds since 1970. */
  readonly now: number
}

// -------------------------------------------------------------------------------------------------- rollout strategy

/**
 * How a Deployment comes from old ReplicaSets to the one of its present template. Chosen by name: the annotation
 * `rollout.davit.dev/strategy` where the Deployment has it, else `spec.strategy.type`. A name that nobody contributes
 * stops the roll-out with a Warning; it never falls back to another strategy.
 */
export const RolloutStrategyToken: Token<RolloutStrategy, 'many'> = many<RolloutStrategy>('controller.rollout-strategy/v1')
export const rolloutStrategyAnnotation = 'rollout.davit.dev/strategy'

export interface RolloutStrategy {
  /** "RollingUpdate"; the first by plugin id holds where two have the same. */
  readonly name: string
  /**
   * The next step from the present state. Pure and synchronous; called whenever something about the Deployment or its
   * ReplicaSets changed, and again after each step. It must come to rest: where nothing is to be done now, it answers
   * with the sizes as they are. Not called while the Deployment is paused or being scaled.
   */
  step(state: RolloutState): RolloutStep
}
export interface RolloutState {
  readonly deployment: Deployment
  /** `spec.replicas`. */
  readonly replicas: number
  /** `spec.strategy.rollingUpdate` worked out for `replicas`, as Kubernetes rounds; both 0 without one. */
  readonly maxSurge: number
  readonly maxUnavailable: number
  /** The ReplicaSet of the present template, once it is made. */
  readonly next: RolloutSet | undefined
  /** All others, oldest first. */
  readonly olds: readonly RolloutSet[]
  /** Milliseconds since 1970. */
  readonly now: number
}
export interface RolloutSet {
  readonly set: ReplicaSet
  readonly name: string
  /** Wanted: `spec.replicas`. */
  readonly size: number
  /** Counted by its controller: `status.replicas`. */
  readonly pods: number
  readonly ready: number
  readonly available: number
  /** Pods that still use a node, those on their way out included. */
  readonly unfinished: number
}
export interface RolloutStep {
  /** Size for the ReplicaSet of the present template, which is made if it is missing; absent: leave it as it is. */
  readonly next?: number
  /** New sizes of others by name; those that are not named keep theirs. */
  readonly olds?: Readonly<Record<string, number>>
  /** For steps that depend on time: call again after so long if nothing changes before. */
  readonly requeueAfterMs?: number
}

// ----------------------------------------------------------------------------------------------------- job back-off

/**
 * How long a Job waits after a failed Pod before it makes the next. Nobody need provide it: without one Kubernetes'
 * formula holds, 10 s that double with each failure up to 10 min.
 */
export const JobBackOffToken: Token<JobBackOff, 'one'> = one<JobBackOff>('controller.job-back-off/v1')

export interface JobBackOff {
  /**
   * Milliseconds from the last failure to the next Pod; 0: at once. Pure and synchronous; called for each reconcile of a
   * Job that lacks Pods after a failure, for a Job with `backoffLimitPerIndex` once for each index that waits. A negative
   * answer, or one that is no number, is a bug of the policy: no Pod is made, and the log of the controller says why.
   */
  delayMs(request: JobBackOffRequest): number
}
export interface JobBackOffRequest {
  readonly job: Job
  /** Failures since the last success, of this index where each has its own limit; at least 1. */
  readonly failures: number
  /** Absent where the failures of all indexes count together. */
  readonly index?: number
}

// -------------------------------------------------------------------------------------------------- replica formula

/**
 * How many replicas one metric of a HorizontalPodAutoscaler asks for. Chosen by name: the annotation
 * `autoscaling.davit.dev/formula` of the autoscaler, without it `Proportional`, Kubernetes' own. A name that nobody
 * contributes stops the scaling with a condition and a Warning; it never falls back to another formula. What the formulas
 * of all metrics answer goes on as in Kubernetes: the greatest counts, then `behavior`, minReplicas and maxReplicas.
 */
export const ReplicaFormulaToken: Token<ReplicaFormula, 'many'> = many<ReplicaFormula>('controller.replica-formula/v1')
export const replicaFormulaAnnotation = 'autoscaling.davit.dev/formula'

export interface ReplicaFormula {
  /** "Proportional"; the first by plugin id holds where two have the same. */
  readonly name: string
  /**
   * A whole number that is not negative; anything else is a bug of the formula: nothing is scaled, and the autoscaler shows
   * the error. Pure and synchronous; called for each metric that could be read, once for each sync.
   */
  replicas(request: ReplicaRequest): number
}
export interface ReplicaRequest {
  readonly autoscaler: HorizontalPodAutoscaler
  /** One of its `spec.metrics`. */
  readonly metric: MetricSpec
  /** Wanted now: `spec.replicas` of the scale. */
  readonly replicas: number
  /** Counted by the workload's controller: `status.replicas` of the scale. */
  readonly observedReplicas: number
  readonly measured: MeasuredPods | MeasuredTotal
  /** Of the controller's configuration: deviations of the target up to this share are none. */
  readonly tolerance: number
  /** Milliseconds since 1970. */
  readonly now: number
}
/** Of metrics of type Resource, ContainerResource and Pods. */
export interface MeasuredPods {
  readonly type: 'pods'
  /** Those of the workload, without the failed ones and those on their way out; at least one is ready. */
  readonly pods: readonly MeasuredPod[]
  /** `percent`: of the requests; `milli`: the average of all, in thousandths. */
  readonly unit: 'percent' | 'milli'
  readonly target: number
}
export interface MeasuredPod {
  readonly name: string
  /**
   * `unready`: pending, or what it uses says nothing about its work yet (CPU while it starts). `missing`: it runs, and
   * nothing was measured.
   */
  readonly state: 'ready' | 'unready' | 'missing'
  /** In thousandths; 0 unless ready. */
  readonly value: number
  /** What it requests of the resource, in thousandths; 0 where `unit` is not percent. */
  readonly request: number
}
/** Of metrics of type Object and External. */
export interface MeasuredTotal {
  readonly type: 'total'
  /** In thousandths, as is `target`. */
  readonly value: number
  readonly target: number
  /** The target is one for each Pod. */
  readonly perPod: boolean
  readonly readyPods: number
}
