/** The types of storage/v1; the form is explained in `parse.ts`. */
export const storageV1 = `
StorageClass
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  provisioner 2 string !
  parameters 3 {string}
  reclaimPolicy 4 string
  mountOptions 5 [string] atomic
  allowVolumeExpansion 6 bool
  volumeBindingMode 7 string = Immediate | WaitForFirstConsumer
  allowedTopologies 8 [core/v1.TopologySelectorTerm] atomic
VolumeAttachment
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 VolumeAttachmentSpec !
  status 3 VolumeAttachmentStatus
VolumeAttachmentSpec
  attacher 1 string !
  source 2 VolumeAttachmentSource !
  nodeName 3 string !
VolumeAttachmentSource
  persistentVolumeName 1 string
  inlineVolumeSpec 2 core/v1.PersistentVolumeSpec
VolumeAttachmentStatus
  attached 1 bool !
  attachmentMetadata 2 {string}
  attachError 3 VolumeError
  detachError 4 VolumeError
VolumeError
  time 1 time
  message 2 string ?
CSIDriver
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 CSIDriverSpec !
CSIDriverSpec
  attachRequired 1 bool
  podInfoOnMount 2 bool
  volumeLifecycleModes 3 [string] set
  storageCapacity 4 bool
  fsGroupPolicy 5 string
  tokenRequests 6 [TokenRequest] atomic
  requiresRepublish 7 bool
  seLinuxMount 8 bool
TokenRequest
  audience 1 string !
  expirationSeconds 2 int64
CSINode
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 CSINodeSpec !
CSINodeSpec
  drivers 1 [CSINodeDriver] ! map(name) merge(name)
CSINodeDriver
  name 1 string !
  nodeID 2 string !
  topologyKeys 3 [string] atomic
  allocatable 4 VolumeNodeResources
VolumeNodeResources
  count 1 int32
CSIStorageCapacity
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  nodeTopology 2 meta/v1.LabelSelector
  storageClassName 3 string !
  capacity 4 quantity
  maximumVolumeSize 5 quantity
`
