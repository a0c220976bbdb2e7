/** Objects of any kind as keys of the queue. */
import type { ResourceRef } from '@davit/core/client'
import type { KubeObject } from '@davit/core/kinds'

export interface Target {
  readonly ref: ResourceRef
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

export class Keys {
  readonly #refs = new Map<string, ResourceRef>()

  of({ group, version, resource, kind, namespaced }: ResourceRef, { metadata }: KubeObject): string {
    const prefix = `${group}/${version}/${resource}`
    if (!this.#refs.has(prefix)) this.#refs.set(prefix, { group, version, resource, kind, namespaced })
    // No part can contain a slash.
    return `${prefix}/${metadata.namespace ?? ''}/${metadata.name}/${metadata.uid ?? ''}`
  }

  parse(key: string): Target | undefined {
    const [group, version, resource, namespace = '', name = '', uid = ''] = key.split('/')
    const ref = this.#refs.get(`${group}/${version}/${resource}`)
    return ref && { ref, namespace, name, uid }
  }
}
