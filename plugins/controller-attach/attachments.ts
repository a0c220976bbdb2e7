/** One VolumeAttachment for each volume and node that need each other. A driver's attacher, outside, does what it says. */
import {
  csiDrivers,
  type Informer,
  isExists,
  isNotFound,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  volumeAttachments,
} from '@davit/core/client'
import {
  type Controller,
  type ControllerHost,
  type ControllerWatch,
  type ReconcileContext,
  watchOf,
} from '@davit/core/controller'
import {
  attachmentName,
  type CSIDriver,
  type PersistentVolume,
  type PersistentVolumeClaim,
  type Pod,
  type VolumeAttachment,
} from '@davit/core/kinds'
import { claimsOf, wantedAttachments } from './wanted.js'

interface Informers {
  readonly pods: Informer<Pod>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly drivers: Informer<CSIDriver>
  readonly attachments: Informer<VolumeAttachment>
}

/** Keys are names of nodes. A Pod counts until it is gone: its agent lets go of the volumes before it takes the Pod away. */
export class VolumeAttachments implements Controller {
  readonly name = 'attachdetach'
  readonly watches: readonly ControllerWatch[] = [
    watchOf(pods, (pod, { old, deleted }) => {
      const { nodeName } = pod.spec
      return nodeName && (deleted || old?.spec.nodeName !== nodeName) && claimsOf(pod).length > 0 ? [nodeName] : none
    }),
    watchOf(persistentVolumeClaims, ({ metadata: { namespace = '', name }, spec }, { old }) =>
      old?.spec.volumeName === spec.volumeName ? none : this.#nodesOf(byClaim, `${namespace}/${name}`),
    ),
    watchOf(persistentVolumes, ({ spec }, { old }) =>
      spec.csi && old?.spec.claimRef?.uid !== spec.claimRef?.uid
        ? this.#nodesOf(byClaim, `${spec.claimRef?.namespace}/${spec.claimRef?.name}`)
        : none,
    ),
    watchOf(csiDrivers, ({ spec }, { old, deleted }) =>
      deleted || old?.spec.attachRequired !== spec.attachRequired ? this.#nodesOf(byUse, 'claims') : none,
    ),
    watchOf(volumeAttachments, ({ spec }, { deleted, old }) => (deleted || !old ? [spec.nodeName] : none)),
  ]
  #informers: Informers | undefined

  start(host: ControllerHost): void {
    const found = host.informer(pods)
    const attachments = host.informer(volumeAttachments)
    found.index(byNode, (pod) => (uses(pod) && pod.spec.nodeName ? [pod.spec.nodeName] : none))
    found.index(byClaim, (pod) => (pod.spec.nodeName ? claimsOf(pod).map((name) => `${pod.metadata.namespace}/${name}`) : none))
    found.index(byUse, (pod) => (uses(pod) && pod.spec.nodeName ? ['claims'] : none))
    attachments.index(byNode, ({ spec }) => [spec.nodeName])
    this.#informers = {
      pods: found,
      claims: host.informer(persistentVolumeClaims),
      volumes: host.informer(persistentVolumes),
      drivers: host.informer(csiDrivers),
      attachments,
    }
  }

  stop(): void {
    this.#informers = undefined
  }

  async reconcile(node: string, { client, cause }: ReconcileContext): Promise<undefined> {
    if (!this.#informers) return
    const { claims, volumes, drivers } = this.#informers
    const wanted = wantedAttachments(node, this.#informers.pods.byIndex(byNode, node), {
      claim: (namespace, name) => claims.get(namespace, name),
      volume: (name) => volumes.get('', name),
      attaches: (driver) => drivers.get('', driver)?.spec.attachRequired !== false,
    })
    const present = new Map(this.#informers.attachments.byIndex(byNode, node).map((each) => [each.metadata.name, each]))
    for (const [name, attachment] of wanted) {
      if (!present.has(name)) await client.create(volumeAttachments, attachment, { cause }).catch(unless(isExists))
    }
    for (const [name, { metadata, spec }] of present) {
      const isOwn = metadata.deletionTimestamp === undefined && isNamedByUs(name, spec, volumes)
      if (isOwn && !wanted.has(name)) await client.delete(volumeAttachments, '', name, { cause }).catch(unless(isNotFound))
    }
  }

  #nodesOf(index: string, key: string): readonly string[] {
    const users = this.#informers?.pods.byIndex(index, key) ?? none
    return [...new Set(users.map(({ spec }) => spec.nodeName ?? ''))]
  }
}

const none: readonly never[] = []
const byNode = 'attached to a node'
const byClaim = 'attached by claim'
const byUse = 'attached at all'

function uses(pod: Pod): boolean {
  return claimsOf(pod).length > 0
}

/** Somebody may attach volumes by hand: those are theirs. What is ours shows in the name, as long as the volume is there. */
function isNamedByUs(
  name: string,
  { attacher, nodeName, source }: VolumeAttachment['spec'],
  volumes: Informer<PersistentVolume>,
) {
  const handle = volumes.get('', source.persistentVolumeName ?? '')?.spec.csi?.volumeHandle
  return handle === undefined ? /^csi-[0-9a-f]{64}$/.test(name) : name === attachmentName(attacher, handle, nodeName)
}

function unless(isExpected: (error: unknown) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (!isExpected(error)) throw error
    return undefined
  }
}
