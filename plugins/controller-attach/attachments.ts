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
  /** A volume for one node alone is given to one before another asks. */
  readonly concurrency = 1
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
    watchOf(volumeAttachments, ({ spec }, { deleted, old }) => {
      if (deleted) return [spec.nodeName, ...this.#nodesThatWant(spec.source.persistentVolumeName ?? '')]
      return old ? none : [spec.nodeName]
    }),
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

  async reconcile(node: string, context: ReconcileContext): Promise<undefined> {
    if (!this.#informers) return
    const { client, cause } = context
    const { claims, volumes, drivers } = this.#informers
    const wanted = wantedAttachments(node, this.#informers.pods.byIndex(byNode, node), {
      claim: (namespace, name) => claims.get(namespace, name),
      volume: (name) => volumes.get('', name),
      attaches: (driver) => drivers.get('', driver)?.spec.attachRequired !== false,
    })
    const present = new Map(this.#informers.attachments.byIndex(byNode, node).map((each) => [each.metadata.name, each]))
    for (const [name, attachment] of wanted) {
      if (!present.has(name)) await this.#attach(attachment, context)
    }
    for (const [name, { metadata, spec }] of present) {
      const isOwn = metadata.deletionTimestamp === undefined && isNamedByUs(name, spec, volumes)
      if (isOwn && !wanted.has(name)) await client.delete(volumeAttachments, '', name, { cause }).catch(unless(isNotFound))
    }
  }

  /** Of a volume for one node alone the attachment to another must be gone first; its end wakes this node again. */
  async #attach(attachment: VolumeAttachment, context: ReconcileContext): Promise<void> {
    const { client, cause } = context
    const { nodeName, source } = attachment.spec
    const volume = this.#informers?.volumes.get('', source.persistentVolumeName ?? '')
    if (volume && isForOneNode(volume)) {
      // The informer may not have what was made a moment ago.
      const { items } = await client.list(volumeAttachments)
      const other = items.find(
        ({ spec }) => spec.source.persistentVolumeName === volume.metadata.name && spec.nodeName !== nodeName,
      )
      if (other) return this.#tellWaiting(volume, other.spec.nodeName, nodeName, context)
    }
    await client.create(volumeAttachments, attachment, { cause }).catch(unless(isExists))
  }

  #tellWaiting({ metadata, spec }: PersistentVolume, holder: string, node: string, context: ReconcileContext): void {
    const { namespace, name } = spec.claimRef ?? {}
    const message =
      `Multi-Attach error for volume "${metadata.name}" Volume is already exclusively attached to one node and can't be ` +
      `attached to another (it is attached to ${holder})`
    for (const pod of this.#informers?.pods.byIndex(byClaim, `${namespace}/${name}`) ?? none) {
      if (pod.spec.nodeName === node) context.event(pod, 'Warning', 'FailedAttachVolume', message)
    }
  }

  #nodesThatWant(volume: string): readonly string[] {
    const { namespace, name } = this.#informers?.volumes.get('', volume)?.spec.claimRef ?? {}
    return name === undefined ? none : this.#nodesOf(byClaim, `${namespace}/${name}`)
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

/** What several nodes may have at once is for many, to read or to write. */
function isForOneNode({ spec }: PersistentVolume): boolean {
  return !(spec.accessModes ?? []).some((mode) => mode === 'ReadWriteMany' || mode === 'ReadOnlyMany')
}

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
