/** Tables of metrics.k8s.io. */
import type { TablePrinter } from '../contract.js'
import { addQuantities, formatQuantity, parseQuantity } from '../quantity.js'
import type { NodeMetrics, PodMetrics } from '../types.js'
import { printer } from './format.js'

const columns = 'Name,cpu,memory,Window'

export const metricsTables: Readonly<Record<string, TablePrinter>> = {
  'metrics.k8s.io/NodeMetrics': printer<NodeMetrics>(columns, ({ metadata, usage, window }) => [
    metadata.name,
    usage.cpu ?? '',
    usage.memory ?? '',
    window,
  ]),
  'metrics.k8s.io/PodMetrics': printer<PodMetrics>(columns, ({ metadata, containers, window }) => [
    metadata.name,
    sum(containers.map(({ usage }) => usage.cpu)),
    sum(containers.map(({ usage }) => usage.memory)),
    window,
  ]),
}

function sum(texts: readonly (string | undefined)[]): string {
  const quantities = texts.map((text) => parseQuantity(text ?? '0').value).filter((quantity) => quantity !== undefined)
  const [first, ...rest] = quantities
  return first ? formatQuantity(rest.reduce(addQuantities, first)) : '0'
}
