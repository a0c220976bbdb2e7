/** Admission of Pods: the account that they run under, and what their programs need to speak to the API as it. */
import { ApiError } from '../client/contract.js'
import { type Clock, definePlugin } from '../kernel/contract.js'
import type { Pod, ServiceAccount } from '../kinds/contract.js'
import { StoreToken } from '../store/contract.js'
import { type ResourceCache, WatchCachesToken } from '../watch/contract.js'
import { type AdmissionDenial, type AdmissionRequest, ApiHooksToken } from './contract.js'
import { isNewPod } from './pod-admission.js'
import { mountToken, wantsToken } from './token-mount.js'

const defaultAccount = 'default'
const mirror = 'kubernetes.io/config.mirror'
/** How long the account `default` of a namespace that was made a moment ago is waited for. */
const patienceMs = 1500

export const serviceAccountAdmission = definePlugin({
  id: 'admission-service-account',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken, caches: WatchCachesToken, store: StoreToken },
  async setup(context, { hooks, caches, store }) {
    const accounts = new Accounts(caches.cache('', 'serviceaccounts'), () => store.current(), context.clock)
    const suffix = () => context.random.string(5)
    context.tap(hooks.mutate, (object, request) => {
      if (!isNewPod(request)) return undefined
      const pod = object as Pod
      // What else is missing, validation says.
      if (!pod.spec?.containers) return undefined
      if (pod.metadata.annotations?.[mirror] !== undefined) return checkMirror(request, pod)
      const name = nameAccount(pod)
      const known = accounts.known(request.namespace, name)
      if (known) return furnish(pod, known, suffix)
      return accounts.find(request, name).then((account) => furnish(pod, account, suffix))
    })
    // Whoever changed it on the way must have named one that is there.
    context.tap(hooks.validate, (request) => {
      const pod = request.object as Pod
      if (!isNewPod(request) || pod.metadata.annotations?.[mirror] !== undefined) return undefined
      const name = pod.spec.serviceAccountName ?? ''
      return accounts.known(request.namespace, name) ? undefined : missing(request, name)
    })
    return {}
  },
})

function missing({ namespace, name, kind }: AdmissionRequest, account: string): AdmissionDenial {
  const { code, reason, message } = ApiError.forbidden(kind, name, missingText(namespace, account)).status
  return { code, reason, message }
}

function missingText(namespace: string, name: string): string {
  return `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`
}

/** The old field mirrors the new one. */
function nameAccount({ spec }: Pod): string {
  const name = spec.serviceAccountName || spec.serviceAccount || defaultAccount
  spec.serviceAccountName = name
  spec.serviceAccount = name
  return name
}

function furnish({ spec }: Pod, account: ServiceAccount, suffix: () => string): undefined {
  if (wantsToken(spec, account)) mountToken(spec, suffix)
  const { imagePullSecrets = [] } = account
  if (!spec.imagePullSecrets?.length && imagePullSecrets.length > 0)
    spec.imagePullSecrets = imagePullSecrets.map((one) => ({ ...one }))
  return undefined
}

/** Runs whether or not the API wants it, so it may bring nothing of the API along; and it is stored as its node has it. */
function checkMirror(request: AdmissionRequest, { spec }: Pod): undefined {
  const refuse = (text: string): ApiError => ApiError.forbidden(request.kind, request.name, text)
  if (spec.serviceAccountName) throw refuse('a mirror pod may not reference service accounts')
  const volumes = spec.volumes ?? []
  const containers = [...(spec.initContainers ?? []), ...spec.containers]
  const environment = containers.some(
    ({ env = [], envFrom = [] }) =>
      env.some(({ valueFrom }) => valueFrom?.secretKeyRef) || envFrom.some(({ secretRef }) => secretRef),
  )
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? [])
  if (
    environment ||
    spec.imagePullSecrets?.length ||
    volumes.some(({ secret }) => secret) ||
    sources.some(({ secret }) => secret)
  ) {
    throw refuse('a mirror pod may not reference secrets')
  }
  if (sources.some(({ serviceAccountToken }) => serviceAccountToken)) {
    throw refuse('a mirror pod may not use ServiceAccountToken volume projections')
  }
  return undefined
}

/** The accounts, by the API's own cache. */
class Accounts {
  readonly #cache: ResourceCache
  readonly #current: () => Promise<number>
  readonly #clock: Clock
  /** Who waits for the account `default` of a namespace waits together. */
  readonly #waiting = new Map<string, Promise<void>>()

  constructor(cache: ResourceCache, current: () => Promise<number>, clock: Clock) {
    this.#cache = cache
    this.#current = current
    this.#clock = clock
  }

  known(namespace: string, name: string): ServiceAccount | undefined {
    return this.#cache.get(namespace, name)?.object as ServiceAccount | undefined
  }

  /** Only a miss asks whether the cache is behind. Rejects with 403 where there is no such account. */
  async find(request: AdmissionRequest, name: string): Promise<ServiceAccount> {
    const { namespace } = request
    await this.#cache.waitFor(await this.#current())
    if (!this.known(namespace, name) && name === defaultAccount) await this.#soon(namespace)
    const found = this.known(namespace, name)
    if (found) return found
    throw ApiError.forbidden(request.kind, request.name, missingText(namespace, name))
  }

  /** A controller makes it right after the namespace. Resolves when it is there, or not in time. */
  #soon(namespace: string): Promise<void> {
    let waiting = this.#waiting.get(namespace)
    if (!waiting) {
      waiting = this.#appears(namespace).finally(() => this.#waiting.delete(namespace))
      this.#waiting.set(namespace, waiting)
    }
    return waiting
  }

  #appears(namespace: string): Promise<void> {
    return new Promise((resolve) => {
      const finish = (): void => {
        timer.cancel()
        subscription.close()
        resolve()
      }
      const timer = this.#clock.setTimer(patienceMs, finish, { unref: true })
      const subscription = this.#cache.subscribe(
        { after: this.#cache.revision, namespace },
        {
          batch: () => {
            if (this.known(namespace, defaultAccount)) finish()
          },
          end: finish,
        },
      )
    })
  }
}
