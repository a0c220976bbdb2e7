import { type Pod, type Container as PodContainer, quantityToMilli, quantityToNumber } from '../kinds/contract.js'
import type { ContainerConfig, ContainerResources, ContainerSecurity, Mount } from './contract.js'
import { RuntimeError } from './contract.js'
import type { Environment } from './environment.js'
import { expand } from './expand.js'
import { imageAnnotation } from './plan.js'

export interface ContainerParts {
  readonly pod: Pod
  readonly spec: PodContainer
  readonly attempt: number
  readonly environment: Environment
  readonly mounts: readonly Mount[]
  readonly terminationMessageFile: string | undefined
  readonly sharesProcessesOf?: string | undefined
}

export function containerConfig(parts: ContainerParts): ContainerConfig {
  const { pod, spec, attempt, environment, mounts, terminationMessageFile, sharesProcessesOf } = parts
  const { namespace = '', name, uid = '' } = pod.metadata
  const lookUp = (variable: string): string | undefined => environment.variables.get(variable)
  return {
    name: spec.name,
    attempt,
    image: spec.image ?? '',
    command: (spec.command ?? []).map((word) => expand(word, lookUp)),
    args: (spec.args ?? []).map((word) => expand(word, lookUp)),
    workingDirectory: spec.workingDir ?? '',
    environment: [...environment.variables].map(([key, value]) => ({ name: key, value })),
    mounts,
    labels: {
      'io.kubernetes.pod.namespace': namespace,
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.uid': uid,
      'io.kubernetes.container.name': spec.name,
    },
    annotations: { [imageAnnotation]: spec.image ?? '' },
    stdin: spec.stdin ?? false,
    ...(spec.stdinOnce ? { stdinOnce: true } : {}),
    tty: spec.tty ?? false,
    resources: containerResources(spec),
    security: containerSecurity(pod, spec),
    ...(terminationMessageFile === undefined ? {} : { terminationMessageFile }),
    ...(sharesProcessesOf === undefined ? {} : { sharesProcessesOf }),
  }
}

export function containerResources(spec: PodContainer): ContainerResources {
  const { limits = {}, requests = {} } = spec.resources ?? {}
  const cpuRequest = requests.cpu ?? limits.cpu
  const shares = cpuRequest === undefined ? undefined : Math.floor((quantityToMilli(cpuRequest) * 1024) / 1000)
  return {
    ...(shares === undefined ? {} : { cpuShares: Math.min(262_144, Math.max(2, shares)) }),
    ...(limits.cpu === undefined ? {} : { cpuLimitMillis: quantityToMilli(limits.cpu) }),
    ...(limits.memory === undefined ? {} : { memoryLimit: quantityToNumber(limits.memory) }),
    ...(requests.memory === undefined ? {} : { memoryRequest: quantityToNumber(requests.memory) }),
  }
}

/** The container's own setting beats the Pod's. */
function containerSecurity(pod: Pod, spec: PodContainer): ContainerSecurity {
  const [shared, own] = [pod.spec.securityContext ?? {}, spec.securityContext ?? {}]
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup
  if ((own.runAsNonRoot ?? shared.runAsNonRoot) && runAsUser === 0) {
    throw new RuntimeError(
      'CreateContainerConfigError',
      `container's runAsUser breaks non-root policy (pod: "${pod.metadata.name}", container: ${spec.name})`,
    )
  }
  const groups = [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])]
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: groups,
    privileged: own.privileged ?? false,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
  }
}
