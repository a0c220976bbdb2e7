/** The quality-of-service class of a pod: who goes first when a node runs out. */
import { compareQuantities } from '../quantity.js'
import type { Container, PodSpec } from '../types.js'

const COUNTED = ['cpu', 'memory'] as const

export function qosClass(spec: PodSpec): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let guaranteed = true
  let bestEffort = true
  for (const list of [spec.containers, spec.initContainers]) {
    for (const container of list ?? []) {
      if (COUNTED.some((name) => isSet(container, 'requests', name) || isSet(container, 'limits', name))) bestEffort = false
      if (!isGuaranteed(container)) guaranteed = false
    }
  }
  return bestEffort ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable'
}

function isSet(container: Container, list: 'requests' | 'limits', name: string): boolean {
  const value = container.resources?.[list]?.[name]
  return value !== undefined && compareQuantities(value, '0') > 0
}

function isGuaranteed(container: Container): boolean {
  return COUNTED.every((name) => {
    const limit = container.resources?.limits?.[name]
    const request = container.resources?.requests?.[name] ?? limit
    return (
      limit !== undefined && request !== undefined && isSet(container, 'limits', name) && compareQuantities(request, limit) === 0
    )
  })
}
