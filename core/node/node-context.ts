/** What the pod workers of one node share. */
import type { Client, EventRecorder } from '../client/contract.js'
import type { Clock, Logger } from '../kernel/contract.js'
import type { Service } from '../kinds/contract.js'
import type { NodeLimits } from './container-config.js'
import type { BackOff, Runtime, RuntimeCapabilities, VolumeDriver, VolumePlace, VolumeReader } from './contract.js'
import type { Images } from './images.js'
import type { DnsFacts } from './sandbox-config.js'
import type { StatusWriter } from './status-writer.js'

export interface NodeRuntime {
  readonly nodeName: string
  /** The agent's own for this node. */
  readonly directory: string
  readonly runtime: Runtime
  readonly supports: RuntimeCapabilities
  /** "docker": stands before container ids. */
  readonly runtimeName: string
  readonly hostIps: readonly string[]
  readonly allocatable: Readonly<Record<string, string>>
  readonly limits: NodeLimits
  readonly dns: DnsFacts
  readonly clock: Clock
  readonly log: Logger
  readonly client: Client
  readonly events: EventRecorder
  readonly writer: StatusWriter
  readonly images: Images
  readonly sources: Sources
  readonly place: VolumePlace
  /** The directory for what shall not reach a disk, with a folder for each Pod. */
  memory(): Promise<string>
  volumeDrivers(): readonly VolumeDriver[]
  backOff(): BackOff
  /** A call of the runtime failed in a way that no user can mend: is the daemon still there? */
  faulted(error: unknown): void
  /** Nothing of the Pod is left on the node. */
  forget(uid: string): void
  /** Closes the runtime and what it used; what runs goes on. Never rejects. */
  close(): Promise<void>
}

/** ConfigMaps, Secrets, claims, volumes and Services, read when the first Pod asks for them. */
export interface Sources extends VolumeReader {
  /** Those of a namespace, and the API's own. */
  services(namespace: string): Promise<readonly Service[]>
  /** `changed` is called when one of the objects that were read under this key changes, until it is dropped. */
  follow(key: string, names: readonly string[], changed: () => void): void
  drop(key: string): void
}
