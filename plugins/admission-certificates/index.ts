import { ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import type { CertificateSigningRequest } from '@davit/core/kinds'
import { decisionOf, denialFor, isSigningRequest, nameRequester, subjectDenial } from './certificates.js'

export default definePlugin({
  id: 'admission-certificates',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    const { authorize } = hooks
    context.tap(hooks.mutate, (object, request) => {
      if (!isSigningRequest(request) || request.operation !== 'CREATE' || request.subresource !== '') return undefined
      return nameRequester(object as CertificateSigningRequest, request.user)
    })
    context.tap(hooks.validate, (request) => {
      if (!isSigningRequest(request)) return undefined
      if (request.operation === 'CREATE' && request.subresource === '') return subjectDenial(request)
      const verb = decisionOf(request)
      return verb === undefined ? undefined : denialFor(request, verb, authorize)
    })
    return {}
  },
})
