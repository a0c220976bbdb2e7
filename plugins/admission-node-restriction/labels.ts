/** Labels that a node must not give itself: Pods are kept to trusted nodes by them. Pure. */

type Labels = Readonly<Record<string, string>> | undefined

const allowed = new Set([
  'kubernetes.io/hostname',
  'kubernetes.io/arch',
  'kubernetes.io/os',
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/os',
  'beta.kubernetes.io/instance-type',
  'node.kubernetes.io/instance-type',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'failure-domain.kubernetes.io/region',
  'failure-domain.kubernetes.io/zone',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
])
/** Whole families that a node may set. */
const allowedFamilies = ['kubelet.kubernetes.io', 'node.kubernetes.io']

/** Those that differ and must not, sorted. */
export function forbiddenLabels(now: Labels, before: Labels): string[] {
  const names = new Set([...Object.keys(now ?? {}), ...Object.keys(before ?? {})])
  return [...names].filter((name) => now?.[name] !== before?.[name] && isForbidden(name)).sort()
}

function isForbidden(name: string): boolean {
  const slash = name.indexOf('/')
  if (slash < 0) return false
  const family = name.slice(0, slash)
  if (isIn(family, 'node-restriction.kubernetes.io')) return true
  if (!isIn(family, 'kubernetes.io') && !isIn(family, 'k8s.io')) return false
  return !allowed.has(name) && !allowedFamilies.some((one) => isIn(family, one))
}

function isIn(family: string, parent: string): boolean {
  return family === parent || family.endsWith(`.${parent}`)
}
