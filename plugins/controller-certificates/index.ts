import { ApiHooksToken, CertificateSignerToken, GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { certificatesConfig } from './config.js'
import { grants } from './grants.js'
import { CertificateReconciler } from './reconciler.js'

export default definePlugin({
  id: 'controller-certificates',
  api: '^1.0',
  requires: { signer: CertificateSignerToken, hooks: ApiHooksToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: certificatesConfig,
  async setup({ config }, { signer, hooks }) {
    const { authorize } = hooks
    const longestMs = config.lifetimeDays * 86_400_000
    return { provides: { controllers: [new CertificateReconciler({ signer, authorize, longestMs })], grants } }
  },
})
