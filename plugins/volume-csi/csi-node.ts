/** What the cluster knows of a node's drivers: its CSINode, and labels and an annotation of its Node, as a kubelet has them. */
import { type Client, csiNodes, edit, isExists, isNotFound, nodes } from '@davit/core/client'
import type { CSINode, CSINodeDriver, Node } from '@davit/core/kinds'
import type { Driver } from './registry.js'

const nodeIdAnnotation = 'csi.volume.kubernetes.io/nodeid'

/** Throws where the Node is not there yet, or somebody else wrote in between: the caller tries again. */
export async function describeNode(client: Client, name: string, drivers: readonly Driver[]): Promise<void> {
  const node = await client.get(nodes, '', name)
  await writeNode(client, node, drivers)
  await writeCsiNode(client, node, drivers)
}

async function writeNode(client: Client, node: Node, drivers: readonly Driver[]): Promise<void> {
  const ids =
    drivers.length === 0 ? undefined : JSON.stringify(Object.fromEntries(drivers.map((each) => [each.name, each.info.nodeId])))
  const topology = Object.assign({}, ...drivers.map(({ info }) => info.accessibleTopology?.segments ?? {}))
  const { labels = {}, annotations = {} } = node.metadata
  const isCurrent = Object.entries(topology).every(([key, value]) => labels[key] === value)
  if (isCurrent && annotations[nodeIdAnnotation] === ids) return
  const changed = edit(node, (draft) => {
    draft.metadata.labels = { ...labels, ...topology }
    const { [nodeIdAnnotation]: _old, ...others } = annotations
    draft.metadata.annotations = ids === undefined ? others : { ...others, [nodeIdAnnotation]: ids }
  })
  await client.update(nodes, changed)
}

async function writeCsiNode(client: Client, node: Node, drivers: readonly Driver[]): Promise<void> {
  const wanted = drivers.map(nodeDriver).sort((a, b) => (a.name < b.name ? -1 : 1))
  const known = await client.get(csiNodes, '', node.metadata.name).catch(unlessMissing)
  if (!known) {
    if (wanted.length > 0) await client.create(csiNodes, csiNode(node, wanted)).catch(unlessExists)
    return
  }
  if (JSON.stringify(known.spec.drivers) === JSON.stringify(wanted)) return
  await client.update(
    csiNodes,
    edit(known, (draft) => {
      draft.spec.drivers = wanted
    }),
  )
}

function nodeDriver({ name, info }: Driver): CSINodeDriver {
  const { nodeId, maxVolumesPerNode, accessibleTopology } = info
  const topologyKeys = Object.keys(accessibleTopology?.segments ?? {}).sort()
  return {
    name,
    nodeID: nodeId,
    ...(topologyKeys.length > 0 && { topologyKeys }),
    ...(maxVolumesPerNode > 0 && { allocatable: { count: maxVolumesPerNode } }),
  }
}

function csiNode({ metadata: { name, uid = '' } }: Node, drivers: CSINodeDriver[]): CSINode {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'CSINode',
    metadata: { name, ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name, uid }] },
    spec: { drivers },
  }
}

function unlessMissing(error: unknown): undefined {
  if (!isNotFound(error)) throw error
  return undefined
}

/** Somebody was faster: what is there now is looked at again. */
function unlessExists(error: unknown): never {
  if (isExists(error)) throw new Error('the CSINode was made by somebody else just now')
  throw error
}
