import type { ApiAddress } from '@davit/core/api'
import { configMaps, type Informer, isExists, namespaces } from '@davit/core/client'
import { type Controller, type ControllerHost, isNamespaceGoing, type ReconcileContext, watchOf } from '@davit/core/controller'
import { type ConfigMap, equalJson, type Namespace } from '@davit/core/kinds'

const mapName = 'kube-root-ca.crt'
const annotations = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
}

/** Puts the certificate by which Pods know the API into every namespace, and keeps it right. Keys are namespaces. */
export class RootCaController implements Controller {
  readonly name = 'root-ca-cert-publisher'
  readonly watches = [
    watchOf(namespaces, (namespace, { old, deleted }) => (old || deleted ? [] : [namespace.metadata.name])),
    watchOf(configMaps, ({ metadata: { name, namespace = '' } }) => (name === mapName ? [namespace] : [])),
  ]
  readonly #address: ApiAddress
  #namespaces: Informer<Namespace> | undefined
  #maps: Informer<ConfigMap> | undefined

  constructor(address: ApiAddress) {
    this.#address = address
  }

  start(host: ControllerHost): void {
    this.#namespaces = host.informer(namespaces)
    this.#maps = host.informer(configMaps)
  }

  async reconcile(key: string, { client, cause }: ReconcileContext): Promise<undefined> {
    const namespace = this.#namespaces?.get('', key)
    if (!namespace || namespace.metadata.deletionTimestamp) return
    const data = { 'ca.crt': this.#address.ca }
    const old = this.#maps?.get(key, mapName)
    try {
      if (!old) {
        const metadata = { name: mapName, namespace: key, annotations }
        await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { cause })
      } else if (!equalJson(old.data, data) || old.binaryData) {
        const { binaryData: _foreign, ...kept } = old
        await client.update(configMaps, { ...kept, data }, { cause })
      }
    } catch (error) {
      if (!isExists(error) && !isNamespaceGoing(error)) throw error
    }
  }
}
