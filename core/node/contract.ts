/**
 * The node room: the agent's contracts for a container runtime, a pod network and volumes. The runtime contract has the
 * shape of the CRI: sandboxes that hold what a Pod shares, containers in them, verbs that may be repeated.
 *
 * The agent calls a runtime from its pod workers. One Pod's steps (sandbox, create, start, remove) never overlap; the
 * stops of its containers may run beside them and beside each other, as reads, logs, exec and probes do. Different Pods'
 * calls overlap freely.
 */
import type { Duplex } from 'node:stream'
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { PodNetwork } from './pod-network.js'

export const RuntimeToken: Token<RuntimeDriver, 'many'> = many<RuntimeDriver>('node.runtime/v1')
export const VolumeToken: Token<VolumeDriver, 'many'> = many<VolumeDriver>('node.volume/v1')
export const BackOffToken: Token<BackOff, 'many'> = many<BackOff>('node.back-off/v1')

// --------------------------------------------------------------------------------------------------------- runtimes

/** What a runtime plugin provides. One driver may serve many nodes of one process. */
export interface RuntimeDriver {
  /** The plugin's id: what `nodes[].runtime.id` picks. */
  readonly id: string
  readonly supports: RuntimeCapabilities
  /** Asked once for each start of `davit up --runtime auto`. Cheap (under 100 ms); never throws: a reason instead. */
  probe(): Promise<{ readonly usable: true; readonly version: string } | { readonly usable: false; readonly reason: string }>
  /** Opens the runtime for a node. Sandboxes of another node name are invisible to it. */
  open(node: NodeContext): Promise<Runtime>
  /**
   * Removes all that this runtime ever made for the node: containers, sandboxes, networks, files. For `davit down`,
   * called without an open runtime; idempotent.
   */
  purge(node: NodeContext): Promise<void>
}
export interface RuntimeCapabilities extends Readonly<Record<string, boolean>> {
  /** Containers run from images with a root file system of their own. */
  readonly images: boolean
  /** Each sandbox has a network namespace and an IP of its own. */
  readonly podNetwork: boolean
  readonly exec: boolean
  readonly attach: boolean
  readonly portForward: boolean
  readonly logs: boolean
  /** CPU, memory and process limits are enforced by the kernel. */
  readonly resourceLimits: boolean
  /** Mounts appear at their path inside the container and nowhere else. */
  readonly mounts: boolean
  /** `runAsUser`, `runAsGroup`. */
  readonly users: boolean
  readonly capabilities: boolean
  readonly readOnlyRootFilesystem: boolean
  /** `seccomp` of a container's security: what its programs may ask of the kernel. */
  readonly seccomp: boolean
  /** `propagation` of mounts. */
  readonly mountPropagation: boolean
  /** `usage` knows what running containers use. */
  readonly stats: boolean
  /** Containers outlive Davit and are found again by `list`. */
  readonly adoption: boolean
  /** Not real: simulates containers. */
  readonly hollow: boolean
}
export interface NodeContext {
  readonly nodeName: string
  /** The agent's own directory for this node; exists, mode 0700. */
  readonly directory: string
  /** "10.244.0.0/24": the addresses that this node's sandboxes may have. */
  readonly podCidr: string
  /** The addresses of all nodes' sandboxes: what a runtime needs to join the Pods of several nodes of one machine. */
  readonly clusterCidr?: string
  /** Of the cluster DNS; absent while none runs. */
  readonly clusterDns?: string
  /** What connects its sandboxes. Absent: the node has none, and the runtime connects them itself or not at all. */
  readonly network?: PodNetwork
  readonly signal: AbortSignal
}

export interface RuntimeVersion {
  /** "docker", "containerd", "process", "hollow". */
  readonly name: string
  readonly version: string
}

