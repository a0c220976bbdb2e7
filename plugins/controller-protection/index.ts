import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { ClaimProtection } from './claims.js'
import { grants } from './grants.js'
import { VolumeProtection } from './volumes.js'

export default definePlugin({
  id: 'controller-protection',
  api: '^1.0',
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup() {
    return { provides: { controllers: [new ClaimProtection(), new VolumeProtection()], grants } }
  },
})
