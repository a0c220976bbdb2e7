/** How metrics.k8s.io writes what is used. */
import { timestamp } from '@davit/core/controller'
import { formatQuantity, type NodeMetrics, type PodMetrics } from '@davit/core/kinds'
import { type Rate, sumOf } from './rates.js'

type Labels = Readonly<Record<string, string>> | undefined

export function nodeMetrics(name: string, labels: Labels, rate: Rate): NodeMetrics {
  return {
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name, creationTimestamp: timestamp(rate.at), ...(labels && { labels }) },
    ...measured(rate),
    usage: usageOf(rate),
  }
}

export function podMetrics(namespace: string, name: string, labels: Labels, containers: ReadonlyMap<string, Rate>): PodMetrics {
  const rates = [...containers.values()]
  const all = sumOf(rates, Number.POSITIVE_INFINITY, { shortestMs: 0, longestMs: 0 })
  return {
    kind: 'PodMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata: { name, namespace, creationTimestamp: timestamp(all.at), ...(labels && { labels }) },
    ...measured(all),
    containers: [...containers].map(([container, rate]) => ({ name: container, usage: usageOf(rate) })),
  }
}

function measured({ at, windowMs }: Rate) {
  return { timestamp: timestamp(at), window: durationText(windowMs) }
}

function usageOf({ nanocores, memoryBytes }: Rate) {
  return {
    cpu: formatQuantity({ nano: BigInt(nanocores), format: 'DecimalSI' }),
    memory: formatQuantity({ nano: BigInt(memoryBytes) * 1_000_000_000n, format: 'BinarySI' }),
  }
}

/** As clients in Go read it: "1m2.5s". */
export function durationText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  const seconds = `${(Math.round(milliseconds) - minutes * 60_000) / 1000}s`
  return minutes === 0 ? seconds : `${minutes}m${seconds}`
}
