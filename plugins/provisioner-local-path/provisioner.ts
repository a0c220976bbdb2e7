/** The control plane's side: says where a volume is to lie. Its node makes the folder when the first Pod comes. */
import { posix } from 'node:path'
import type { VolumeProvisioner } from '@davit/core/controller'
import type { Node } from '@davit/core/kinds'
import { volumesDirectoryAnnotation } from '@davit/core/node'
import { folderFinalizer, provisionerName } from './names.js'

const hostname = 'kubernetes.io/hostname'

export const localPathProvisioner: VolumeProvisioner = {
  name: provisionerName,
  async provision({ name, claim, storageClass, node }) {
    const { accessModes = [], volumeMode, resources } = claim.spec
    if (volumeMode === 'Block') return { refused: 'only volumes with a file system can be made' }
    const shared = accessModes.find((mode) => mode !== 'ReadWriteOnce' && mode !== 'ReadWriteOncePod')
    if (shared) return { refused: `a folder of one node cannot be ${shared}` }
    const parameter = Object.keys(storageClass.parameters ?? {})[0]
    if (parameter !== undefined) return { refused: `the parameter "${parameter}" is not known` }
    if (!node) return { refused: 'the class must have volumeBindingMode WaitForFirstConsumer: a folder needs a node' }
    const directory = node.metadata.annotations?.[volumesDirectoryAnnotation]
    if (directory === undefined) return { refused: `node "${node.metadata.name}" keeps no volumes`, elsewhere: true }
    return {
      spec: {
        capacity: { storage: resources?.requests?.storage ?? '0' },
        local: { path: posix.join(directory, name) },
        nodeAffinity: only(node),
      },
      finalizers: [folderFinalizer],
    }
  },
  // The finalizer holds the volume until its node has removed the folder.
  remove: async () => undefined,
  // Nothing keeps a folder from growing: the size is what was promised, not a limit.
  expand: async (_volume, size) => ({ size }),
}

function only({ metadata }: Node) {
  const values = [metadata.labels?.[hostname] ?? metadata.name]
  return { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: hostname, operator: 'In', values }] }] } }
}
