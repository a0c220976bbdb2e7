import { CliError } from '../output/cli-error.js'
import type { Connection } from './connection.js'

export interface ApiResource {
  readonly name: string
  readonly singularName: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
  readonly verbs: readonly string[]
  /** "v1", "apps/v1". */
  readonly groupVersion: string
  readonly scalable: boolean
}

/** All that the server serves, subresources as marks of what they belong to. */
export async function discover(connection: Connection): Promise<readonly ApiResource[]> {
  const groups = await connection.json<{ groups: { preferredVersion: { groupVersion: string } }[] }>('GET', '/apis')
  const versions = ['v1', ...groups.groups.map((group) => group.preferredVersion.groupVersion)]
  const lists = await Promise.all(
    versions.map(async (groupVersion) => {
      const list = await connection.json<{ resources: Omit<ApiResource, 'groupVersion' | 'scalable'>[] }>(
        'GET',
        base(groupVersion),
      )
      const names = new Set(list.resources.map(({ name }) => name))
      return list.resources
        .filter(({ name }) => !name.includes('/'))
        .map((resource) => ({ ...resource, groupVersion, scalable: names.has(`${resource.name}/scale`) }))
    }),
  )
  return lists.flat()
}

export function base(groupVersion: string): string {
  return groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
}

export function resourcePath(resource: ApiResource, namespace: string | undefined, name?: string): string {
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${base(resource.groupVersion)}${scope}/${resource.name}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`
}

/** What a user typed ("po", "pods", "Deployment", "deployments.apps", "all") as resources. */
export function resolveNames(resources: readonly ApiResource[], typed: string): readonly ApiResource[] {
  return typed.split(',').flatMap((word) => {
    const category = resources.filter((resource) => resource.categories?.includes(word))
    if (category.length > 0) return category
    const found = resources.find((resource) => isNamed(resource, word.toLowerCase()))
    if (!found) {
      throw new CliError(`the server has no resource "${word}"`, { hint: 'see what it has with `kubectl api-resources`' })
    }
    return [found]
  })
}

function isNamed(resource: ApiResource, word: string): boolean {
  const group = resource.groupVersion.includes('/') ? resource.groupVersion.split('/')[0] : ''
  const names = [resource.name, resource.singularName, resource.kind.toLowerCase(), ...(resource.shortNames ?? [])]
  return names.some((name) => word === name || word === `${name}.${group}`)
}

export function resourceOf(resources: readonly ApiResource[], apiVersion: string, kind: string): ApiResource {
  const found = resources.find((resource) => resource.groupVersion === apiVersion && resource.kind === kind)
  if (!found) throw new CliError(`the server has no kind "${kind}" in "${apiVersion}"`, { hint: 'check apiVersion and kind' })
  return found
}

/** `TYPE NAME`, `TYPE/NAME` or `TYPE`, as kubectl takes them. */
export function typeAndNames(words: readonly string[]): { type: string; names: readonly string[] }[] {
  const [first, ...rest] = words
  if (first === undefined) throw new CliError('say which resource', { hint: 'for example `pods` or `deployment/web`' })
  if (!first.includes('/')) {
    const mixed = rest.find((word) => word.includes('/'))
    if (mixed !== undefined)
      throw new CliError(`"${mixed}" is not a name`, { hint: 'write TYPE NAME NAME or TYPE/NAME TYPE/NAME' })
    return [{ type: first, names: rest }]
  }
  return words.map((word) => {
    const [type, name, ...more] = word.split('/')
    if (!type || !name || more.length > 0) throw new CliError(`"${word}" is not TYPE/NAME`)
    return { type, names: [name] }
  })
}
