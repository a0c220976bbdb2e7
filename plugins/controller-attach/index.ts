import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { VolumeAttachments } from './attachments.js'
import { grants } from './grants.js'

export default definePlugin({
  id: 'controller-attach',
  api: '^1.0',
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup() {
    return { provides: { controllers: new VolumeAttachments(), grants } }
  },
})
