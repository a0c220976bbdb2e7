/** For this plugin's tests: objects that own each other, and a control plane with the collectors. */
import { type Client, configMaps, isNotFound, pods, type ResourceRef } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { ConfigMap, KubeObject, OwnerReference, Pod, PodSpec } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export function reference(owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference {
  const { apiVersion, kind, metadata } = owner
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '', ...more }
}

export function makePod(name: string, spec: Partial<PodSpec> = {}, metadata: Partial<Pod['metadata']> = {}): Pod {
  const containers = [{ name: 'c', image: 'i' }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', ...metadata }, spec: { containers, ...spec } }
}

export interface Plane extends ControlPlane {
  /** Creates a ConfigMap that these own. */
  make(name: string, owners?: readonly OwnerReference[], metadata?: Partial<ConfigMap['metadata']>): Promise<ConfigMap>
  /** Names of all ConfigMaps of a namespace, those that go marked with "†". */
  names(namespace?: string): Promise<string[]>
  find(name: string): Promise<ConfigMap | undefined>
}

export async function plane(t: TestContext, config: object = {}): Promise<Plane> {
  const made = await controlPlane(t, [{ plugin, config }])
  const { client } = made
  return {
    ...made,
    make: (name, ownerReferences = [], metadata = {}) => {
      const own = { name, namespace: 'default', ...metadata, ownerReferences: [...ownerReferences] }
      return client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: own })
    },
    async names(namespace = 'default') {
      const { items } = await client.list(configMaps, { namespace })
      return items.map(({ metadata }) => `${metadata.name}${metadata.deletionTimestamp ? '†' : ''}`).sort()
    },
    find: (name) => found(client, configMaps, name),
  }
}

export function found<T extends KubeObject>(client: Client, ref: ResourceRef<T>, name: string): Promise<T | undefined> {
  return client.get(ref, ref.namespaced ? 'default' : '', name).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    return undefined
  })
}

export async function podNames(client: Client): Promise<string[]> {
  return (await client.list(pods)).items.map(({ metadata }) => metadata.name).sort()
}
