/** Admission: nothing is made in a namespace that is missing or going, and three namespaces stay. */
import { ApiError } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { StoreToken } from '../store/contract.js'
import { WatchCachesToken } from '../watch/contract.js'
import { type AdmissionDenial, type AdmissionRequest, ApiHooksToken } from './contract.js'
import { textAt } from './tree.js'

const protectedNamespaces = new Set(['default', 'kube-system', 'kube-public'])
/** Before every other plugin: what fails here need not be looked at. */
const first = -1000

export const namespaceLifecycle = definePlugin({
  id: 'admission-namespace-lifecycle',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken, store: StoreToken },
  async setup(context, { hooks, caches, store }) {
    const namespaces = caches.cache('', 'namespaces')

    const present = async (name: string): Promise<ReturnType<typeof namespaces.get>> => {
      await namespaces.waitFor(await store.current())
      return namespaces.get('', name)
    }
    const check = (request: AdmissionRequest, namespace: ReturnType<typeof namespaces.get>): undefined => {
      if (!namespace) throw ApiError.notFound({ group: '', resource: 'namespaces' }, request.namespace)
      const { object } = namespace
      if (textAt(object, 'status', 'phase') === 'Terminating' || object.metadata.deletionTimestamp) throw terminating(request)
      return undefined
    }
    context.tap(
      hooks.mutate,
      (_object, request) => {
        if (request.operation !== 'CREATE' || request.namespace === '' || !request.kind.stored) return undefined
        const known = namespaces.get('', request.namespace)
        return known ? check(request, known) : present(request.namespace).then((namespace) => check(request, namespace))
      },
      { stage: first },
    )
    context.tap(hooks.validate, protect, { stage: first })
    return {}
  },
})

function protect(request: AdmissionRequest): AdmissionDenial | undefined {
  const { kind, operation, name, subresource } = request
  if (operation !== 'DELETE' || subresource !== '' || kind.group !== '' || kind.resource !== 'namespaces') return undefined
  if (!protectedNamespaces.has(name)) return undefined
  return { code: 403, reason: 'Forbidden', message: `namespaces "${name}" is forbidden: this namespace may not be deleted` }
}

function terminating({ kind, namespace, name }: AdmissionRequest): ApiError {
  const text = `unable to create new content in namespace ${namespace} because it is being terminated`
  const { message, details } = ApiError.forbidden(kind, name, text).status
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  }
  return ApiError.of('Forbidden', message, { ...details, causes: [cause] })
}
