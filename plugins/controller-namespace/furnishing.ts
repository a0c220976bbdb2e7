/** Gives each namespace what Pods in it expect: the ServiceAccount `default` and the cluster's certificate. */
import { configMaps, edit, isExists, isNotFound, namespaces, serviceAccounts } from '@davit/core/client'
import { type Controller, type ReconcileContext, watchOf } from '@davit/core/controller'
import type { KubeObject } from '@davit/core/kinds'

const account = 'default'
const certificate = 'kube-root-ca.crt'

export class FurnishingController implements Controller {
  readonly name = 'namespace-furnishing'
  readonly watches = [
    watchOf(namespaces, (namespace) => [namespace.metadata.name]),
    watchOf(serviceAccounts, (object) => (object.metadata.name === account ? of(object) : [])),
    watchOf(configMaps, (object) => (object.metadata.name === certificate ? of(object) : [])),
  ]
  readonly #ca: string | undefined

  constructor(ca: string | undefined) {
    this.#ca = ca
  }

  async reconcile(name: string, context: ReconcileContext): Promise<undefined> {
    const namespace = context.informer(namespaces).get('', name)
    if (!namespace || namespace.metadata.deletionTimestamp) return
    await Promise.all([this.#account(name, context), this.#certificate(name, context)])
  }

  async #account(namespace: string, { client, informer, cause }: ReconcileContext): Promise<void> {
    if (informer(serviceAccounts).get(namespace, account)) return
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account, namespace } }
    await client.create(serviceAccounts, object, { cause }).catch(unlessThereOrGone)
  }

  async #certificate(namespace: string, { client, informer, cause }: ReconcileContext): Promise<void> {
    if (this.#ca === undefined) return
    const data = { 'ca.crt': this.#ca }
    const present = informer(configMaps).get(namespace, certificate)
    if (!present) {
      const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: certificate, namespace }, data }
      await client.create(configMaps, object, { cause }).catch(unlessThereOrGone)
    } else if (present.data?.['ca.crt'] !== this.#ca) {
      await client
        .update(
          configMaps,
          edit(present, (draft) => Object.assign(draft, { data })),
          { cause },
        )
        .catch(unlessThereOrGone)
    }
  }
}

function of(object: KubeObject): string[] {
  return object.metadata.namespace ? [object.metadata.namespace] : []
}

/** Another one made it, or the namespace is going: the next event says. */
function unlessThereOrGone(error: unknown): void {
  const code = (error as { status?: { code?: number } }).status?.code
  if (!isExists(error) && !isNotFound(error) && code !== 403) throw error
}
