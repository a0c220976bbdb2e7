import { type Informer, isExists, namespaces, serviceAccounts } from '@davit/core/client'
import { type Controller, type ControllerHost, isNamespaceGoing, type ReconcileContext, watchOf } from '@davit/core/controller'
import type { Namespace, ServiceAccount } from '@davit/core/kinds'

const accountName = 'default'

/** Gives every namespace the account that its Pods run under where they name no other. Keys are namespaces. */
export class ServiceAccountController implements Controller {
  readonly name = 'serviceaccount'
  readonly watches = [
    watchOf(namespaces, (namespace, { old, deleted }) => (old || deleted ? [] : [namespace.metadata.name])),
    watchOf(serviceAccounts, ({ metadata: { name, namespace = '' } }, { deleted }) =>
      deleted && name === accountName ? [namespace] : [],
    ),
  ]
  #namespaces: Informer<Namespace> | undefined
  #accounts: Informer<ServiceAccount> | undefined

  start(host: ControllerHost): void {
    this.#namespaces = host.informer(namespaces)
    this.#accounts = host.informer(serviceAccounts)
  }

  async reconcile(key: string, { client, cause }: ReconcileContext): Promise<undefined> {
    const namespace = this.#namespaces?.get('', key)
    if (!namespace || namespace.metadata.deletionTimestamp || this.#accounts?.get(key, accountName)) return
    const metadata = { name: accountName, namespace: key }
    try {
      await client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata }, { cause })
    } catch (error) {
      if (!isExists(error) && !isNamespaceGoing(error)) throw error
    }
  }
}
