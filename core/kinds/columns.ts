/** What `kubectl get` shows of each kind: the columns, and the cells of one object. */
import { autoscalerTable, scaleTable } from './columns/autoscaler.js'
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
  'autoscaling/Scale': scaleTable,
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

/** Of what is stored nowhere only some has columns: reviews have none. */
export function hasColumns(kind: ResourceKind): boolean {
  return kind.stored || ownPrinter(kind) !== undefined
}

function printerOf(kind: ResourceKind): TablePrinter {
  return ownPrinter(kind) ?? plain
}

function ownPrinter(kind: ResourceKind): TablePrinter | undefined {
  const key = `${kind.group}/${kind.kind}`
  return kind.table ?? (Object.hasOwn(tables, key) ? tables[key] : undefined)
}
