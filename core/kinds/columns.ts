/** What `kubectl get` shows of each kind: the columns, and the cells of one object. */
import { autoscalerTable } from './columns/autoscaler.js'
import { clusterTables } from './columns/cluster.js'
import { extensionTables } from './columns/extension.js'
import { printer } from './columns/format.js'
import { metricsTables } from './columns/metrics.js'
import { networkTables } from './columns/network.js'
import { podTable } from './columns/pod.js'
import { storageTables } from './columns/storage.js'
import { workloadTables } from './columns/workloads.js'
import type { KubeObject, ResourceKind, TableCell, TableColumn, TablePrinter } from './contract.js'

const tables: Readonly<Record<string, TablePrinter>> = {
  ...clusterTables,
  ...extensionTables,
  ...metricsTables,
  ...networkTables,
  ...storageTables,
  ...workloadTables,
  '/Pod': podTable,
  'autoscaling/HorizontalPodAutoscaler': autoscalerTable,
}

const plain: TablePrinter = printer<KubeObject>('Name,Created At', ({ metadata }) => [
  metadata.name,
  metadata.creationTimestamp ?? '<unknown>',
])

/** The same array for the same kind, always. */
export function tableColumns(kind: ResourceKind): readonly TableColumn[] {
  return printerOf(kind).columns
}

/** `now` in milliseconds since 1970: ages are counted up to it. */
export function tableRow(kind: ResourceKind, object: KubeObject, now: number): TableCell[] {
  return printerOf(kind).row(object, now)
}

function printerOf(kind: ResourceKind): TablePrinter {
  if (kind.table !== undefined) return kind.table
  const key = `${kind.group}/${kind.kind}`
  return (Object.hasOwn(tables, key) ? tables[key] : undefined) ?? plain
}
