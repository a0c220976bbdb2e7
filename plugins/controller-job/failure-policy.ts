/** What `spec.podFailurePolicy` says of a failed Pod; pure. */
import type { ContainerStatus, Job, Pod, PodFailurePolicyRule } from '@davit/core/kinds'

export interface FailureVerdict {
  /** `undefined`: no rule fits, and the failure counts as any. */
  readonly action?: PodFailurePolicyRule['action']
  /** Towards the limits. */
  readonly counts: boolean
  /** Why the Job fails at once. */
  readonly message?: string
}

/** The first rule that fits decides. */
export function failureVerdict({ spec }: Job, pod: Pod): FailureVerdict {
  for (const [position, rule] of (spec.podFailurePolicy?.rules ?? []).entries()) {
    const { action } = rule
    const found = matchOf(rule, pod)
    if (found === undefined) continue
    const message = `${found} matching ${action} rule at index ${position}`
    return { action, counts: action !== 'Ignore', ...(action === 'FailJob' && { message }) }
  }
  return { counts: true }
}

/** What fits, in words; `undefined`: nothing does. */
function matchOf(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const { namespace, name } = pod.metadata
  if (rule.onExitCodes) {
    const container = exitedContainer(rule.onExitCodes, pod)
    const code = container?.state?.terminated?.exitCode
    return container && `Container ${container.name} for pod ${namespace}/${name} failed with exit code ${code}`
  }
  const condition = pod.status?.conditions?.find(({ type, status }) =>
    rule.onPodConditions?.some((pattern) => pattern.type === type && pattern.status === status),
  )
  return condition && `Pod ${namespace}/${name} has condition ${condition.type}`
}

type ExitCodes = NonNullable<PodFailurePolicyRule['onExitCodes']>

/** A container that ended well fits no rule. */
function exitedContainer({ containerName, operator, values }: ExitCodes, { status }: Pod): ContainerStatus | undefined {
  const fits = ({ name, state }: ContainerStatus) => {
    const code = state?.terminated?.exitCode ?? 0
    if (code === 0 || (containerName !== undefined && containerName !== name)) return false
    return values.includes(code) === (operator === 'In')
  }
  return [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(fits)
}
