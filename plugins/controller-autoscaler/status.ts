/** The status of an autoscaler while a sync changes it; written once, and only where it differs. */
import { type Client, horizontalPodAutoscalers, type WriteOptions } from '@davit/core/client'
import { timestamp } from '@davit/core/controller'
import {
  equalJson,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerCondition,
  type HorizontalPodAutoscalerStatus,
  type MetricStatus,
} from '@davit/core/kinds'

type ConditionType = 'AbleToScale' | 'ScalingActive' | 'ScalingLimited'

export class StatusDraft {
  readonly #hpa: HorizontalPodAutoscaler
  readonly #now: string
  #status: HorizontalPodAutoscalerStatus

  constructor(hpa: HorizontalPodAutoscaler, now: number) {
    this.#hpa = hpa
    this.#now = timestamp(now)
    this.#status = hpa.status ?? { currentReplicas: 0, desiredReplicas: 0 }
  }

  get desiredReplicas(): number {
    return this.#status.desiredReplicas
  }

  condition(type: ConditionType, isTrue: boolean, reason: string, message: string): void {
    const status = isTrue ? 'True' : 'False'
    const { conditions = [] } = this.#status
    const old = conditions.find((one) => one.type === type)
    const lastTransitionTime = old?.status === status ? old.lastTransitionTime : this.#now
    const made: HorizontalPodAutoscalerCondition = { type, status, lastTransitionTime, reason, message }
    const all = old ? conditions.map((one) => (one === old ? made : one)) : [...conditions, made]
    this.#status = { ...this.#status, conditions: all }
  }

  counted(current: number, desired: number, metrics: readonly MetricStatus[], rescaled: boolean): void {
    const { lastScaleTime = undefined, conditions = [] } = this.#status
    const scaled = rescaled ? this.#now : lastScaleTime
    this.#status = {
      ...(scaled === undefined ? {} : { lastScaleTime: scaled }),
      currentReplicas: current,
      desiredReplicas: desired,
      ...(metrics.length === 0 ? {} : { currentMetrics: [...metrics] }),
      conditions,
    }
  }

  async write(client: Client, options: WriteOptions): Promise<void> {
    if (equalJson(this.#status, this.#hpa.status)) return
    await client.updateStatus(horizontalPodAutoscalers, { ...this.#hpa, status: this.#status }, options)
  }
}
