/** What Docker is told to create, from what the node agent asks for. Pure. */
import type { ContainerConfig, Mount, PortMapping, Sandbox, SandboxConfig } from '@davit/core/node'
import type { ContainerCreateOptions, HostConfig, MountSettings } from 'dockerode'
import type { DockerConfig } from './config.js'
import { containerLabels, type Owner, type SandboxFacts, type Sharing, sandboxLabels } from './labels.js'
import { limitsOf, oomScore } from './resources.js'

export const pauseImage = 'davit.local/pause:1'

/** Unique, so that a thing that was made just before a crash is not made twice; and of use to who reads `docker ps`. */
export function nameOf(pod: Sandbox['pod'], container: string | undefined, attempt: number): string {
  return ['davit', container ?? 'POD', pod.name, pod.namespace, pod.uid, attempt].join('_')
}

/** How a sandbox gets its network: `own`, an empty one that we connect; or the name of Docker's. */
export type SandboxNetwork =
  | { readonly kind: 'host' }
  | { readonly kind: 'own' }
  | { readonly kind: 'docker'; readonly name: string }

export function sandboxOptions(facts: SandboxFacts, network: SandboxNetwork): ContainerCreateOptions {
  const { config, address } = facts
  const hostConfig: HostConfig = {
    NetworkMode: network.kind === 'host' ? 'host' : network.kind === 'own' ? 'none' : network.name,
    IpcMode: config.hostIpc ? 'host' : 'shareable',
    ...runtimeOf(facts.sharing),
    LogConfig: { Type: 'none', Config: {} },
    CapDrop: ['ALL'],
    // Building the default filter takes a sixth of the start; the program makes four system calls and has no rights.
    SecurityOpt: ['no-new-privileges', 'seccomp=unconfined'],
    ReadonlyRootfs: true,
    CpuShares: 2,
    Sysctls: { ...config.sysctls },
    PortBindings: portBindings(config.portMappings),
    ...dockerDns(config, facts.sharing),
  }
  return {
    name: nameOf(config.pod, undefined, config.attempt),
    Image: pauseImage,
    Entrypoint: ['/pause'],
    ...(config.hostNetwork ? {} : { Hostname: config.hostname }),
    Labels: sandboxLabels(facts),
    ExposedPorts: Object.fromEntries(config.portMappings.map((mapping) => [portKey(mapping), {}])),
    HostConfig: hostConfig,
    ...(network.kind === 'own' ? { NetworkDisabled: true } : {}),
    ...(network.kind === 'docker' && address !== undefined
      ? { NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } } }
      : {}),
  }
}

/** Where the Pod has no resolv.conf of its own, Docker's resolver answers, with these words in its file. */
function dockerDns({ dns, hostNetwork }: SandboxConfig, sharing: Sharing): Pick<HostConfig, 'DnsSearch' | 'DnsOptions'> {
  if (sharing.resolvConf !== undefined || hostNetwork) return {}
  return { DnsSearch: [...dns.searches], DnsOptions: [...dns.options] }
}

function portKey({ containerPort, protocol }: PortMapping): string {
  return `${containerPort}/${protocol.toLowerCase()}`
}

