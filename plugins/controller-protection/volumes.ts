/** A volume that is deleted stays while it is bound. */
import { type Informer, persistentVolumes } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  type ReconcileContext,
  watchOf,
} from '@davit/core/controller'
import type { PersistentVolume } from '@davit/core/kinds'
import { settle } from './finalizer.js'

const finalizer = 'kubernetes.io/pv-protection'

export class VolumeProtection implements Controller {
  readonly name = 'pv-protection'
  readonly watches: readonly ControllerWatch[] = [watchOf(persistentVolumes, ({ metadata }) => [metadata.name])]
  #volumes: Informer<PersistentVolume> | undefined

  start(host: ControllerHost): void {
    this.#volumes = host.informer(persistentVolumes)
  }

  stop(): void {
    this.#volumes = undefined
  }

  async reconcile(key: string, context: ReconcileContext): Promise<undefined> {
    const volume = this.#volumes?.get('', key)
    if (volume) await settle(persistentVolumes, volume, finalizer, () => volume.status?.phase === 'Bound', context)
    return undefined
  }
}
