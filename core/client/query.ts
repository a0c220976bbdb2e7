/** How the options of a call are written into a request; the same for every client. */
import type { ClientWatchOptions, DeleteOptions, Identity, ListOptions, WriteOptions } from './contract.js'

export type Query = Record<string, string>

export function listQuery(options: ListOptions): Query {
  const { labelSelector, fieldSelector, limit, resourceVersion } = options
  return defined({ labelSelector, fieldSelector, limit: limit?.toString(), continue: options.continue, resourceVersion })
}

export function watchQuery(options: ClientWatchOptions, bookmarks: boolean): Query {
  const { labelSelector, fieldSelector, resourceVersion } = options
  const allowWatchBookmarks = bookmarks ? 'true' : undefined
  return defined({ watch: 'true', labelSelector, fieldSelector, resourceVersion, allowWatchBookmarks })
}

export function writeQuery(identity: Identity, options: WriteOptions, force?: boolean): Query {
  const fieldManager = options.fieldManager ?? identity.manager ?? identity.name
  return defined({ fieldManager, dryRun: options.dryRun ? 'All' : undefined, force: force ? 'true' : undefined })
}

export function deleteBody(options: DeleteOptions): object {
  const { gracePeriodSeconds, propagationPolicy, preconditions, dryRun } = options
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
  }
}

export function defined(values: Readonly<Record<string, string | undefined>>): Query {
  const query: Query = {}
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== '') query[name] = value
  return query
}
