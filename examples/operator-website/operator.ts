import { isDeepStrictEqual } from 'node:util'
import { configMaps, edit } from '@davit/core/client'
import { type Controller, namespacedKey, ownerReference, type ReconcileContext, splitKey, watchOf } from '@davit/core/controller'
import type { ConfigMap } from '@davit/core/kinds'
import { type Website, websites } from './definition.js'

/** What would be left over if the site just went: the entry in the index. */
export const finalizer = 'example.davit.dev/index'
export const indexName = 'website-index'

/**
 * Keeps for each Website a ConfigMap with its pages, which goes with the site because it is owned by it, and an entry in
 * the index of its namespace, which is shared and therefore taken out by hand before the site may go.
 */
export class WebsiteOperator implements Controller {
  readonly name = 'website'
  readonly watches = [
    watchOf(websites, (site) => [namespacedKey(site)]),
    watchOf(configMaps, (map) => ownersOf(map).map((name) => `${map.metadata.namespace}/${name}`)),
  ]

  async reconcile(key: string, context: ReconcileContext): Promise<undefined> {
    const { namespace, name } = splitKey(key)
    const site = context.informer(websites).get(namespace, name)
    if (!site) return undefined
    const finalizers = site.metadata.finalizers ?? []
    if (site.metadata.deletionTimestamp) {
      if (!finalizers.includes(finalizer)) return undefined
      await writeIndex(site, undefined, context)
      await setFinalizers(
        site,
        finalizers.filter((one) => one !== finalizer),
        context,
      )
      return undefined
    }
    if (!finalizers.includes(finalizer)) {
      // The write wakes us again, and what needs to be undone is done only then.
      await setFinalizers(site, [...finalizers, finalizer], context)
      return undefined
    }
    await writePages(site, context)
    await writeIndex(site, site.spec.title, context)
    await writeStatus(site, context)
    return undefined
  }
}

function ownersOf({ metadata }: ConfigMap): string[] {
  return (metadata.ownerReferences ?? []).filter(({ kind }) => kind === websites.kind).map(({ name }) => name)
}

async function setFinalizers(site: Website, finalizers: string[], { client, cause }: ReconcileContext): Promise<void> {
  await client.update(
    websites,
    edit(site, (draft) => {
      draft.metadata.finalizers = finalizers
    }),
    { cause },
  )
}

async function writePages(site: Website, { client, cause, informer }: ReconcileContext): Promise<void> {
  const { namespace = '', name } = site.metadata
  const data = { ...site.spec.pages }
  const present = informer(configMaps).get(namespace, `website-${name}`)
  if (!present) {
    const metadata = { name: `website-${name}`, namespace, ownerReferences: [ownerReference(site)] }
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { cause })
  } else if (!isDeepStrictEqual(present.data, data)) {
    await client.update(configMaps, { ...present, data }, { cause })
  }
}

/** `title` undefined takes the entry out. */
async function writeIndex(site: Website, title: string | undefined, context: ReconcileContext): Promise<void> {
  const { client, cause, informer } = context
  const { namespace = '', name } = site.metadata
  const present = informer(configMaps).get(namespace, indexName)
  if (present?.data?.[name] === title) return
  const { [name]: _old, ...others } = present?.data ?? {}
  const data = title === undefined ? others : { ...others, [name]: title }
  if (present) await client.update(configMaps, { ...present, data }, { cause })
  else {
    const metadata = { name: indexName, namespace }
    await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, { cause })
  }
}

async function writeStatus(site: Website, { client, cause }: ReconcileContext): Promise<void> {
  const status = { observedGeneration: site.metadata.generation ?? 0, pages: Object.keys(site.spec.pages).length }
  if (!isDeepStrictEqual(site.status, status)) await client.updateStatus(websites, { ...site, status }, { cause })
}
