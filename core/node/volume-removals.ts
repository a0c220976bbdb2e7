/** Removes from the nodes of this process the data of volumes that are being deleted, then lets go of those. */
import type { Grant } from '../api/contract.js'
import {
  type Client,
  type Clients,
  createWorkQueue,
  edit,
  type Informer,
  isConflict,
  isNotFound,
  persistentVolumes,
  type WorkQueue,
} from '../client/contract.js'
import type { Bag, Clock, Logger, Random } from '../kernel/contract.js'
import { type PersistentVolume, reachesVolume } from '../kinds/contract.js'
import type { PersistentVolumeDriver, VolumePlace } from './contract.js'

const remover = 'system:davit:node-volumes'
/** A node itself may only read volumes. */
export const removalGrant: Grant = {
  user: remover,
  rules: [{ apiGroups: [''], resources: ['persistentvolumes'], verbs: ['update'] }],
}

export interface VolumeRemovalsOptions {
  readonly clients: Clients
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly drivers: Bag<PersistentVolumeDriver>
  readonly nodes: readonly { readonly place: VolumePlace; readonly hollow: boolean }[]
}

/** How soon it is looked again whether a node of this process, of which nothing is known yet, is the one. */
const unknownNodeMs = 5_000

export class VolumeRemovals {
  readonly #options: VolumeRemovalsOptions
  readonly #client: Client
  readonly #queue: WorkQueue
  readonly #undos: (() => void)[] = []
  #volumes: Informer<PersistentVolume> | undefined

  constructor(options: VolumeRemovalsOptions) {
    const { clients, clock, random, log, drivers } = options
    this.#options = options
    this.#client = clients.as({ name: remover, manager: 'kubelet' })
    this.#queue = createWorkQueue({
      clock,
      random,
      concurrency: 4,
      work: (name) => this.#remove(name),
      failed(volume, error) {
        if (!isConflict(error)) log.warn({ volume, error: String(error) }, 'a volume was not removed; it is tried again')
        return undefined
      },
    })
    this.#queue.start()
    this.#undos.push(drivers.onChange(() => this.#follow()))
    this.#follow()
  }

  async close(): Promise<void> {
    for (const undo of this.#undos.splice(0)) undo()
    await this.#queue.close()
  }

  /** Volumes are looked at only where some driver may have to remove one. */
  #follow(): void {
    const { clients, drivers } = this.#options
    if (this.#volumes || !drivers.all().some(({ removal }) => removal)) return
    this.#volumes = clients.informer(persistentVolumes)
    const seen = ({ metadata, status }: PersistentVolume): void => {
      const goes = metadata.deletionTimestamp !== undefined && status?.phase !== 'Bound'
      if (goes && metadata.finalizers?.length) this.#queue.add(metadata.name)
    }
    this.#undos.push(this.#volumes.on({ added: seen, updated: seen }))
  }

  async #remove(name: string): Promise<number | undefined> {
    const { drivers, nodes } = this.#options
    const volume = this.#volumes?.get('', name)
    if (volume?.metadata.deletionTimestamp === undefined || volume.status?.phase === 'Bound') return undefined
    const removal = drivers.all().find((driver) => driver.removal && driver.serves(volume))?.removal
    if (!removal || !volume.metadata.finalizers?.includes(removal.finalizer)) return undefined
    const holder = nodes.find(({ place }) => isReached(volume, place))
    if (!holder) return nodes.some(({ place }) => !place.node()) ? unknownNodeMs : undefined
    if (!holder.hollow) await removal.remove(volume, holder.place)
    await this.#letGo(volume, removal.finalizer)
    return undefined
  }

  async #letGo(volume: PersistentVolume, finalizer: string): Promise<void> {
    const changed = edit(volume, (draft) => {
      draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((each) => each !== finalizer)
    })
    try {
      await this.#client.update(persistentVolumes, changed)
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}

function isReached(volume: PersistentVolume, place: VolumePlace): boolean {
  const node = place.node()
  return node !== undefined && reachesVolume(volume, node)
}
