/** Lets go of volumes whose node is gone for good: nobody is left who could remove their folders. */
import { edit, type Informer, isNotFound, nodes, persistentVolumes } from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  type ReconcileContext,
  type ReconcileResult,
  watchOf,
} from '@davit/core/controller'
import { type Node, type PersistentVolume, reachesVolume } from '@davit/core/kinds'
import { folderFinalizer } from './names.js'

interface Informers {
  readonly volumes: Informer<PersistentVolume>
  readonly nodes: Informer<Node>
}

/** Keys are names of volumes. */
export class LostFolders implements Controller {
  readonly name = 'local-path'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(persistentVolumes, (volume, { deleted }) => {
      const { name } = volume.metadata
      return (deleted ? this.#lost.has(name) : isHeld(volume)) ? [name] : none
    }),
    watchOf(nodes, (_node, { old, deleted }) => (deleted || !old ? this.#held() : none)),
  ]
  readonly #waitMs: number
  /** Since when no node has reached a volume; by name. */
  readonly #lost = new Map<string, { readonly uid: string | undefined; readonly since: number }>()
  #informers: Informers | undefined

  /** `waitMs`: an agent that runs makes its Node anew when somebody deletes it. */
  constructor(waitMs: number) {
    this.#waitMs = waitMs
  }

  start(host: ControllerHost): void {
    const volumes = host.informer(persistentVolumes)
    volumes.index(byHold, (volume) => (isHeld(volume) ? [folderFinalizer] : none))
    this.#informers = { volumes, nodes: host.informer(nodes) }
  }

  stop(): void {
    this.#lost.clear()
    this.#informers = undefined
  }

  async reconcile(name: string, context: ReconcileContext): Promise<ReconcileResult | undefined> {
    const volume = this.#informers?.volumes.get('', name)
    if (!this.#informers || !volume || !isHeld(volume) || isReached(volume, this.#informers.nodes)) {
      this.#lost.delete(name)
      return undefined
    }
    const { uid } = volume.metadata
    const now = context.clock.monotonic()
    const known = this.#lost.get(name)
    const lost = known?.uid === uid && known ? known : { uid, since: now }
    this.#lost.set(name, lost)
    const restMs = lost.since + this.#waitMs - now
    if (restMs > 0) return { requeueAfterMs: restMs }
    await letGo(volume, context)
    return undefined
  }

  #held(): readonly string[] {
    return (this.#informers?.volumes.byIndex(byHold, folderFinalizer) ?? none).map(({ metadata }) => metadata.name)
  }
}

const none: readonly never[] = []
const byHold = 'held by local-path'

function isHeld({ metadata }: PersistentVolume): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers?.includes(folderFinalizer) ?? false)
}

function isReached(volume: PersistentVolume, known: Informer<Node>): boolean {
  return known.list().some((node) => reachesVolume(volume, node))
}

async function letGo(volume: PersistentVolume, context: ReconcileContext): Promise<void> {
  const changed = edit(volume, (draft) => {
    draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((each) => each !== folderFinalizer)
  })
  try {
    await context.client.update(persistentVolumes, changed, { cause: context.cause })
  } catch (error) {
    // Somebody else let it go.
    if (isNotFound(error)) return
    throw error
  }
  const message = `no node reaches it any more: if its node still has the folder ${volume.spec.local?.path}, it stays there`
  context.event(volume, 'Warning', 'FolderLeft', message)
}
