/** What admission sees of a connection: its options, as an object of the kind that the subresource takes. */
import type { KubeObject, ResourceKind } from '../../kinds/contract.js'
import { isTrue, type Query } from './query.js'
import type { ResourceTarget } from './target.js'

const flags = ['stdin', 'stdout', 'stderr', 'tty']

/** Undefined where the subresource takes none. */
export function connectOptions(kind: ResourceKind, target: ResourceTarget, query: Query): KubeObject | undefined {
  const own = kind.subresources.get(target.subresource)?.kind
  if (own === undefined) return undefined
  const apiVersion = own.group === '' ? own.version : `${own.group}/${own.version}`
  return { kind: own.kind, apiVersion, metadata: { name: '' }, ...fields(target, query) }
}

function fields({ subresource, rest }: ResourceTarget, query: Query): object {
  if (subresource === 'proxy') return rest === '' ? {} : { path: rest }
  if (subresource === 'portforward') {
    const ports = query.all('ports').flatMap((value) => value.split(',').map(Number))
    return ports.length === 0 ? {} : { ports }
  }
  const { container } = query.first
  const command = query.all('command')
  return {
    ...Object.fromEntries(flags.filter((flag) => isTrue(query.first[flag])).map((flag) => [flag, true])),
    ...(container ? { container } : {}),
    ...(command.length === 0 ? {} : { command }),
  }
}
