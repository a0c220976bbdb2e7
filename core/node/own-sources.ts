/**
 * What the Pods of one node refer to, for an agent that is a process of its own: each object is read and followed by
 * itself, for a node may see no others.
 */
import {
  type Client,
  type Clients,
  configMaps,
  type Informer,
  persistentVolumeClaims,
  persistentVolumes,
  type ResourceRef,
  secrets,
  services,
} from '../client/contract.js'
import type { ConfigMap, KubeObject, Secret } from '../kinds/contract.js'
import { ask, Followers, lazyInformer, type SharedSources, servicesFor } from './sources.js'

type Followed = ConfigMap | Secret

interface Watched {
  readonly informer: Informer<Followed> & { close(): void }
  /** Of the Pods that refer to it. */
  readonly keys: Set<string>
}

/** Claims are not among them: a node may read but not watch them, and looks again with each attempt to mount. */
const refs: Readonly<Record<string, ResourceRef<Followed>>> = {
  configmap: configMaps as ResourceRef<Followed>,
  secret: secrets as ResourceRef<Followed>,
}

export function createOwnSources(clients: Clients, client: Client): SharedSources {
  const followers = new Followers()
  const watched = new Map<string, Watched>()
  const namesOf = new Map<string, readonly string[]>()
  const ofServices = lazyInformer(clients, services, () => undefined)

  const watch = (name: string): Watched | undefined => {
    const [kind = '', namespace = '', object = ''] = name.split('/')
    const ref = refs[kind]
    if (!ref) return undefined
    const informer = clients.follow(ref, { namespace, fieldSelector: `metadata.name=${object}` })
    const changed = (of: KubeObject): void => followers.changed(kind, of)
    informer.on({ added: changed, updated: changed, deleted: changed })
    return { informer, keys: new Set() }
  }
  const release = (key: string, names: readonly string[]): void => {
    for (const name of names) {
      const entry = watched.get(name)
      entry?.keys.delete(key)
      if (entry?.keys.size !== 0) continue
      entry.informer.close()
      watched.delete(name)
    }
  }
  const drop = (key: string): void => {
    followers.drop(key)
    release(key, namesOf.get(key) ?? [])
    namesOf.delete(key)
  }
  const read = async <T extends Followed>(kind: string, ref: ResourceRef<T>, namespace: string, name: string) =>
    (watched.get(`${kind}/${namespace}/${name}`)?.informer.get(namespace, name) as T | undefined) ??
    (await ask(client, ref, namespace, name))
  return {
    configMap: (namespace, name) => read('configmap', configMaps, namespace, name),
    secret: (namespace, name) => read('secret', secrets, namespace, name),
    persistentVolumeClaim: (namespace, name) => ask(client, persistentVolumeClaims, namespace, name),
    persistentVolume: (name) => ask(client, persistentVolumes, '', name),
    services: async (namespace) => servicesFor(await ofServices.informer(), namespace),
    follow(key, names, changed) {
      const before = namesOf.get(key) ?? []
      followers.set(key, names, changed)
      namesOf.set(key, names)
      for (const name of names) {
        const entry = watched.get(name) ?? watch(name)
        if (!entry) continue
        entry.keys.add(key)
        watched.set(name, entry)
      }
      // What stays is not let go of in between: it would be read anew.
      release(
        key,
        before.filter((name) => !names.includes(name)),
      )
    },
    drop,
    close() {
      for (const key of [...namesOf.keys()]) drop(key)
      ofServices.close()
    },
  }
}
