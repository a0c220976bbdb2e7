/** Tables of volumes, claims and what provides them. */
import type { TablePrinter } from '../contract.js'
import type { CSIDriver, CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment } from '../types.js'
import { age, printer, UNSET } from './format.js'

const DEFAULT_CLASS = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'
const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

function accessModes(modes: readonly string[] | undefined): string {
  const present = new Set(modes)
  return Object.keys(MODES)
    .filter((mode) => present.has(mode))
    .map((mode) => MODES[mode])
    .join(',')
}

function phase(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata.deletionTimestamp === undefined ? (object.status?.phase ?? '') : 'Terminating'
}

function className(object: PersistentVolume | PersistentVolumeClaim): string {
  return object.metadata.annotations?.[CLASS_ANNOTATION] ?? object.spec.storageClassName ?? ''
}

function attributesClass(spec: object): string {
  const { volumeAttributesClassName } = spec as { volumeAttributesClassName?: string }
  return volumeAttributesClassName ?? UNSET
}

const volume = printer<PersistentVolume>(
  'Name,Capacity,Access Modes,Reclaim Policy,Status,Claim,StorageClass,VolumeAttributesClass,Reason,Age,[VolumeMode]',
  (object, now) => [
    object.metadata.name,
    object.spec.capacity?.storage ?? '0',
    accessModes(object.spec.accessModes),
    object.spec.persistentVolumeReclaimPolicy ?? '',
    phase(object),
    object.spec.claimRef === undefined ? '' : `${object.spec.claimRef.namespace ?? ''}/${object.spec.claimRef.name ?? ''}`,
    className(object),
    attributesClass(object.spec),
    object.status?.reason ?? '',
    age(object, now),
    object.spec.volumeMode ?? UNSET,
  ],
)

const claim = printer<PersistentVolumeClaim>(
  'Name,Status,Volume,Capacity,Access Modes,StorageClass,VolumeAttributesClass,Age,[VolumeMode]',
  (object, now) => {
    const bound = Boolean(object.spec.volumeName)
    return [
      object.metadata.name,
      phase(object),
      object.spec.volumeName ?? '',
      bound ? (object.status?.capacity?.storage ?? '0') : '',
      bound ? accessModes(object.status?.accessModes) : '',
      className(object),
      attributesClass(object.spec),
      age(object, now),
      object.spec.volumeMode ?? UNSET,
    ]
  },
)

const storageClass = printer<StorageClass>(
  'Name,Provisioner,ReclaimPolicy,VolumeBindingMode,AllowVolumeExpansion?,Age',
  (object, now) => {
    const isDefault = DEFAULT_CLASS.some((key) => object.metadata.annotations?.[key] === 'true')
    return [
      isDefault ? `${object.metadata.name} (default)` : object.metadata.name,
      object.provisioner,
      object.reclaimPolicy ?? 'Delete',
      object.volumeBindingMode ?? 'Immediate',
      object.allowVolumeExpansion === true,
      age(object, now),
    ]
  },
)

const attachment = printer<VolumeAttachment>('Name,Attacher,PV,Node,Attached?,Age', (object, now) => [
  object.metadata.name,
  object.spec.attacher,
  object.spec.source?.persistentVolumeName ?? '',
  object.spec.nodeName,
  object.status?.attached === true,
  age(object, now),
])

const csiNode = printer<CSINode>('Name,Drivers#,Age', (object, now) => [
  object.metadata.name,
  object.spec?.drivers?.length ?? 0,
  age(object, now),
])

const csiDriver = printer<CSIDriver>(
  'Name,AttachRequired?,PodInfoOnMount?,StorageCapacity?,TokenRequests,RequiresRepublish?,Modes,Age',
  (object, now) => [
    object.metadata.name,
    object.spec?.attachRequired ?? true,
    object.spec?.podInfoOnMount ?? false,
    object.spec?.storageCapacity ?? false,
    (object.spec?.tokenRequests ?? []).map(({ audience }) => audience).join(',') || UNSET,
    object.spec?.requiresRepublish ?? false,
    (object.spec?.volumeLifecycleModes ?? []).join(','),
    age(object, now),
  ],
)

export const storageTables: Readonly<Record<string, TablePrinter>> = {
  '/PersistentVolume': volume,
  '/PersistentVolumeClaim': claim,
  'storage.k8s.io/StorageClass': storageClass,
  'storage.k8s.io/VolumeAttachment': attachment,
  'storage.k8s.io/CSINode': csiNode,
  'storage.k8s.io/CSIDriver': csiDriver,
}
