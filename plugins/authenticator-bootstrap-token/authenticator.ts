import type { Authentication, Authenticator, Credentials } from '@davit/core/api'
import { type Clients, type Informer, secrets } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { Secret } from '@davit/core/kinds'
import { bootstrapVerdict } from './verdict.js'

const namespace = 'kube-system'
const form = /^([a-z0-9]{6})\.([a-z0-9]{16})$/

/** What a machine must read before it knows whom it may show its token: given away by a role, as to anybody. */
const clusterInfo = '/api/v1/namespaces/kube-public/configmaps/cluster-info'
const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Tokens "id.secret" that stand in Secrets of type `bootstrap.kubernetes.io/token`. */
export class BootstrapTokenAuthenticator implements Authenticator {
  readonly name = 'bootstrap-token'
  readonly #clients: Clients
  readonly #clock: Clock
  readonly #signal: AbortSignal
  #secrets: Informer<Secret> | undefined

  constructor(clients: Clients, clock: Clock, signal: AbortSignal) {
    this.#clients = clients
    this.#clock = clock
    this.#signal = signal
  }

  async authenticate({ token, path }: Credentials): Promise<Authentication> {
    if (path === clusterInfo) return anonymous
    const [, id, secret] = form.exec(token ?? '') ?? []
    if (id === undefined || secret === undefined) return undefined
    // Nothing is followed before the first node comes.
    this.#secrets ??= this.#clients.informer(secrets, { namespace })
    await this.#secrets.whenSynced(this.#signal)
    return bootstrapVerdict({ id, secret }, this.#secrets.get(namespace, `bootstrap-token-${id}`), this.#clock.now())
  }
}
