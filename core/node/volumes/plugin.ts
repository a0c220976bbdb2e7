import { definePlugin } from '../../kernel/contract.js'
import { VolumeToken } from '../contract.js'
import { configMapVolumes, downwardVolumes, projectedVolumes, secretVolumes } from './api-volumes.js'
import { emptyDirVolumes, hostPathVolumes } from './host-volumes.js'

/** The kinds of volume that need nothing but the API and the node's file system. */
export const nodeVolumes = definePlugin({
  id: 'node-volumes',
  api: '^1.0',
  provides: { volumes: VolumeToken },
  async setup() {
    const volumes = [configMapVolumes, downwardVolumes, emptyDirVolumes, hostPathVolumes, projectedVolumes, secretVolumes]
    return { provides: { volumes } }
  },
})
