/** The paths of a node's own server, as kubelets of Kubernetes have them. Pure. */
import { ApiError } from '../../client/contract.js'

export type KubeletRoute =
  | { readonly type: 'health' | 'pods' | 'summary' | 'metrics' | 'resourceMetrics' }
  | { readonly type: 'logs' | 'exec' | 'attach'; readonly namespace: string; readonly pod: string; readonly container: string }
  | { readonly type: 'portForward'; readonly namespace: string; readonly pod: string }

const plain: Readonly<Record<string, 'health' | 'pods' | 'summary' | 'metrics' | 'resourceMetrics'>> = {
  '/healthz': 'health',
  '/pods': 'pods',
  '/stats/summary': 'summary',
  '/metrics': 'metrics',
  '/metrics/resource': 'resourceMetrics',
}

/** Of a Pod the uid may stand before the container; the name says enough, for a node has one Pod of it at a time. */
export function parseRoute(path: string): KubeletRoute {
  const type = Object.hasOwn(plain, path) ? plain[path] : undefined
  if (type) return { type }
  const [verb, namespace, pod, ...rest] = partsOf(path)
  if (namespace === undefined || pod === undefined || [namespace, pod, ...rest].includes('')) throw ApiError.unknownPath()
  const container = rest.at(-1)
  if (verb === 'portForward' && rest.length <= 1) return { type: 'portForward', namespace, pod }
  if (container === undefined) throw ApiError.unknownPath()
  if (verb === 'containerLogs' && rest.length === 1) return { type: 'logs', namespace, pod, container }
  if ((verb === 'exec' || verb === 'attach') && rest.length <= 2) return { type: verb, namespace, pod, container }
  throw ApiError.unknownPath()
}

function partsOf(path: string): string[] {
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    throw ApiError.unknownPath()
  }
}

/** What of the node is asked for, in the words of the authorizers: subresources of `nodes`. */
export function subresourceOf({ type }: KubeletRoute): string {
  if (type === 'summary') return 'stats'
  return type === 'metrics' || type === 'resourceMetrics' ? 'metrics' : 'proxy'
}
