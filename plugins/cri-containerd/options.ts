/** What the runtime is told to make, from what the node agent asks for. Pure. */
import { join } from 'node:path'
import type { ContainerConfig, Mount, Sandbox, SandboxConfig } from '@davit/core/node'
import { containerTags, type Sharing, sandboxTags, sharingOf } from './labels.js'
import type { Sent } from './messages.js'
import { limitsOf } from './resources.js'

/** `attached`: the node's network connects it. */
export function sandboxOptions(
  nodeName: string,
  directory: string,
  config: SandboxConfig,
  attached: boolean,
): Sent<'PodSandboxConfig'> {
  const sharing = sharingOf(config)
  return {
    metadata: { ...config.pod, attempt: config.attempt },
    hostname: sharing.hostname,
    logDirectory: logDirectory(directory, config),
    dnsConfig: config.dns,
    portMappings: attached ? [] : config.portMappings,
    ...sandboxTags(nodeName, config, attached),
    linux: {
      sysctls: config.sysctls,
      securityContext: {
        namespaceOptions: namespacesOf(sharing),
        readonlyRootfs: true,
        // The runtime lets no privileged container into a sandbox that is not; the process in it has no use for it.
        privileged: true,
        seccomp: { profileType: 'Unconfined' },
      },
    },
  }
}

export interface ContainerFacts {
  readonly nodeName: string
  readonly directory: string
  readonly sandbox: Sandbox
  readonly sharing: Sharing
  readonly config: ContainerConfig
  readonly unified: boolean
  /** The image's own, where a group is set without a user; the runtime wants both. */
  readonly imageUser?: ImageUser
}
export type ImageUser = { readonly uid: number } | { readonly name: string }

export function containerOptions(facts: ContainerFacts): Sent<'CreateContainerRequest'> {
  const { nodeName, directory, sandbox, sharing, config, unified } = facts
  const { security, resources } = config
  const privileged = security.privileged
  return {
    podSandboxId: sandbox.id,
    sandboxConfig: {
      metadata: { ...sandbox.pod, attempt: sandbox.attempt },
      hostname: sharing.hostname,
      logDirectory: logDirectory(directory, sandbox),
      annotations: sandbox.annotations,
      linux: { securityContext: { privileged: true } },
    },
    config: {
      metadata: { name: config.name, attempt: config.attempt },
      image: { image: config.image },
      command: config.command,
      args: config.args,
      workingDir: config.workingDirectory,
      envs: config.environment.map(({ name, value }) => ({ key: name, value })),
      mounts: config.mounts.map(mountOf),
      ...containerTags(nodeName, sandbox, config),
      logPath: logPath(config),
      stdin: config.stdin,
      tty: config.tty,
      linux: {
        resources: limitsOf(resources, unified),
        securityContext: {
          privileged,
          capabilities: { addCapabilities: security.addCapabilities, dropCapabilities: security.dropCapabilities },
          namespaceOptions: { ...namespacesOf(sharing), ...targetOf(sharing, config) },
          ...userOf(facts),
          readonlyRootfs: security.readOnlyRootFilesystem,
          supplementalGroups: security.supplementalGroups,
          noNewPrivs: security.noNewPrivileges,
          seccomp: seccompOf(security),
          ...(privileged ? {} : { maskedPaths, readonlyPaths }),
        },
      },
    },
  }
}

function seccompOf({ privileged, seccomp }: ContainerConfig['security']): Sent<'SecurityProfile'> {
  if (privileged || seccomp?.type === 'Unconfined') return { profileType: 'Unconfined' }
  return seccomp ? { profileType: 'Localhost', localhostRef: seccomp.path } : { profileType: 'RuntimeDefault' }
}

const propagations = { HostToContainer: 'PROPAGATION_HOST_TO_CONTAINER', Bidirectional: 'PROPAGATION_BIDIRECTIONAL' } as const

function mountOf({ hostPath, containerPath, readOnly, propagation }: Mount): Sent<'Mount'> {
  return { hostPath, containerPath, readonly: readOnly, ...(propagation && { propagation: propagations[propagation] }) }
}

/** What shows or changes the machine's own state. */
const maskedPaths = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
]
const readonlyPaths = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

function userOf({ config: { security }, imageUser }: ContainerFacts): Sent<'LinuxContainerSecurityContext'> {
  const { runAsUser, runAsGroup } = security
  const group = runAsGroup === undefined ? {} : { runAsGroup: { value: runAsGroup } }
  if (runAsUser !== undefined) return { runAsUser: { value: runAsUser }, ...group }
  if (runAsGroup === undefined) return {}
  if (imageUser && 'name' in imageUser) return { runAsUsername: imageUser.name, ...group }
  return { runAsUser: { value: imageUser?.uid ?? 0 }, ...group }
}

function namespacesOf({ network, pid, ipc }: Sharing): Sent<'NamespaceOption'> {
  const pids = { container: 'CONTAINER', pod: 'POD', host: 'NODE' } as const
  return { network: network === 'host' ? 'NODE' : 'POD', pid: pids[pid], ipc: ipc === 'host' ? 'NODE' : 'POD' }
}

function targetOf({ pid }: Sharing, { sharesProcessesOf }: ContainerConfig): Partial<Sent<'NamespaceOption'>> {
  return pid !== 'container' || sharesProcessesOf === undefined ? {} : { pid: 'TARGET', targetId: sharesProcessesOf }
}

/** The files that this plugin keeps in a node's directory. */
export function filesOf(nodeDirectory: string): string {
  return join(nodeDirectory, 'cri-containerd')
}

export function logDirectory(nodeDirectory: string, { pod, attempt }: Pick<Sandbox, 'pod' | 'attempt'>): string {
  return join(filesOf(nodeDirectory), 'logs', `${pod.namespace}_${pod.name}_${pod.uid}_${attempt}`)
}

export function logPath({ name, attempt }: Pick<ContainerConfig, 'name' | 'attempt'>): string {
  return join(name, `${attempt}.log`)
}
