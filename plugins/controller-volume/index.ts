import { GrantToken } from '@davit/core/api'
import { ControllerToken, VolumeProvisionerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { VolumeBinder } from './binder.js'
import { EphemeralClaims } from './ephemeral.js'
import { VolumeExpansion } from './expansion.js'
import { grants } from './grants.js'

export default definePlugin({
  id: 'controller-volume',
  api: '^1.0',
  requires: { provisioners: VolumeProvisionerToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  async setup(context, { provisioners }) {
    const binder = new VolumeBinder(() => provisioners.all())
    context.defer(provisioners.onChange(() => binder.provisionersChanged()))
    const expansion = new VolumeExpansion(() => provisioners.all())
    return { provides: { controllers: [binder, expansion, new EphemeralClaims()], grants } }
  },
})