/** A sandbox: what the containers of a Pod share (network, IPC, hostname). */
export interface SandboxConfig {
  readonly pod: { readonly namespace: string; readonly name: string; readonly uid: string }
  /** Counts the sandboxes of the pod; the newest ready one is the pod's. */
  readonly attempt: number
  readonly hostname: string
  readonly hostNetwork: boolean
  readonly hostPid: boolean
  readonly hostIpc: boolean
  /** The containers see each other's processes. Absent: no. */
  readonly shareProcessNamespace?: boolean
  /** Kept by the runtime and given back by `listSandboxes`. */
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly dns: { readonly servers: readonly string[]; readonly searches: readonly string[]; readonly options: readonly string[] }
  readonly portMappings: readonly PortMapping[]
  readonly sysctls: Readonly<Record<string, string>>
  /**
   * The handler that the Pod's RuntimeClass names: how the runtime runs its containers. Absent: as it always does. One that the
   * runtime does not have is a `FailedCreatePodSandBox`.
   */
  readonly runtimeHandler?: string
}
export interface PortMapping {
  readonly containerPort: number
  readonly hostPort: number
  readonly hostIp: string
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}
export interface Sandbox {
  readonly id: string
  readonly pod: SandboxConfig['pod']
  readonly attempt: number
  readonly state: 'ready' | 'notReady'
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** The addresses of the pod, IPv4 first; empty with hostNetwork. */
  readonly ips: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export interface ContainerConfig {
  readonly name: string
  /** The restart count: counts the containers of this name in the pod. */
  readonly attempt: number
  readonly image: string
  /** Replaces the image's entry point where not empty. */
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly workingDirectory: string
  readonly environment: readonly { readonly name: string; readonly value: string }[]
  readonly mounts: readonly Mount[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly stdin: boolean
  /** The end of the input of the first that attaches is the end of the process's. Absent: its input stays open. */
  readonly stdinOnce?: boolean
  readonly tty: boolean
  readonly resources: ContainerResources
  readonly security: ContainerSecurity
  /** On the host: mounted at the container's terminationMessagePath by `mounts`; named here for runtimes without mounts. */
  readonly terminationMessageFile?: string
  /** The id of a running container of the same sandbox whose processes it sees, and that sees its. Absent: as the sandbox says. */
  readonly sharesProcessesOf?: string
}
export interface Mount {
  readonly hostPath: string
  readonly containerPath: string
  readonly readOnly: boolean
  /** What is mounted below it later is seen inside, or in both directions. Absent: neither sees the other's. */
  readonly propagation?: 'HostToContainer' | 'Bidirectional'
}
/** Absent: no limit. */
export interface ContainerResources {
  /** Relative weight, 2 to 262144, from the CPU request. */
  readonly cpuShares?: number
  /** Thousandths of a core. */
  readonly cpuLimitMillis?: number
  /** Bytes. */
  readonly memoryLimit?: number
  readonly memoryRequest?: number
  readonly pidsLimit?: number
}
export interface ContainerSecurity {
  readonly runAsUser?: number
  readonly runAsGroup?: number
  readonly supplementalGroups: readonly number[]
  readonly privileged: boolean
  readonly readOnlyRootFilesystem: boolean
  readonly noNewPrivileges: boolean
  /** `path`: of a profile in the form of the OCI, on the host. Absent: the runtime's own filter. Privileged ones have none. */
  readonly seccomp?: { readonly type: 'Unconfined' } | { readonly type: 'Localhost'; readonly path: string }
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
}

export interface Container {
  readonly id: string
  readonly sandboxId: string
  readonly name: string
  readonly attempt: number
  readonly image: string
  /** Digest or id of the image that runs. */
  readonly imageId: string
  readonly state: 'created' | 'running' | 'exited' | 'unknown'
  readonly createdAt: number
  /** 0: not yet. Milliseconds since 1970. */
  readonly startedAt: number
  readonly finishedAt: number
  /** Meaningful when exited. 128 + signal for a container that a signal ended. */
  readonly exitCode: number
  /** "Completed", "Error", "OOMKilled", or the runtime's word. */
  readonly reason: string
  readonly message: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** Something of a sandbox or container changed: read it again. Events may be lost or doubled; state is what counts. */
export interface RuntimeEvent {
  readonly podUid: string
  readonly type: 'containerStarted' | 'containerExited' | 'containerRemoved' | 'sandboxChanged'
}

export interface LogReadOptions {
  readonly follow: boolean
  readonly timestamps: boolean
  readonly tailLines?: number
  readonly limitBytes?: number
  readonly sinceTime?: number
  readonly signal: AbortSignal
}
export interface ExecRequest {
  readonly command: readonly string[]
  readonly tty: boolean
  readonly stdin: AsyncIterable<Uint8Array> | undefined
  readonly stdout: ((chunk: Uint8Array) => Promise<void>) | undefined
  readonly stderr: ((chunk: Uint8Array) => Promise<void>) | undefined
  readonly resize: AsyncIterable<{ readonly width: number; readonly height: number }>
  readonly signal: AbortSignal
}

/** Reasons that a Pod's status shows as the container's waiting reason. */
export type RuntimeProblem =
  | 'ErrImagePull'
  | 'ErrImageNeverPull'
  | 'InvalidImageName'
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'FailedCreatePodSandBox'
/** What a runtime throws for what a user can mend; anything else is a fault of the runtime and is retried. */
export class RuntimeError extends Error {
  readonly problem: RuntimeProblem
  constructor(problem: RuntimeProblem, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'RuntimeError'
    this.problem = problem
  }
}

/**
 * A runtime, opened for one node. Stop and remove are idempotent: a missing thing is not an error. All reject when the
 * daemon cannot be reached; the agent then marks the node NotReady and goes on trying.
 */
export interface Runtime {
  version(): Promise<RuntimeVersion>
  /** Makes and starts a sandbox; on failure nothing of it is left. */
  runSandbox(config: SandboxConfig): Promise<Sandbox>
  /** Ends all its containers at once and releases its network. The sandbox stays listed as notReady until removed. */
  stopSandbox(id: string): Promise<void>
  removeSandbox(id: string): Promise<void>
  /** All sandboxes of this node, of former lives of Davit too. */
  listSandboxes(): Promise<readonly Sandbox[]>
  createContainer(sandbox: Sandbox, config: ContainerConfig): Promise<string>
  startContainer(id: string): Promise<void>
  /** SIGTERM (or the image's stop signal), SIGKILL after `graceSeconds`. Resolves when it has exited. */
  stopContainer(id: string, graceSeconds: number): Promise<void>
  /** Kills if need be. Its log goes too. */
  removeContainer(id: string): Promise<void>
  /** Changes the limits of a running container; only with `resourceLimits`. */
  updateContainer(id: string, resources: ContainerResources): Promise<void>
  listContainers(): Promise<readonly Container[]>
  /** undefined: not there (any more). */
  container(id: string): Promise<Container | undefined>
  /** Present images by any of their names; undefined: not here. */
  image(name: string): Promise<ImageFacts | undefined>
  /** Resolves with the image's id. `RuntimeError` `ErrImagePull` or `InvalidImageName` with the registry's words. */
  pullImage(name: string, signal: AbortSignal): Promise<string>
  /** Ends when the container has exited and all is read, or the signal aborts. Works on exited containers until removed. */
  logs(id: string, options: LogReadOptions): AsyncIterable<Uint8Array>
  /** Runs a command in a running container and collects at most 64 KiB of each stream. `timedOut`: killed after `timeoutMs`. */
  execSync(id: string, command: readonly string[], timeoutMs: number): Promise<ExecResult>
  exec(id: string, request: ExecRequest): Promise<{ readonly exitCode: number }>
  attach(id: string, request: Omit<ExecRequest, 'command'>): Promise<void>
  /** A connection to 127.0.0.1:port inside the sandbox's network. */
  dial(sandboxId: string, port: number): Promise<Duplex>
  /** For all events from now on. The agent lists everything again once after subscribing, and once a minute only where this returns `undefined`: no events. */
  subscribe(listener: (event: RuntimeEvent) => void): (() => void) | undefined
  /**
   * Nanoseconds of one core used since the container started, and bytes of its working set. Asked when somebody asks for
   * metrics, and only with `stats`; may be called for many containers at once. undefined: it does not run (any more).
   */
  usage(id: string): Promise<{ readonly cpuNanoseconds: number; readonly memoryBytes: number } | undefined>
  /** Lets go of connections; running containers stay. Idempotent. */
  close(): Promise<void>
}
export interface ImageFacts {
  readonly id: string
  /** Bytes. */
  readonly size: number
  /** Whom its programs run as unless the Pod says otherwise: a number or a name, "" for root. */
  readonly user: string
}
export interface ExecResult {
  readonly exitCode: number
  readonly stdout: Uint8Array
  readonly stderr: Uint8Array
  readonly timedOut: boolean
}

/**
 * The image of the process that holds a sandbox, for runtimes that need one: made without a registry and without a
 * compiler. Pure, the same bytes at each call.
 */
export { pauseArchive, pauseImageId } from './pause-image.js'
export type { Architecture } from './pause-program.js'

// ---------------------------------------------------------------------------------------------------------- volumes

export * from './persistent-volumes.js'
export * from './pod-network.js'
export * from './protocol.js'
export { refuseForeignRoutes } from './routes.js'
export { runTool, toolEnvironment } from './run-tool.js'

/** Puts one kind of volume source ("emptyDir", "configMap", "hostPath", …) into a directory. */
export interface VolumeDriver {
  /** The field of the Pod's volume that it serves. */
  readonly source: string
  /** What it writes shall not reach a disk: its directory lies in memory, where the agent may mount. Absent: it may. */
  readonly inMemory?: boolean
  /**
   * Makes the volume present and current; called before the pod's containers are created and again whenever something
   * it depends on changes: idempotent. A refusal is data.
   */
  mount(request: VolumeRequest): Promise<MountedVolume | { readonly wait: string }>
  /**
   * Removes what `mount` made; called once no container uses it; idempotent, also without a mount before. Where the plugin is
   * gone by then, the Pod stays until it is back.
   */
  unmount(request: VolumeRequest): Promise<void>
  /**
   * Undoes what is left here of a Pod of which nothing but the uid may be known, for drivers that keep it elsewhere than in
   * `directory`. Called once nothing of the Pod runs, after `unmount`, for Pods of a former life of the agent too; idempotent.
   */
  unmountPod?(podUid: string): Promise<void>
}
export interface MountedVolume {
  /** On the host. */
  readonly path: string
  /** No container may write to it, whatever its mount says. */
  readonly readOnly?: boolean
  /** What is in it is given to the Pod's `fsGroup` before the first container starts. Absent: it stays as it is. */
  readonly takesGroup?: boolean
}
export interface VolumeRequest {
  readonly pod: import('../kinds/contract.js').Pod
  readonly volume: import('../kinds/contract.js').Volume
  /** A directory for this volume of this pod; its parent exists. */
  readonly directory: string
  /** Reads objects that the pod may see (ConfigMaps, Secrets, claims and their volumes); undefined: not there. */
  readonly read: VolumeReader
  readonly place: VolumePlace
}
/** The node on which a volume is wanted. */
export interface VolumePlace {
  readonly nodeName: string
  /** For data that outlives Pods: below it each volume has a folder of its own. Made by whoever needs it. */
  readonly directory: string
  /** Those that the node has taken and that are not over, in the order in which it took them. Absent: nobody can say. */
  pods?(): readonly import('../kinds/contract.js').Pod[]
  /** As the API has it; undefined as long as it has none. */
  node(): import('../kinds/contract.js').Node | undefined
}
export interface VolumeReader {
  configMap(namespace: string, name: string): Promise<import('../kinds/contract.js').ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<import('../kinds/contract.js').Secret | undefined>
  persistentVolumeClaim(
    namespace: string,
    name: string,
  ): Promise<import('../kinds/contract.js').PersistentVolumeClaim | undefined>
  persistentVolume(name: string): Promise<import('../kinds/contract.js').PersistentVolume | undefined>
  /**
   * A token of the Pod's service account that is good for some time; the volume is mounted again when the next one is due.
   * Rejects where the API gives none; undefined where nobody can ask.
   */
  serviceAccountToken?(
    pod: import('../kinds/contract.js').Pod,
    projection: import('../kinds/contract.js').ServiceAccountTokenProjection,
  ): Promise<Uint8Array | undefined>
}

// --------------------------------------------------------------------------------------------------------- back-off

/** How long to wait before a crashed container is started again. The first contribution (by plugin id) is asked; without one: 10 s doubling to 300 s. */
export interface BackOff {
  /** Pure. Milliseconds; `restarts` counts those since the last reset (10 minutes of running). */
  delay(restarts: number): number
}
