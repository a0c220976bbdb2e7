import { definePlugin } from '../../kernel/contract.js'
import { PersistentVolumeToken, VolumeToken } from '../contract.js'
import { configMapVolumes, downwardVolumes, projectedVolumes, secretVolumes } from './api-volumes.js'
import { claimVolumes } from './claim-volumes.js'
import { emptyDirVolumes, hostPathVolumes } from './host-volumes.js'

/** The kinds of volume that need nothing but the API and the node's file system. */
export const nodeVolumes = definePlugin({
  id: 'node-volumes',
  api: '^1.0',
  requires: { persistent: PersistentVolumeToken },
  provides: { volumes: VolumeToken },
  async setup(_context, { persistent }) {
    const ofApi = [configMapVolumes, downwardVolumes, projectedVolumes, secretVolumes]
    const volumes = [...ofApi, emptyDirVolumes, hostPathVolumes, ...claimVolumes(() => persistent.all())]
    return { provides: { volumes } }
  },
})
