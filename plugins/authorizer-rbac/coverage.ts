/** Whether somebody who has some rules has all of another: nobody may hand out more than he has. Pure. */
import type { Rule } from './rules.js'

/** Those of `wanted` that `held` does not cover, cut down to single verbs and resources. */
export function uncovered(held: readonly Rule[], wanted: readonly Rule[]): Rule[] {
  return wanted.flatMap(singles).filter((single) => !held.some((rule) => covers(rule, single)))
}

/** As many rules of one word in each list: different rules may cover different ones of them. */
function singles(rule: Rule): Rule[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule
  return verbs.flatMap((verb) => [
    ...nonResourceURLs.map((url) => ({ verbs: [verb], nonResourceURLs: [url] })),
    ...apiGroups.flatMap((group) =>
      resources.flatMap((resource): Rule[] => {
        const single = { verbs: [verb], apiGroups: [group], resources: [resource] }
        if (resourceNames.length === 0) return [single]
        return resourceNames.map((name) => ({ ...single, resourceNames: [name] }))
      }),
    ),
  ])
}

/** `single` has one word in each of its lists. */
function covers(held: Rule, { verbs, apiGroups, resources, resourceNames, nonResourceURLs }: Rule): boolean {
  if (!has(held.verbs, verbs[0])) return false
  const [url] = nonResourceURLs ?? []
  if (url !== undefined) return (held.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, url))
  return has(held.apiGroups, apiGroups?.[0]) && hasResource(held.resources, resources?.[0]) && hasNames(held, resourceNames?.[0])
}

function has(list: readonly string[] | undefined, word = ''): boolean {
  return list !== undefined && (list.includes(word) || list.includes('*'))
}

function hasResource(list: readonly string[] | undefined, resource = ''): boolean {
  if (has(list, resource)) return true
  const [, subresource] = resource.split('/')
  return subresource !== undefined && (list?.includes(`*/${subresource}`) ?? false)
}

/** No name in a rule stands for every name. */
function hasNames({ resourceNames = [] }: Rule, name: string | undefined): boolean {
  return resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name))
}

function coversPath(pattern: string, path: string): boolean {
  return pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)))
}
