/**
 * Custom resources: how an object that lies in the store is shown in one of its versions. It may have been written in
 * another version, or before the schema got another default. What was shown once is remembered, and an object that is as
 * it should be is shown as it is, with the bytes that are stored.
 */
import { ApiError } from '../client/contract.js'
import type { CustomFacts, KubeObject, ResourceKind } from '../kinds/contract.js'
import type { CachedObject } from '../watch/contract.js'
import { ViewedObject } from './viewed-object.js'
import type { View } from './views.js'

export function customView(kind: ResourceKind, custom: CustomFacts): View {
  const shown = new WeakMap<CachedObject, CachedObject>()
  const remember = (item: CachedObject, object: KubeObject): CachedObject => {
    const view = object === item.object ? item : new ViewedObject(item, () => object)
    shown.set(item, view)
    return view
  }
  const relabelled = (object: KubeObject, apiVersion: string): KubeObject =>
    object.apiVersion === apiVersion ? object : { ...object, apiVersion }
  // For selectors. Those that a webhook's work would matter to are refused: only names and labels are left.
  const served = (object: KubeObject): KubeObject => custom.settle(relabelled(object, kind.apiVersion))

  async function prepare(items: readonly CachedObject[]): Promise<void> {
    const foreign = items.filter((item) => !shown.has(item) && item.object.apiVersion !== kind.apiVersion)
    if (foreign.length === 0) return
    const objects = foreign.map((item) => item.object)
    const converted = (await custom.convert?.(objects, kind.apiVersion)) ?? []
    for (const [index, item] of foreign.entries()) {
      const object = converted[index]
      if (!object) throw ApiError.internal(`an object of ${kind.kind} was not converted`)
      remember(item, custom.settle(object))
    }
  }
  async function storedByWebhook(object: KubeObject): Promise<KubeObject> {
    const [converted] = (await custom.convert?.([object], custom.storageVersion)) ?? []
    return converted ?? object
  }

  return {
    group: kind.group,
    served,
    show(item) {
      const known = shown.get(item)
      if (known) return known
      const { object } = item
      if (custom.convert && object.apiVersion !== kind.apiVersion) throw new Error(`${item.key} is shown before it is converted`)
      return remember(item, served(object))
    },
    stored(object) {
      if (object.apiVersion === custom.storageVersion) return object
      return custom.convert ? storedByWebhook(object) : relabelled(object, custom.storageVersion)
    },
    ...(custom.convert ? { prepare } : {}),
  }
}