function portBindings(mappings: readonly PortMapping[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {}
  for (const mapping of mappings) {
    const key = portKey(mapping)
    bindings[key] = [...(bindings[key] ?? []), { HostIp: mapping.hostIp, HostPort: String(mapping.hostPort) }]
  }
  return bindings
}

export interface ContainerFacts {
  readonly owner: Owner
  readonly sandbox: Pick<Sandbox, 'id' | 'pod'>
  readonly sharing: Sharing
  readonly config: ContainerConfig
  readonly createdAt: number
  /** What the image says of its user; asked for only where the Pod names a group without a user. */
  readonly imageUser?: string
  /** The text of the profile, where the Pod names a file of the node's. */
  readonly seccompProfile?: string
}

function runtimeOf({ runtime }: Sharing): Pick<HostConfig, 'Runtime'> {
  return runtime === undefined ? {} : { Runtime: runtime }
}

function pidMode({ pid }: Sharing, { sharesProcessesOf }: ContainerConfig, pause: string): Pick<HostConfig, 'PidMode'> {
  if (pid !== 'container') return { PidMode: pid === 'host' ? 'host' : pause }
  return sharesProcessesOf === undefined ? {} : { PidMode: `container:${sharesProcessesOf}` }
}

export function containerOptions(facts: ContainerFacts, log: DockerConfig): ContainerCreateOptions {
  const { owner, sandbox, sharing, config, createdAt } = facts
  const { command, args, security } = config
  const pause = `container:${sandbox.id}`
  const user = userOf(security, facts.imageUser)
  const hostConfig: HostConfig = {
    NetworkMode: pause,
    IpcMode: sharing.ipc === 'host' ? 'host' : pause,
    ...pidMode(sharing, config, pause),
    ...runtimeOf(sharing),
    LogConfig: { Type: 'json-file', Config: { 'max-size': log.logMaxSize, 'max-file': String(log.logMaxFiles) } },
    Mounts: mountsOf(config.mounts, sharing),
    Privileged: security.privileged,
    ReadonlyRootfs: security.readOnlyRootFilesystem,
    SecurityOpt: [...(security.noNewPrivileges ? ['no-new-privileges'] : []), ...seccompOf(facts)],
    CapAdd: [...security.addCapabilities],
    CapDrop: [...security.dropCapabilities],
    GroupAdd: security.supplementalGroups.map(String),
    OomScoreAdj: oomScore(config.resources),
    ...limitsOf(config.resources),
  }
  return {
    name: nameOf(sandbox.pod, config.name, config.attempt),
    Image: config.image,
    // Docker leaves the image's arguments out as soon as there is an entry point.
    ...(command.length > 0 ? { Entrypoint: [...command] } : {}),
    ...(args.length > 0 ? { Cmd: [...args] } : {}),
    ...(config.workingDirectory === '' ? {} : { WorkingDir: config.workingDirectory }),
    ...(user === undefined ? {} : { User: user }),
    Env: config.environment.map(({ name, value }) => `${name}=${value}`),
    Labels: containerLabels(owner, sandbox, config, createdAt),
    Tty: config.tty,
    OpenStdin: config.stdin,
    StdinOnce: config.stdinOnce ?? false,
    // The Pod's probes decide on health, not what the image would run for Docker.
    Healthcheck: { Test: ['NONE'] },
    HostConfig: hostConfig,
  }
}

function seccompOf({ config: { security }, seccompProfile }: ContainerFacts): string[] {
  if (security.seccomp?.type === 'Unconfined') return ['seccomp=unconfined']
  return seccompProfile === undefined ? [] : [`seccomp=${seccompProfile}`]
}

function userOf(security: ContainerConfig['security'], imageUser: string | undefined): string | undefined {
  const { runAsUser, runAsGroup } = security
  if (runAsGroup === undefined) return runAsUser === undefined ? undefined : String(runAsUser)
  const user = runAsUser ?? (imageUser?.split(':')[0] || 0)
  return `${user}:${runAsGroup}`
}

function mountsOf(mounts: readonly Mount[], { resolvConf }: Sharing): MountSettings[] {
  const binds = mounts.map(bind)
  const resolver = '/etc/resolv.conf'
  if (resolvConf === undefined || mounts.some((mount) => mount.containerPath === resolver)) return binds
  return [...binds, bind({ hostPath: resolvConf, containerPath: resolver, readOnly: false })]
}

function bind({ hostPath, containerPath, readOnly, propagation }: Mount): MountSettings {
  const how = propagation === undefined ? 'rprivate' : propagation === 'Bidirectional' ? 'rshared' : 'rslave'
  return { Type: 'bind', Source: hostPath, Target: containerPath, ReadOnly: readOnly, BindOptions: { Propagation: how } }
}
