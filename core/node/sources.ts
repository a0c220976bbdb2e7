import type { Grant } from '../api/contract.js'
import {
  type Client,
  type Clients,
  configMaps,
  type Informer,
  isNotFound,
  persistentVolumeClaims,
  persistentVolumes,
  type ResourceRef,
  secrets,
  services,
} from '../client/contract.js'
import { type ConfigMap, ephemeralClaimName, type KubeObject, type Pod, type Secret, type Service } from '../kinds/contract.js'
import type { Sources } from './node-context.js'
import type { PodTokens } from './pod-tokens.js'
import { containersOf } from './state.js'

/**
 * Who reads for all nodes of this process: a part of the server, so no node authorizer limits it to the Pods of one.
 * What an agent elsewhere reads, it reads as its own node.
 */
export const sourceReader = 'system:davit:node-sources'
export const sourceGrant: Grant = {
  user: sourceReader,
  rules: [
    { apiGroups: [''], resources: ['configmaps', 'secrets', 'persistentvolumeclaims', 'persistentvolumes'], verbs: ['get'] },
  ],
}

export interface SharedSources extends Sources {
  close(): void
}

/** One for all nodes of the process: informers hold no copy in process, and start when somebody needs them. */
export function createSources(clients: Clients, client: Client): SharedSources {
  const following = new Followers()
  const closes: (() => void)[] = []
  const lazily = <T extends KubeObject>(ref: ResourceRef<T>, kind: string): (() => Promise<Informer<T>>) => {
    const { informer, close } = lazyInformer(clients, ref, (object) => following.changed(kind, object))
    closes.push(close)
    return informer
  }
  const [configMapInformer, secretInformer] = [lazily(configMaps, 'configmap'), lazily(secrets, 'secret')]
  const [claimInformer, volumeInformer] = [
    lazily(persistentVolumeClaims, 'persistentvolumeclaim'),
    lazily(persistentVolumes, 'persistentvolume'),
  ]
  const serviceInformer = lazily(services, 'service')
  return {
    configMap: async (namespace, name): Promise<ConfigMap | undefined> =>
      (await configMapInformer()).get(namespace, name) ?? (await ask(client, configMaps, namespace, name)),
    secret: async (namespace, name): Promise<Secret | undefined> =>
      (await secretInformer()).get(namespace, name) ?? (await ask(client, secrets, namespace, name)),
    persistentVolumeClaim: async (namespace, name) =>
      (await claimInformer()).get(namespace, name) ?? (await ask(client, persistentVolumeClaims, namespace, name)),
    persistentVolume: async (name) => (await volumeInformer()).get('', name) ?? (await ask(client, persistentVolumes, '', name)),
    services: async (namespace) => servicesFor(await serviceInformer(), namespace),
    follow: (key, names, changed) => following.set(key, names, changed),
    drop: (key) => following.drop(key),
    close: () => {
      for (const close of closes) close()
    },
  }
}

/** Those that a Pod of the namespace is told of: its own, and the API. */
export function servicesFor(informer: Informer<Service>, namespace: string): readonly Service[] {
  const api = namespace === 'default' ? undefined : informer.get('default', 'kubernetes')
  return api ? [...informer.list(namespace), api] : informer.list(namespace)
}

/** As one node sees them: with the tokens that it may ask for, for its Pods alone. */
export function sourcesOfNode(shared: Sources, tokens: PodTokens): Sources {
  return {
    configMap: shared.configMap,
    secret: shared.secret,
    persistentVolumeClaim: shared.persistentVolumeClaim,
    persistentVolume: shared.persistentVolume,
    services: shared.services,
    serviceAccountToken: (pod, projection) => tokens.token(pod, projection),
    follow(key, names, changed) {
      shared.follow(key, names, changed)
      tokens.follow(key, changed)
    },
    drop(key) {
      shared.drop(key)
      tokens.drop(key)
    },
  }
}

/** Starts when it is first asked for, and anew where that failed. */
export function lazyInformer<T extends KubeObject>(
  clients: Clients,
  ref: ResourceRef<T>,
  changed: (object: KubeObject) => void,
): { informer(): Promise<Informer<T>>; close(): void } {
  let ready: Promise<Informer<T>> | undefined
  let undo: (() => void) | undefined
  let closed = false
  const start = async (): Promise<Informer<T>> => {
    const informer = clients.informer(ref)
    await informer.whenSynced()
    // Whoever closed meanwhile would hear of it for ever.
    if (!closed) undo = informer.on({ added: changed, updated: changed, deleted: changed })
    return informer
  }
  return {
    informer() {
      if (ready) return ready
      const begun = start()
      begun.catch(() => {
        ready = undefined
      })
      ready = begun
      return begun
    },
    close() {
      closed = true
      undo?.()
    },
  }
}

/** The informer may not have heard yet of what was made just before the Pod. */
export async function ask<T extends KubeObject>(
  client: Client,
  ref: ResourceRef<T>,
  namespace: string,
  name: string,
): Promise<T | undefined> {
  try {
    return await client.get(ref, namespace, name)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

export class Followers {
  private readonly byName = new Map<string, Map<string, () => void>>()
  private readonly byKey = new Map<string, readonly string[]>()

  set(key: string, names: readonly string[], changed: () => void): void {
    this.drop(key)
    this.byKey.set(key, names)
    for (const name of names) {
      const followers = this.byName.get(name) ?? new Map<string, () => void>()
      this.byName.set(name, followers.set(key, changed))
    }
  }
  drop(key: string): void {
    for (const name of this.byKey.get(key) ?? []) {
      const followers = this.byName.get(name)
      followers?.delete(key)
      if (followers?.size === 0) this.byName.delete(name)
    }
    this.byKey.delete(key)
  }
  changed(kind: string, { metadata }: KubeObject): void {
    const followers = this.byName.get(`${kind}/${metadata.namespace}/${metadata.name}`)
    for (const changed of [...(followers?.values() ?? [])]) changed()
  }
}

/** "configmap/namespace/name" of all that a Pod reads. */
export function sourceNames(pod: Pod): string[] {
  const { metadata, spec } = pod
  const names = new Set<string>()
  const add = (kind: 'configmap' | 'secret' | 'persistentvolumeclaim', name: string | undefined): void => {
    if (name) names.add(`${kind}/${metadata.namespace}/${name}`)
  }
  for (const volume of spec.volumes ?? []) {
    add('configmap', volume.configMap?.name)
    add('secret', volume.secret?.secretName)
    add('persistentvolumeclaim', volume.persistentVolumeClaim?.claimName)
    if (volume.ephemeral) add('persistentvolumeclaim', ephemeralClaimName(pod, volume.name))
    for (const source of volume.projected?.sources ?? []) {
      add('configmap', source.configMap?.name)
      add('secret', source.secret?.name)
    }
  }
  for (const container of containersOf(spec)) {
    for (const source of container.envFrom ?? []) {
      add('configmap', source.configMapRef?.name)
      add('secret', source.secretRef?.name)
    }
    for (const { valueFrom } of container.env ?? []) {
      add('configmap', valueFrom?.configMapKeyRef?.name)
      add('secret', valueFrom?.secretKeyRef?.name)
    }
  }
  return [...names]
}
