import { join } from 'node:path'
import {
  type Pod,
  type Container as PodContainer,
  quantityToMilli,
  quantityToNumber,
  type SeccompProfile,
} from '../kinds/contract.js'
import type { NodeConfig } from './config.js'
import type { ContainerConfig, ContainerResources, ContainerSecurity, Mount } from './contract.js'
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
  readonly limits: NodeLimits
}

/** What the node lays down for all containers. */
export interface NodeLimits {
  /** Of processes and threads; undefined: none. */
  readonly pids: number | undefined
  /** Where the node's own seccomp profiles lie. */
  readonly seccompDirectory: string
}

export function limitsOfNode({ podPidsLimit }: Pick<NodeConfig, 'podPidsLimit'>, directory: string): NodeLimits {
  return { pids: podPidsLimit < 0 ? undefined : podPidsLimit, seccompDirectory: join(directory, 'seccomp') }
}

export function containerConfig(parts: ContainerParts): ContainerConfig {
  const { pod, spec, attempt, environment, mounts, terminationMessageFile, sharesProcessesOf, limits } = parts
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
    resources: { ...containerResources(spec), ...(limits.pids === undefined ? {} : { pidsLimit: limits.pids }) },
    security: containerSecurity(pod, spec, limits.seccompDirectory),
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
function containerSecurity(pod: Pod, spec: PodContainer, seccompDirectory: string): ContainerSecurity {
  const [shared, own] = [pod.spec.securityContext ?? {}, spec.securityContext ?? {}]
  const runAsUser = own.runAsUser ?? shared.runAsUser
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup
  const groups = [...(shared.supplementalGroups ?? []), ...(shared.fsGroup === undefined ? [] : [shared.fsGroup])]
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    supplementalGroups: groups,
    privileged: own.privileged ?? false,
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    ...seccompOf(own.seccompProfile ?? shared.seccompProfile, seccompDirectory),
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
  }
}

/** It says itself that it wants the runtime's filter; nothing filters a privileged one. */
export function asksForSeccomp({ spec: { securityContext: shared } }: Pod, { securityContext: own }: PodContainer): boolean {
  return (own?.seccompProfile ?? shared?.seccompProfile)?.type === 'RuntimeDefault' && !own?.privileged
}

/** Whoever says nothing has the runtime's filter, as with a kubelet that is told so (`seccompDefault`). */
function seccompOf(profile: SeccompProfile | undefined, directory: string): Pick<ContainerSecurity, 'seccomp'> {
  if (profile?.type === 'Unconfined') return { seccomp: { type: 'Unconfined' } }
  if (profile?.type !== 'Localhost') return {}
  return { seccomp: { type: 'Localhost', path: join(directory, profile.localhostProfile ?? '') } }
}
