import { isDeepStrictEqual } from 'node:util'
import { configMaps, namespaces } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  namespacedKey,
  type ReconcileContext,
  splitKey,
  watchOf,
} from '@davit/core/controller'
import type { ConfigMap } from '@davit/core/kinds'

export const copyLabel = 'copy.example.davit.dev/to'
export const originLabel = 'copy.example.davit.dev/from'

/**
 * Copies each ConfigMap that is labelled for it into every namespace, and takes the copies away again.
 *
 * A controller is level-triggered: `reconcile` does not ask what happened, it compares what is with what should be. So a
 * missed event, a restart half-way and somebody who deletes a copy by hand are one and the same case.
 */
export class ConfigCopy implements Controller {
  readonly name = 'config-copy'
  #host: ControllerHost | undefined

  // A key is the original: also a copy that changed, and a namespace that comes, mean originals.
  readonly watches = [
    watchOf(configMaps, (map) => (isOriginal(map) ? [namespacedKey(map)] : originOf(map))),
    watchOf(namespaces, () => this.#originals()),
  ]

  start(host: ControllerHost): void {
    this.#host = host
  }

  async reconcile(key: string, { client, cause, informer }: ReconcileContext): Promise<undefined> {
    const { namespace, name } = splitKey(key)
    const maps = informer(configMaps)
    const original = maps.get(namespace, name)
    const wanted = original && isOriginal(original) ? original : undefined
    for (const space of informer(namespaces).list()) {
      const target = space.metadata.name
      if (target === namespace) continue
      const present = maps.get(target, name)
      const ours = present && originOf(present).includes(key)
      // A ConfigMap of the same name that somebody else made is not ours to change.
      if (present && !ours) continue
      if (!wanted) {
        if (present) await client.delete(configMaps, target, name, { cause })
      } else if (space.metadata.deletionTimestamp) {
      } else if (!present) {
        await client.create(configMaps, copyOf(wanted, target, key), { cause })
      } else if (!isDeepStrictEqual(contentOf(present), contentOf(wanted))) {
        await client.update(configMaps, { ...present, ...contentOf(wanted) }, { cause })
      }
    }
    return undefined
  }

  #originals(): string[] {
    const maps = this.#host?.informer(configMaps).list() ?? []
    return maps.filter(isOriginal).map(namespacedKey)
  }
}

function isOriginal(map: ConfigMap): boolean {
  return map.metadata.labels?.[copyLabel] === 'all'
}

function originOf(map: ConfigMap): string[] {
  const from = map.metadata.labels?.[originLabel]
  return from === undefined ? [] : [`${from}/${map.metadata.name}`]
}

function copyOf(original: ConfigMap, namespace: string, key: string): ConfigMap {
  const { name } = original.metadata
  const labels = { [originLabel]: splitKey(key).namespace }
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, labels }, ...contentOf(original) }
}

function contentOf({ data, binaryData }: ConfigMap): Pick<ConfigMap, 'data' | 'binaryData'> {
  return { data, binaryData }
}
