import { isDeepStrictEqual } from 'node:util'
import { CliError } from '../output/cli-error.js'
import { type Connection, statusError } from './connection.js'
import { type Manifest, originOf } from './manifests.js'
import { type ApiResource, discover, resourceOf, resourcePath } from './resources.js'

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration'
type Tree = Record<string, unknown>

/**
 * Creates what is missing and patches what differs, with the same annotation as kubectl, so that both can be used on
 * the same objects. Yields a line for each object. One that fails does not keep the others; at the end all that failed is
 * thrown as one error.
 */
export async function* applyManifests(
  connection: Connection,
  manifests: readonly Manifest[],
  options: { readonly namespace: string; readonly dryRun: boolean },
): AsyncGenerator<string> {
  const resources = await discover(connection)
  const failures: { readonly message: string; readonly hint: string | undefined }[] = []
  for (const manifest of manifests) {
    try {
      const resource = resourceOf(resources, manifest.apiVersion, manifest.kind)
      const outcome = await applyOne(connection, resource, manifest, options)
      const group = resource.groupVersion.includes('/') ? `.${resource.groupVersion.split('/')[0]}` : ''
      yield `${resource.singularName}${group}/${manifest.metadata.name} ${outcome}${options.dryRun ? ' (dry run)' : ''}`
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      failures.push({ message: `${describe(manifest)}: ${error.message}`, hint: error.hint })
    }
  }
  if (failures.length === 0) return
  const hints = [...new Set(failures.flatMap(({ hint }) => hint ?? []))]
  throw new CliError(failures.map(({ message }) => message).join('\n'), {
    hint: hints.length > 0 ? hints.join('\n  ') : undefined,
  })
}

function describe(manifest: Manifest): string {
  const { name = '', namespace } = manifest.metadata
  const object = `${manifest.kind} ${namespace ? `${namespace}/` : ''}${name}`.trim()
  const origin = originOf(manifest)
  return origin === undefined ? object : `${origin}, ${object}`
}

async function applyOne(
  connection: Connection,
  resource: ApiResource,
  manifest: Manifest,
  options: { readonly namespace: string; readonly dryRun: boolean },
): Promise<string> {
  const { name } = manifest.metadata
  if (!name) throw new CliError(`a ${manifest.kind} without metadata.name cannot be applied`)
  const namespace = manifest.metadata.namespace ?? options.namespace
  const path = resourcePath(resource, namespace, name)
  const query = `?fieldManager=davit&fieldValidation=Strict${options.dryRun ? '&dryRun=All' : ''}`
  const wanted = withAnnotation(manifest, resource.namespaced ? namespace : undefined)
  const present = await connection.raw('GET', path)
  if (present.code === 404) {
    await connection.json('POST', resourcePath(resource, namespace) + query, { body: wanted })
    return 'created'
  }
  if (present.code >= 300) throw statusError(present.code, present.body)
  const current = JSON.parse(present.body.toString()) as Manifest
  const before = previous(current)
  const body = threeWay(before, wanted as unknown as Tree, current as unknown as Tree)
  if (Object.keys(body).length === 0) return 'unchanged'
  const after = await patch(connection, path + query, body, takesFromList(before, manifest))
  return isDeepStrictEqual(after, current) ? 'unchanged' : 'configured'
}

/**
 * A strategic patch leaves alone what others have put into a list, and so also what this one wants to be rid of; where
 * something was taken out of a list, lists are replaced. Custom resources know only that second kind of patch.
 */
async function patch(connection: Connection, path: string, body: Tree, replaceLists: boolean): Promise<unknown> {
  const merge = { body, contentType: 'application/merge-patch+json' }
  if (replaceLists) return connection.json('PATCH', path, merge)
  const reply = await connection.raw('PATCH', path, { body, contentType: 'application/strategic-merge-patch+json' })
  if (reply.code === 415) return connection.json('PATCH', path, merge)
  if (reply.code >= 300) throw statusError(reply.code, reply.body)
  return JSON.parse(reply.body.toString())
}

/** What tells the items of a list apart, in Kubernetes' lists of objects. */
const itemKeys = ['name', 'mountPath', 'devicePath', 'containerPort', 'port', 'topologyKey', 'ip', 'uid', 'type', 'key']

function takesFromList(before: unknown, wanted: unknown): boolean {
  if (Array.isArray(before)) {
    const items: readonly unknown[] = Array.isArray(wanted) ? wanted : []
    return before.some((item: unknown) => {
      const same = items.find((other) => isSameItem(item, other))
      return same === undefined || takesFromList(item, same)
    })
  }
  if (!isTree(before) || !isTree(wanted)) return false
  return Object.keys(before).some((key) => key in wanted && takesFromList(before[key], wanted[key]))
}

function isSameItem(item: unknown, other: unknown): boolean {
  if (!isTree(item) || !isTree(other)) return isDeepStrictEqual(item, other)
  const key = itemKeys.find((name) => name in item)
  return key === undefined ? isDeepStrictEqual(item, other) : item[key] === other[key]
}

function withAnnotation(manifest: Manifest, namespace: string | undefined): Manifest {
  const metadata = { ...manifest.metadata, ...(namespace && { namespace }) }
  const bare = { ...manifest, metadata: { ...metadata, annotations: { ...metadata.annotations } } }
  delete bare.metadata.annotations[lastApplied]
  return {
    ...bare,
    metadata: { ...metadata, annotations: { ...bare.metadata.annotations, [lastApplied]: `${JSON.stringify(bare)}\n` } },
  }
}

function previous(current: Manifest): Tree {
  const text = current.metadata.annotations?.[lastApplied]
  return text ? (JSON.parse(text) as Tree) : {}
}

/** A merge of what is wanted, with null for what was applied before and is wanted no more. Lists go whole; the server merges them by key. */
function threeWay(before: Tree, wanted: Tree, current: Tree): Tree {
  const patch: Tree = {}
  for (const [key, value] of Object.entries(wanted)) {
    const now = current[key]
    if (isTree(value) && isTree(now)) {
      const inner = threeWay(isTree(before[key]) ? before[key] : {}, value, now)
      if (Object.keys(inner).length > 0) patch[key] = inner
    } else if (!isDeepStrictEqual(value, now)) {
      patch[key] = value
    }
  }
  for (const key of Object.keys(before)) if (!(key in wanted) && key in current) patch[key] = null
  return patch
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
