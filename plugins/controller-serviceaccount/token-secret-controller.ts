import type { TokenIssuer } from '@davit/core/api'
import { type Client, type Informer, isConflict, isNotFound, secrets, serviceAccounts } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { Secret, ServiceAccount } from '@davit/core/kinds'
import { accountOf, filled, isFilled, nameAnnotation, tokenSecretType, uidAnnotation } from './token-secret.js'

const byAccount = 'service-account'

/**
 * Fills in the Secrets by which somebody asks for a token that does not end, and removes them with their account. Keys are
 * "namespace/name" of Secrets.
 */
export class TokenSecretController implements Controller {
  readonly name = 'serviceaccount-token'
  readonly watches = [
    watchOf(secrets, (secret, { deleted }) => (deleted || secret.type !== tokenSecretType ? [] : [namespacedKey(secret)])),
    watchOf(serviceAccounts, (account) => (this.#secrets?.byIndex(byAccount, namespacedKey(account)) ?? []).map(namespacedKey)),
  ]
  readonly #issuer: TokenIssuer
  readonly #ca: string | undefined
  #secrets: Informer<Secret> | undefined
  #accounts: Informer<ServiceAccount> | undefined

  /** `ca`: PEM by which clients know the API; absent where no server is. */
  constructor(issuer: TokenIssuer, ca: string | undefined) {
    this.#issuer = issuer
    this.#ca = ca
  }

  start(host: ControllerHost): void {
    this.#secrets = host.informer(secrets)
    this.#secrets.index(byAccount, (secret) => (secret.type === tokenSecretType ? [accountOf(secret)] : []))
    this.#accounts = host.informer(serviceAccounts)
  }

  async reconcile(key: string, { client, cause }: ReconcileContext): Promise<undefined> {
    const { namespace, name } = splitKey(key)
    const secret = this.#secrets?.get(namespace, name)
    if (secret?.type !== tokenSecretType || secret.metadata.deletionTimestamp) return
    const account = await this.#account(client, namespace, secret)
    try {
      if (!account) {
        const { uid, resourceVersion } = secret.metadata
        const preconditions = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) }
        await client.delete(secrets, namespace, name, { cause, preconditions })
      } else if (!isFilled(secret, account, this.#ca)) {
        await client.update(secrets, await filled(secret, account, this.#issuer, this.#ca), { cause })
      }
    } catch (error) {
      // Gone, or another one by now: that wakes this controller, if there is anything left to do.
      if (!isNotFound(error) && !isConflict(error)) throw error
    }
  }

  /** The account that the Secret is for; undefined: it is gone. The informer may not have heard yet of a new one. */
  async #account(client: Client, namespace: string, { metadata }: Secret): Promise<ServiceAccount | undefined> {
    const name = metadata.annotations?.[nameAnnotation] ?? ''
    const uid = metadata.annotations?.[uidAnnotation]
    const isIt = (account: ServiceAccount | undefined) =>
      account && (uid === undefined || uid === '' || account.metadata.uid === uid)
    const known = this.#accounts?.get(namespace, name)
    if (isIt(known)) return known
    const found = await client.get(serviceAccounts, namespace, name).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
      return undefined
    })
    return isIt(found) ? found : undefined
  }
}
