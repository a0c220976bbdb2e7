import { ClientsToken } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { PersistentVolumeToken, VolumeToken } from '@davit/core/node'
import { csiConfig } from './config.js'
import { CsiPlugin } from './plugin.js'

export default definePlugin({
  id: 'volume-csi',
  api: '^1.0',
  stage: 'node',
  requires: { clients: ClientsToken },
  provides: { persistent: PersistentVolumeToken, inline: VolumeToken },
  config: csiConfig,
  async setup(context, { clients }) {
    const plugin = new CsiPlugin({ ...context, clients })
    context.defer(() => plugin.close())
    return { provides: { persistent: plugin.persistent, inline: plugin.inline } }
  },
})
