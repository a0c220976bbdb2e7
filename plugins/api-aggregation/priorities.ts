/** In which order clients find groups and versions: Kubernetes' own numbers. */
interface Priority {
  readonly groupPriorityMinimum: number
  readonly versionPriority: number
}

const groups: ReadonlyMap<string, number> = new Map([
  ['', 18_000],
  ['apps', 17_800],
  ['events.k8s.io', 17_750],
  ['authentication.k8s.io', 17_700],
  ['authorization.k8s.io', 17_600],
  ['autoscaling', 17_500],
  ['batch', 17_400],
  ['certificates.k8s.io', 17_300],
  ['networking.k8s.io', 17_200],
  ['policy', 17_100],
  ['rbac.authorization.k8s.io', 17_000],
  ['storage.k8s.io', 16_800],
  ['apiextensions.k8s.io', 16_700],
  ['admissionregistration.k8s.io', 16_700],
  ['scheduling.k8s.io', 16_600],
  ['coordination.k8s.io', 16_500],
  ['node.k8s.io', 16_300],
  ['discovery.k8s.io', 16_200],
  ['flowcontrol.apiserver.k8s.io', 16_100],
])
const versions: ReadonlyMap<string, number> = new Map([
  ['/v1', 1],
  ['autoscaling/v2', 30],
  ['flowcontrol.apiserver.k8s.io/v1', 21],
])

/** Undefined for groups that are not Kubernetes' own: those of custom resources come behind them. */
export function builtinPriority(group: string, version: string): Priority | undefined {
  const groupPriorityMinimum = groups.get(group)
  if (groupPriorityMinimum === undefined) return undefined
  return { groupPriorityMinimum, versionPriority: versions.get(`${group}/${version}`) ?? 15 }
}
export const customPriority: Priority = { groupPriorityMinimum: 1000, versionPriority: 100 }
