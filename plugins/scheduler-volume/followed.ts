/** The claims, volumes and classes of the cluster, and who wants to hear when they change. */
import { type Clients, type Informer, persistentVolumeClaims, persistentVolumes, storageClasses } from '@davit/core/client'
import { offerOf, offersTo, type PersistentVolume, type PersistentVolumeClaim, type StorageClass } from '@davit/core/kinds'
import type { Storage } from './claims.js'

/** Without a claim it concerns every Pod that has any. */
export interface StorageChange {
  readonly claim?: { readonly namespace?: string | undefined; readonly name?: string | undefined }
}
type Listener = (change: StorageChange) => void

const byOffer = 'offer'

export class Followed implements Storage {
  readonly #claims: Informer<PersistentVolumeClaim>
  readonly #volumes: Informer<PersistentVolume>
  readonly #classes: Informer<StorageClass>
  readonly #listeners = new Set<Listener>()
  readonly #undos: (() => void)[] = []

  constructor(clients: Clients) {
    this.#claims = clients.informer(persistentVolumeClaims)
    this.#volumes = clients.informer(persistentVolumes)
    this.#classes = clients.informer(storageClasses)
    this.#volumes.index(byOffer, (volume) => [offerOf(volume)])
  }

  async begin(signal: AbortSignal): Promise<void> {
    const claimChanged = ({ metadata }: PersistentVolumeClaim): void => this.#tell({ claim: metadata })
    // One that is set aside helps nobody but its claim: of those that are made on demand that is every one.
    const volumeChanged = ({ spec: { claimRef } }: PersistentVolume): void => this.#tell(claimRef ? { claim: claimRef } : {})
    const changed = (): void => this.#tell({})
    this.#undos.push(
      this.#claims.on({ added: claimChanged, updated: claimChanged, deleted: claimChanged }),
      this.#volumes.on({ added: volumeChanged, updated: volumeChanged }),
      this.#classes.on({ added: changed, updated: changed }),
    )
    await Promise.all([this.#claims, this.#volumes, this.#classes].map((informer) => informer.whenSynced(signal)))
  }

  end(): void {
    for (const undo of this.#undos.splice(0)) undo()
    this.#listeners.clear()
  }

  claim(namespace: string, name: string): PersistentVolumeClaim | undefined {
    return this.#claims.get(namespace, name)
  }
  volume(name: string): PersistentVolume | undefined {
    return this.#volumes.get('', name)
  }
  storageClass(name: string): StorageClass | undefined {
    return this.#classes.get('', name)
  }
  candidates(claim: PersistentVolumeClaim): readonly PersistentVolume[] {
    return offersTo(claim).flatMap((key) => this.#volumes.byIndex(byOffer, key))
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #tell(change: StorageChange): void {
    for (const listener of [...this.#listeners]) listener(change)
  }
}
