/** What all metrics of an autoscaler together ask for. */
import { type MeasuredPods, type MeasuredTotal, type ReplicaFormula, replicaFormulaAnnotation } from '@davit/core/controller'
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from '@davit/core/kinds'
import { MetricFailure, measure, type Question } from './measure.js'
import { messageOf } from './metric-error.js'
import { proportional } from './proportional.js'

export interface Recommendation {
  /** Undefined: nothing is to be scaled now. */
  readonly replicas: number | undefined
  /** The metric that asks for the most. */
  readonly description: string
  /** One for each metric; without a type where it could not be read. */
  readonly statuses: readonly MetricStatus[]
  readonly failures: readonly MetricFailure[]
}
type Proposal =
  | { readonly status: MetricStatus; readonly replicas: number; readonly description: string }
  | { readonly status: MetricStatus; readonly failure: MetricFailure }

/**
 * The greatest number counts. Where a metric says nothing, others may still add Pods, but none may take some away: that
 * metric could be the one that needs them.
 */
export async function recommend(
  hpa: HorizontalPodAutoscaler,
  question: Question,
  formulas: readonly ReplicaFormula[],
): Promise<Recommendation> {
  const { metrics = [] } = hpa.spec
  const proposals: Proposal[] = []
  for (const metric of metrics) proposals.push(await propose(hpa, question, formulas, metric))
  const failures = proposals.flatMap((proposal) => ('failure' in proposal ? [proposal.failure] : []))
  let [replicas, description] = [0, '']
  for (const proposal of proposals) {
    if ('failure' in proposal || (replicas !== 0 && proposal.replicas <= replicas)) continue
    replicas = proposal.replicas
    description = proposal.description
  }
  const isUnsure = failures.length >= metrics.length || (failures.length > 0 && replicas < question.replicas)
  const statuses = proposals.map(({ status }) => status)
  return { replicas: isUnsure ? undefined : replicas, description, statuses, failures }
}

async function propose(
  hpa: HorizontalPodAutoscaler,
  question: Question,
  formulas: readonly ReplicaFormula[],
  metric: MetricSpec,
): Promise<Proposal> {
  let status: MetricStatus = { type: '' }
  try {
    const { measured, description, status: read } = await measure(question, metric)
    status = read
    return { status, description, replicas: byFormula(hpa, question, formulas, metric, measured) }
  } catch (error) {
    if (error instanceof MetricFailure) return { status, failure: error }
    throw error
  }
}

function byFormula(
  autoscaler: HorizontalPodAutoscaler,
  { replicas, observedReplicas, config: { tolerance }, now }: Question,
  formulas: readonly ReplicaFormula[],
  metric: MetricSpec,
  measured: MeasuredPods | MeasuredTotal,
): number {
  const name = autoscaler.metadata.annotations?.[replicaFormulaAnnotation] ?? proportional.name
  const formula = formulas.find((one) => one.name === name)
  if (!formula) throw failure('FormulaNotFound', `no plugin provides the replica formula "${name}"`)
  let answer: number
  try {
    answer = formula.replicas({ autoscaler, metric, replicas, observedReplicas, measured, tolerance, now })
  } catch (error) {
    throw failure('FormulaFailed', `the replica formula "${name}" failed: ${messageOf(error)}`)
  }
  if (Number.isSafeInteger(answer) && answer >= 0) return answer
  throw failure('FormulaFailed', `the replica formula "${name}" answered ${answer}, which is no number of replicas`)
}

const failure = (reason: string, text: string): MetricFailure => new MetricFailure(reason, text, text)
