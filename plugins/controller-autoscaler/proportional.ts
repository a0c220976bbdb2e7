/** Kubernetes' formula: as many more or fewer Pods as the metric is above or below its target. Pure. */
import type { MeasuredPod, MeasuredPods, MeasuredTotal, ReplicaFormula, ReplicaRequest } from '@davit/core/controller'
import { isWithin, ratioOf, type Sample } from './ratio.js'

export const proportional: ReplicaFormula = {
  name: 'Proportional',
  replicas(request) {
    const { measured } = request
    return measured.type === 'pods' ? byPods(request, measured) : byTotal(request, measured)
  },
}

function byPods({ replicas, tolerance }: ReplicaRequest, measured: MeasuredPods): number {
  const of = (state: MeasuredPod['state']): readonly MeasuredPod[] => measured.pods.filter((pod) => pod.state === state)
  const [ready, unready, missing] = [of('ready'), of('unready'), of('missing')]
  const ratio = ratioOf(ready, measured)?.ratio ?? 1
  const growsWithUnready = unready.length > 0 && ratio > 1
  if (!growsWithUnready && missing.length === 0) {
    return isWithin(ratio, tolerance) ? replicas : Math.ceil(ratio * ready.length)
  }
  // What is not known is taken for what holds the change back: as idle before more are made, as busy before some go.
  const samples = [...ready, ...assumed(missing, ratio, measured), ...(growsWithUnready ? unready.map(idle) : [])]
  const assumedRatio = ratioOf(samples, measured)?.ratio ?? 1
  const turned = (ratio < 1 && assumedRatio > 1) || (ratio > 1 && assumedRatio < 1)
  if (isWithin(assumedRatio, tolerance) || turned) return replicas
  const wanted = Math.ceil(assumedRatio * samples.length)
  const against = (assumedRatio < 1 && wanted > replicas) || (assumedRatio > 1 && wanted < replicas)
  return against ? replicas : wanted
}

function assumed(missing: readonly MeasuredPod[], ratio: number, { unit, target }: MeasuredPods): readonly Sample[] {
  if (ratio < 1) return missing.map((pod) => ({ request: pod.request, value: unit === 'milli' ? target : full(pod, target) }))
  return unit === 'milli' || ratio > 1 ? missing.map(idle) : []
}

const idle = ({ request }: MeasuredPod): Sample => ({ request, value: 0 })
/** All that it requests, or more where more than that is the target. */
const full = ({ request }: MeasuredPod, target: number): number => Math.trunc((request * Math.max(100, target)) / 100)

function byTotal(request: ReplicaRequest, { value, target, perPod, readyPods }: MeasuredTotal): number {
  const { replicas, observedReplicas, tolerance } = request
  if (perPod) {
    return isWithin(value / (target * observedReplicas), tolerance) ? observedReplicas : Math.ceil(value / target)
  }
  const ratio = value / target
  if (replicas === 0) return Math.ceil(ratio)
  return isWithin(ratio, tolerance) ? replicas : Math.ceil(ratio * readyPods)
}
