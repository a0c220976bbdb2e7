/** The types of core/v1; the form is explained in `parse.ts`. */
export const coreV1 = `
Volume
  name 1 string !
  ~ VolumeSource 2
VolumeSource
  hostPath 1 HostPathVolumeSource
  emptyDir 2 EmptyDirVolumeSource
  gcePersistentDisk 3 GCEPersistentDiskVolumeSource
  awsElasticBlockStore 4 AWSElasticBlockStoreVolumeSource
  gitRepo 5 GitRepoVolumeSource
  secret 6 SecretVolumeSource
  nfs 7 NFSVolumeSource
  iscsi 8 ISCSIVolumeSource
  glusterfs 9 GlusterfsVolumeSource
  persistentVolumeClaim 10 PersistentVolumeClaimVolumeSource
  rbd 11 RBDVolumeSource
  flexVolume 12 FlexVolumeSource
  cinder 13 CinderVolumeSource
  cephfs 14 CephFSVolumeSource
  flocker 15 FlockerVolumeSource
  downwardAPI 16 DownwardAPIVolumeSource
  fc 17 FCVolumeSource
  azureFile 18 AzureFileVolumeSource
  configMap 19 ConfigMapVolumeSource
  vsphereVolume 20 VsphereVirtualDiskVolumeSource
  quobyte 21 QuobyteVolumeSource
  azureDisk 22 AzureDiskVolumeSource
  photonPersistentDisk 23 PhotonPersistentDiskVolumeSource
  projected 26 ProjectedVolumeSource
  portworxVolume 24 PortworxVolumeSource
  scaleIO 25 ScaleIOVolumeSource
  storageos 27 StorageOSVolumeSource
  csi 28 CSIVolumeSource
  ephemeral 29 EphemeralVolumeSource
PersistentVolumeClaimVolumeSource
  claimName 1 string !
  readOnly 2 bool ?
PersistentVolumeSource
  gcePersistentDisk 1 GCEPersistentDiskVolumeSource
  awsElasticBlockStore 2 AWSElasticBlockStoreVolumeSource
  hostPath 3 HostPathVolumeSource
  glusterfs 4 GlusterfsPersistentVolumeSource
  nfs 5 NFSVolumeSource
  rbd 6 RBDPersistentVolumeSource
  iscsi 7 ISCSIPersistentVolumeSource
  cinder 8 CinderPersistentVolumeSource
  cephfs 9 CephFSPersistentVolumeSource
  fc 10 FCVolumeSource
  flocker 11 FlockerVolumeSource
  flexVolume 12 FlexPersistentVolumeSource
  azureFile 13 AzureFilePersistentVolumeSource
  vsphereVolume 14 VsphereVirtualDiskVolumeSource
  quobyte 15 QuobyteVolumeSource
  azureDisk 16 AzureDiskVolumeSource
  photonPersistentDisk 17 PhotonPersistentDiskVolumeSource
  portworxVolume 18 PortworxVolumeSource
  scaleIO 19 ScaleIOPersistentVolumeSource
  local 20 LocalVolumeSource
  storageos 21 StorageOSPersistentVolumeSource
  csi 22 CSIPersistentVolumeSource
PersistentVolume
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 PersistentVolumeSpec
  status 3 PersistentVolumeStatus
PersistentVolumeSpec
  capacity 1 {quantity}
  ~ PersistentVolumeSource 2
  accessModes 3 [string] atomic = ReadWriteOnce | ReadOnlyMany | ReadWriteMany | ReadWriteOncePod
  claimRef 4 ObjectReference granular
  persistentVolumeReclaimPolicy 5 string ? = Recycle | Delete | Retain
  storageClassName 6 string ?
  mountOptions 7 [string] atomic
  volumeMode 8 string = Block | Filesystem
  nodeAffinity 9 VolumeNodeAffinity
VolumeNodeAffinity
  required 1 NodeSelector
PersistentVolumeStatus
  phase 1 string = Pending | Available | Bound | Released | Failed
  message 2 string
  reason 3 string
  lastPhaseTransitionTime 4 time
PersistentVolumeClaim
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 PersistentVolumeClaimSpec
  status 3 PersistentVolumeClaimStatus
PersistentVolumeClaimSpec
  accessModes 1 [string] atomic = ReadWriteOnce | ReadOnlyMany | ReadWriteMany | ReadWriteOncePod
  selector 4 meta/v1.LabelSelector
  resources 2 VolumeResourceRequirements
  volumeName 3 string ?
  storageClassName 5 string
  volumeMode 6 string = Block | Filesystem
  dataSource 7 TypedLocalObjectReference
  dataSourceRef 8 TypedObjectReference
TypedObjectReference
  apiGroup 1 string
  kind 2 string !
  name 3 string !
PersistentVolumeClaimCondition
  type 1 string !
  status 2 string !
  lastProbeTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
PersistentVolumeClaimStatus
  phase 1 string = Pending | Bound | Lost
  accessModes 2 [string] atomic = ReadWriteOnce | ReadOnlyMany | ReadWriteMany | ReadWriteOncePod
  capacity 3 {quantity}
  conditions 4 [PersistentVolumeClaimCondition] map(type) merge(type)
  allocatedResources 5 {quantity}
  allocatedResourceStatuses 7 {string}
HostPathVolumeSource
  path 1 string !
  type 2 string = '' | DirectoryOrCreate | Directory | FileOrCreate | File | Socket | CharDevice | BlockDevice
EmptyDirVolumeSource
  medium 1 string ?
  sizeLimit 2 quantity
GlusterfsVolumeSource
  endpoints 1 string !
  path 2 string !
  readOnly 3 bool ?
GlusterfsPersistentVolumeSource
  endpoints 1 string !
  path 2 string !
  readOnly 3 bool ?
  endpointsNamespace 4 string ?
RBDVolumeSource
  monitors 1 [string] ! atomic
  image 2 string !
  fsType 3 string ?
  pool 4 string ? default:"rbd"
  user 5 string ? default:"admin"
  keyring 6 string ? default:"/etc/ceph/keyring"
  secretRef 7 LocalObjectReference
  readOnly 8 bool ?
RBDPersistentVolumeSource
  monitors 1 [string] ! atomic
  image 2 string !
  fsType 3 string ?
  pool 4 string ? default:"rbd"
  user 5 string ? default:"admin"
  keyring 6 string ? default:"/etc/ceph/keyring"
  secretRef 7 SecretReference
  readOnly 8 bool ?
CinderVolumeSource
  volumeID 1 string !
  fsType 2 string ?
  readOnly 3 bool ?
  secretRef 4 LocalObjectReference
CinderPersistentVolumeSource
  volumeID 1 string !
  fsType 2 string ?
  readOnly 3 bool ?
  secretRef 4 SecretReference
CephFSVolumeSource
  monitors 1 [string] ! atomic
  path 2 string ?
  user 3 string ?
  secretFile 4 string ?
  secretRef 5 LocalObjectReference
  readOnly 6 bool ?
SecretReference atomic
  name 1 string ?
  namespace 2 string ?
CephFSPersistentVolumeSource
  monitors 1 [string] ! atomic
  path 2 string ?
  user 3 string ?
  secretFile 4 string ?
  secretRef 5 SecretReference
  readOnly 6 bool ?
FlockerVolumeSource
  datasetName 1 string ?
  datasetUUID 2 string ?
GCEPersistentDiskVolumeSource
  pdName 1 string !
  fsType 2 string ?
  partition 3 int32 ?
  readOnly 4 bool ?
QuobyteVolumeSource
  registry 1 string !
  volume 2 string !
  readOnly 3 bool ?
  user 4 string ?
  group 5 string ?
  tenant 6 string ?
FlexPersistentVolumeSource
  driver 1 string !
  fsType 2 string ?
  secretRef 3 SecretReference
  readOnly 4 bool ?
  options 5 {string}
FlexVolumeSource
  driver 1 string !
  fsType 2 string ?
  secretRef 3 LocalObjectReference
  readOnly 4 bool ?
  options 5 {string}
AWSElasticBlockStoreVolumeSource
  volumeID 1 string !
  fsType 2 string ?
  partition 3 int32 ?
  readOnly 4 bool ?
GitRepoVolumeSource
  repository 1 string !
  revision 2 string ?
  directory 3 string ?
SecretVolumeSource
  secretName 1 string ?
  items 2 [KeyToPath] atomic
  defaultMode 3 int32
  optional 4 bool
SecretProjection
  ~ LocalObjectReference 1
  items 2 [KeyToPath] atomic
  optional 4 bool
NFSVolumeSource
  server 1 string !
  path 2 string !
  readOnly 3 bool ?
ISCSIVolumeSource
  targetPortal 1 string !
  iqn 2 string !
  lun 3 int32 !
  iscsiInterface 4 string ? default:"default"
  fsType 5 string ?
  readOnly 6 bool ?
  portals 7 [string] atomic
  chapAuthDiscovery 8 bool ?
  chapAuthSession 11 bool ?
  secretRef 10 LocalObjectReference
  initiatorName 12 string ?
ISCSIPersistentVolumeSource
  targetPortal 1 string !
  iqn 2 string !
  lun 3 int32 !
  iscsiInterface 4 string ? default:"default"
  fsType 5 string ?
  readOnly 6 bool ?
  portals 7 [string] atomic
  chapAuthDiscovery 8 bool ?
  chapAuthSession 11 bool ?
  secretRef 10 SecretReference
  initiatorName 12 string ?
FCVolumeSource
  targetWWNs 1 [string] atomic
  lun 2 int32
  fsType 3 string ?
  readOnly 4 bool ?
  wwids 5 [string] atomic
AzureFileVolumeSource
  secretName 1 string !
  shareName 2 string !
  readOnly 3 bool ?
AzureFilePersistentVolumeSource
  secretName 1 string !
  shareName 2 string !
  readOnly 3 bool ?
  secretNamespace 4 string
VsphereVirtualDiskVolumeSource
  volumePath 1 string !
  fsType 2 string ?
  storagePolicyName 3 string ?
  storagePolicyID 4 string ?
PhotonPersistentDiskVolumeSource
  pdID 1 string !
  fsType 2 string ?
AzureDiskVolumeSource
  diskName 1 string !
  diskURI 2 string !
  cachingMode 3 string default:"ReadWrite" = None | ReadOnly | ReadWrite
  fsType 4 string default:"ext4"
  readOnly 5 bool default:false
  kind 6 string default:"Shared" = Shared | Dedicated | Managed
PortworxVolumeSource
  volumeID 1 string !
  fsType 2 string ?
  readOnly 3 bool ?
ScaleIOVolumeSource
  gateway 1 string !
  system 2 string !
  secretRef 3 LocalObjectReference !
  sslEnabled 4 bool ?
  protectionDomain 5 string ?
  storagePool 6 string ?
  storageMode 7 string ? default:"ThinProvisioned"
  volumeName 8 string ?
  fsType 9 string ? default:"xfs"
  readOnly 10 bool ?
ScaleIOPersistentVolumeSource
  gateway 1 string !
  system 2 string !
  secretRef 3 SecretReference !
  sslEnabled 4 bool ?
  protectionDomain 5 string ?
  storagePool 6 string ?
  storageMode 7 string ? default:"ThinProvisioned"
  volumeName 8 string ?
  fsType 9 string ? default:"xfs"
  readOnly 10 bool ?
StorageOSVolumeSource
  volumeName 1 string ?
  volumeNamespace 2 string ?
  fsType 3 string ?
  readOnly 4 bool ?
  secretRef 5 LocalObjectReference
StorageOSPersistentVolumeSource
  volumeName 1 string ?
  volumeNamespace 2 string ?
  fsType 3 string ?
  readOnly 4 bool ?
  secretRef 5 ObjectReference
ConfigMapVolumeSource
  ~ LocalObjectReference 1
  items 2 [KeyToPath] atomic
  defaultMode 3 int32
  optional 4 bool
ConfigMapProjection
  ~ LocalObjectReference 1
  items 2 [KeyToPath] atomic
  optional 4 bool
ServiceAccountTokenProjection
  audience 1 string ?
  expirationSeconds 2 int64
  path 3 string !
ProjectedVolumeSource
  sources 1 [VolumeProjection] atomic
  defaultMode 2 int32
VolumeProjection
  secret 1 SecretProjection
  downwardAPI 2 DownwardAPIProjection
  configMap 3 ConfigMapProjection
  serviceAccountToken 4 ServiceAccountTokenProjection
KeyToPath
  key 1 string !
  path 2 string !
  mode 3 int32
LocalVolumeSource
  path 1 string !
  fsType 2 string
CSIPersistentVolumeSource
  driver 1 string !
  volumeHandle 2 string !
  readOnly 3 bool ?
  fsType 4 string ?
  volumeAttributes 5 {string}
  controllerPublishSecretRef 6 SecretReference
  nodeStageSecretRef 7 SecretReference
  nodePublishSecretRef 8 SecretReference
  controllerExpandSecretRef 9 SecretReference
  nodeExpandSecretRef 10 SecretReference
CSIVolumeSource
  driver 1 string !
  readOnly 2 bool
  fsType 3 string
  volumeAttributes 4 {string}
  nodePublishSecretRef 5 LocalObjectReference
EphemeralVolumeSource
  volumeClaimTemplate 1 PersistentVolumeClaimTemplate
PersistentVolumeClaimTemplate
  metadata 1 meta/v1.ObjectMeta
  spec 2 PersistentVolumeClaimSpec !
ContainerPort
  name 1 string ?
  hostPort 2 int32 ?
  containerPort 3 int32 !
  protocol 4 string ? default:"TCP" = TCP | UDP | SCTP
  hostIP 5 string ?
VolumeMount
  name 1 string !
  readOnly 2 bool ?
  recursiveReadOnly 7 string
  mountPath 3 string !
  subPath 4 string ?
  mountPropagation 5 string = None | HostToContainer | Bidirectional
  subPathExpr 6 string ?
VolumeDevice
  name 1 string !
  devicePath 2 string !
EnvVar
  name 1 string !
  value 2 string ?
  valueFrom 3 EnvVarSource
EnvVarSource
  fieldRef 1 ObjectFieldSelector
  resourceFieldRef 2 ResourceFieldSelector
  configMapKeyRef 3 ConfigMapKeySelector
  secretKeyRef 4 SecretKeySelector
ObjectFieldSelector atomic
  apiVersion 1 string ?
  fieldPath 2 string !
ResourceFieldSelector atomic
  containerName 1 string ?
  resource 2 string !
  divisor 3 quantity
ConfigMapKeySelector atomic
  ~ LocalObjectReference 1
  key 2 string !
  optional 3 bool
SecretKeySelector atomic
  ~ LocalObjectReference 1
  key 2 string !
  optional 3 bool
EnvFromSource
  prefix 1 string ?
  configMapRef 2 ConfigMapEnvSource
  secretRef 3 SecretEnvSource
ConfigMapEnvSource
  ~ LocalObjectReference 1
  optional 2 bool
SecretEnvSource
  ~ LocalObjectReference 1
  optional 2 bool
HTTPHeader
  name 1 string !
  value 2 string !
HTTPGetAction
  path 1 string ?
  port 2 intOrString !
  host 3 string ?
  scheme 4 string ? = HTTP | HTTPS
  httpHeaders 5 [HTTPHeader] atomic
TCPSocketAction
  port 1 intOrString !
  host 2 string ?
GRPCAction
  port 1 int32 !
  service 2 string default:""
ExecAction
  command 1 [string] atomic
SleepAction
  seconds 1 int64 !
Probe
  ~ ProbeHandler 1
  initialDelaySeconds 2 int32 ?
  timeoutSeconds 3 int32 ?
  periodSeconds 4 int32 ?
  successThreshold 5 int32 ?
  failureThreshold 6 int32 ?
  terminationGracePeriodSeconds 7 int64
ContainerResizePolicy
  resourceName 1 string !
  restartPolicy 2 string !
Capabilities
  add 1 [string] atomic
  drop 2 [string] atomic
ResourceRequirements
  limits 1 {quantity}
  requests 2 {quantity}
VolumeResourceRequirements
  limits 1 {quantity}
  requests 2 {quantity}
Container
  name 1 string !
  image 2 string ?
  command 3 [string] atomic
  args 4 [string] atomic
  workingDir 5 string ?
  ports 6 [ContainerPort] map(containerPort,protocol) merge(containerPort)
  envFrom 19 [EnvFromSource] atomic
  env 7 [EnvVar] map(name) merge(name)
  resources 8 ResourceRequirements
  resizePolicy 23 [ContainerResizePolicy] atomic
  restartPolicy 24 string
  volumeMounts 9 [VolumeMount] map(mountPath) merge(mountPath)
  volumeDevices 21 [VolumeDevice] map(devicePath) merge(devicePath)
  livenessProbe 10 Probe
  readinessProbe 11 Probe
  startupProbe 22 Probe
  lifecycle 12 Lifecycle
  terminationMessagePath 13 string ?
  terminationMessagePolicy 20 string ? = File | FallbackToLogsOnError
  imagePullPolicy 14 string ? = Always | Never | IfNotPresent
  securityContext 15 SecurityContext
  stdin 16 bool ?
  stdinOnce 17 bool ?
  tty 18 bool ?
ProbeHandler
  exec 1 ExecAction
  httpGet 2 HTTPGetAction
  tcpSocket 3 TCPSocketAction
  grpc 4 GRPCAction
LifecycleHandler
  exec 1 ExecAction
  httpGet 2 HTTPGetAction
  tcpSocket 3 TCPSocketAction
  sleep 4 SleepAction
Lifecycle
  postStart 1 LifecycleHandler
  preStop 2 LifecycleHandler
ContainerStateWaiting
  reason 1 string
  message 2 string
ContainerStateRunning
  startedAt 1 time
ContainerStateTerminated
  exitCode 1 int32 !
  signal 2 int32
  reason 3 string
  message 4 string
  startedAt 5 time
  finishedAt 6 time
  containerID 7 string
ContainerState
  waiting 1 ContainerStateWaiting
  running 2 ContainerStateRunning
  terminated 3 ContainerStateTerminated
ContainerStatus
  name 1 string !
  state 2 ContainerState
  lastState 3 ContainerState
  ready 4 bool !
  restartCount 5 int32 !
  image 6 string !
  imageID 7 string !
  containerID 8 string
  started 9 bool
  resources 11 ResourceRequirements
  volumeMounts 12 [VolumeMountStatus] map(mountPath) merge(mountPath)
  user 13 ContainerUser
ContainerUser
  linux 1 LinuxContainerUser
LinuxContainerUser
  uid 1 int64 !
  gid 2 int64 !
  supplementalGroups 3 [int64] atomic
PodCondition
  type 1 string !
  status 2 string !
  lastProbeTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
VolumeMountStatus
  name 1 string !
  mountPath 2 string !
  readOnly 3 bool
  recursiveReadOnly 4 string
NodeSelector atomic
  nodeSelectorTerms 1 [NodeSelectorTerm] ! atomic
NodeSelectorTerm atomic
  matchExpressions 1 [NodeSelectorRequirement] atomic
  matchFields 2 [NodeSelectorRequirement] atomic
NodeSelectorRequirement
  key 1 string !
  operator 2 string ! = In | NotIn | Exists | DoesNotExist | Gt | Lt
  values 3 [string] atomic
TopologySelectorTerm atomic
  matchLabelExpressions 1 [TopologySelectorLabelRequirement] atomic
TopologySelectorLabelRequirement
  key 1 string !
  values 2 [string] ! atomic
Affinity
  nodeAffinity 1 NodeAffinity
  podAffinity 2 PodAffinity
  podAntiAffinity 3 PodAntiAffinity
PodAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm] atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm] atomic
PodAntiAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 [PodAffinityTerm] atomic
  preferredDuringSchedulingIgnoredDuringExecution 2 [WeightedPodAffinityTerm] atomic
WeightedPodAffinityTerm
  weight 1 int32 !
  podAffinityTerm 2 PodAffinityTerm !
PodAffinityTerm
  labelSelector 1 meta/v1.LabelSelector
  namespaces 2 [string] atomic
  topologyKey 3 string !
  namespaceSelector 4 meta/v1.LabelSelector
  matchLabelKeys 5 [string] atomic
  mismatchLabelKeys 6 [string] atomic
NodeAffinity
  requiredDuringSchedulingIgnoredDuringExecution 1 NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution 2 [PreferredSchedulingTerm] atomic
PreferredSchedulingTerm
  weight 1 int32 !
  preference 2 NodeSelectorTerm !
Taint
  key 1 string !
  value 2 string ?
  effect 3 string ! = NoSchedule | PreferNoSchedule | NoExecute
  timeAdded 4 time
Toleration
  key 1 string ?
  operator 2 string ? = Exists | Equal
  value 3 string ?
  effect 4 string ? = NoSchedule | PreferNoSchedule | NoExecute
  tolerationSeconds 5 int64
PodReadinessGate
  conditionType 1 string !
PodSpec
  volumes 1 [Volume] map(name) merge+retain(name)
  initContainers 20 [Container] map(name) merge(name)
  containers 2 [Container] ! map(name) merge(name)
  ephemeralContainers 34 [EphemeralContainer] map(name) merge(name)
  restartPolicy 3 string ? = Always | OnFailure | Never
  terminationGracePeriodSeconds 4 int64
  activeDeadlineSeconds 5 int64
  dnsPolicy 6 string ? = ClusterFirstWithHostNet | ClusterFirst | Default | None
  nodeSelector 7 {string} atomic
  serviceAccountName 8 string ?
  serviceAccount 9 string ?
  automountServiceAccountToken 21 bool
  nodeName 10 string ?
  hostNetwork 11 bool ?
  hostPID 12 bool ?
  hostIPC 13 bool ?
  shareProcessNamespace 27 bool
  securityContext 14 PodSecurityContext
  imagePullSecrets 15 [LocalObjectReference] map(name) merge(name)
  hostname 16 string ?
  subdomain 17 string ?
  affinity 18 Affinity
  schedulerName 19 string ?
  tolerations 22 [Toleration] atomic
  hostAliases 23 [HostAlias] map(ip) merge(ip)
  priorityClassName 24 string ?
  priority 25 int32
  dnsConfig 26 PodDNSConfig
  readinessGates 28 [PodReadinessGate] atomic
  runtimeClassName 29 string
  enableServiceLinks 30 bool
  preemptionPolicy 31 string = PreemptLowerPriority | Never
  overhead 32 {quantity}
  topologySpreadConstraints 33 [TopologySpreadConstraint] map(topologyKey,whenUnsatisfiable) merge(topologyKey)
  setHostnameAsFQDN 35 bool
  os 36 PodOS
  hostUsers 37 bool
  schedulingGates 38 [PodSchedulingGate] map(name) merge(name)
PodOS
  name 1 string !
PodSchedulingGate
  name 1 string !
TopologySpreadConstraint
  maxSkew 1 int32 !
  topologyKey 2 string !
  whenUnsatisfiable 3 string ! = DoNotSchedule | ScheduleAnyway
  labelSelector 4 meta/v1.LabelSelector
  minDomains 5 int32
  nodeAffinityPolicy 6 string = Ignore | Honor
  nodeTaintsPolicy 7 string = Ignore | Honor
  matchLabelKeys 8 [string] atomic
HostAlias
  ip 1 string !
  hostnames 2 [string] atomic
PodSecurityContext
  seLinuxOptions 1 SELinuxOptions
  windowsOptions 8 WindowsSecurityContextOptions
  runAsUser 2 int64
  runAsGroup 6 int64
  runAsNonRoot 3 bool
  supplementalGroups 4 [int64] atomic
  supplementalGroupsPolicy 12 string = Merge | Strict
  fsGroup 5 int64
  sysctls 7 [Sysctl] atomic
  fsGroupChangePolicy 9 string = OnRootMismatch | Always
  seccompProfile 10 SeccompProfile
  appArmorProfile 11 AppArmorProfile
  seLinuxChangePolicy 13 string
SeccompProfile
  type 1 string ! = Unconfined | RuntimeDefault | Localhost
  localhostProfile 2 string
AppArmorProfile
  type 1 string ! = Unconfined | RuntimeDefault | Localhost
  localhostProfile 2 string
PodDNSConfig
  nameservers 1 [string] atomic
  searches 2 [string] atomic
  options 3 [PodDNSConfigOption] atomic
PodDNSConfigOption
  name 1 string ?
  value 2 string
PodIP
  ip 1 string !
HostIP
  ip 1 string !
EphemeralContainerCommon
  name 1 string !
  image 2 string ?
  command 3 [string] atomic
  args 4 [string] atomic
  workingDir 5 string ?
  ports 6 [ContainerPort] map(containerPort,protocol) merge(containerPort)
  envFrom 19 [EnvFromSource] atomic
  env 7 [EnvVar] map(name) merge(name)
  resources 8 ResourceRequirements
  resizePolicy 23 [ContainerResizePolicy] atomic
  restartPolicy 24 string
  volumeMounts 9 [VolumeMount] map(mountPath) merge(mountPath)
  volumeDevices 21 [VolumeDevice] map(devicePath) merge(devicePath)
  livenessProbe 10 Probe
  readinessProbe 11 Probe
  startupProbe 22 Probe
  lifecycle 12 Lifecycle
  terminationMessagePath 13 string ?
  terminationMessagePolicy 20 string ? = File | FallbackToLogsOnError
  imagePullPolicy 14 string ? = Always | Never | IfNotPresent
  securityContext 15 SecurityContext
  stdin 16 bool ?
  stdinOnce 17 bool ?
  tty 18 bool ?
EphemeralContainer
  ~ EphemeralContainerCommon 1
  targetContainerName 2 string ?
PodStatus
  phase 1 string = Pending | Running | Succeeded | Failed | Unknown
  conditions 2 [PodCondition] map(type) merge(type)
  message 3 string
  reason 4 string
  nominatedNodeName 11 string
  hostIP 5 string
  hostIPs 16 [HostIP] atomic merge(ip)
  podIP 6 string
  podIPs 12 [PodIP] map(ip) merge(ip)
  startTime 7 time
  initContainerStatuses 10 [ContainerStatus] atomic
  containerStatuses 8 [ContainerStatus] atomic
  qosClass 9 string = Guaranteed | Burstable | BestEffort
  ephemeralContainerStatuses 13 [ContainerStatus] atomic
  resize 14 string
Pod
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 PodSpec
  status 3 PodStatus
PodTemplateSpec
  metadata 1 meta/v1.ObjectMeta
  spec 2 PodSpec
PodTemplate
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  template 2 PodTemplateSpec
ReplicationControllerSpec
  replicas 1 int32 default:1
  minReadySeconds 4 int32 ?
  selector 2 {string} atomic
  template 3 PodTemplateSpec
ReplicationControllerStatus
  replicas 1 int32 !
  fullyLabeledReplicas 2 int32
  readyReplicas 4 int32
  availableReplicas 5 int32
  observedGeneration 3 int64
  conditions 6 [ReplicationControllerCondition] map(type) merge(type)
ReplicationControllerCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
ReplicationController
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ReplicationControllerSpec
  status 3 ReplicationControllerStatus
SessionAffinityConfig
  clientIP 1 ClientIPConfig
ClientIPConfig
  timeoutSeconds 1 int32
ServiceStatus
  loadBalancer 1 LoadBalancerStatus
  conditions 2 [meta/v1.Condition] map(type) merge(type)
LoadBalancerStatus
  ingress 1 [LoadBalancerIngress] atomic
LoadBalancerIngress
  ip 1 string ?
  hostname 2 string ?
  ipMode 3 string
  ports 4 [PortStatus] atomic
ServiceSpec
  ports 1 [ServicePort] map(port,protocol) merge(port)
  selector 2 {string} atomic
  clusterIP 3 string ?
  clusterIPs 18 [string] atomic
  type 4 string ? = ClusterIP | NodePort | LoadBalancer | ExternalName
  externalIPs 5 [string] atomic
  sessionAffinity 7 string ? = ClientIP | None
  loadBalancerIP 8 string ?
  loadBalancerSourceRanges 9 [string] atomic
  externalName 10 string ?
  externalTrafficPolicy 11 string ? = Cluster | Local
  healthCheckNodePort 12 int32 ?
  publishNotReadyAddresses 13 bool ?
  sessionAffinityConfig 14 SessionAffinityConfig
  ipFamilies 19 [string] atomic = IPv4 | IPv6 | ''
  ipFamilyPolicy 17 string = SingleStack | PreferDualStack | RequireDualStack
  allocateLoadBalancerNodePorts 20 bool
  loadBalancerClass 21 string
  internalTrafficPolicy 22 string = Cluster | Local
  trafficDistribution 23 string
ServicePort
  name 1 string ?
  protocol 2 string ? default:"TCP" = TCP | UDP | SCTP
  appProtocol 6 string
  port 3 int32 !
  targetPort 4 intOrString ?
  nodePort 5 int32 ?
Service
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ServiceSpec
  status 3 ServiceStatus
ServiceAccount
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  secrets 2 [ObjectReference] map(name) merge(name)
  imagePullSecrets 3 [LocalObjectReference] atomic
  automountServiceAccountToken 4 bool
Endpoints
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  subsets 2 [EndpointSubset] atomic
EndpointSubset
  addresses 1 [EndpointAddress] atomic
  notReadyAddresses 2 [EndpointAddress] atomic
  ports 3 [EndpointPort] atomic
EndpointAddress atomic
  ip 1 string !
  hostname 3 string ?
  nodeName 4 string
  targetRef 2 ObjectReference
EndpointPort atomic
  name 1 string ?
  port 2 int32 !
  protocol 3 string ? = TCP | UDP | SCTP
  appProtocol 4 string
NodeSpec
  podCIDR 1 string ?
  podCIDRs 7 [string] set merge
  providerID 3 string ?
  unschedulable 4 bool ?
  taints 5 [Taint] atomic
  configSource 6 NodeConfigSource
  externalID 2 string ?
NodeConfigSource
  configMap 2 ConfigMapNodeConfigSource
ConfigMapNodeConfigSource
  namespace 1 string !
  name 2 string !
  uid 3 string ?
  resourceVersion 4 string ?
  kubeletConfigKey 5 string !
DaemonEndpoint
  Port 1 int32 !
NodeDaemonEndpoints
  kubeletEndpoint 1 DaemonEndpoint
NodeRuntimeHandlerFeatures
  recursiveReadOnlyMounts 1 bool
  userNamespaces 2 bool
NodeRuntimeHandler
  name 1 string ?
  features 2 NodeRuntimeHandlerFeatures
NodeFeatures
  supplementalGroupsPolicy 1 bool
NodeSystemInfo
  machineID 1 string !
  systemUUID 2 string !
  bootID 3 string !
  kernelVersion 4 string !
  osImage 5 string !
  containerRuntimeVersion 6 string !
  kubeletVersion 7 string !
  kubeProxyVersion 8 string !
  operatingSystem 9 string !
  architecture 10 string !
  swap 11 NodeSwapStatus
NodeSwapStatus
  capacity 1 int64
NodeConfigStatus
  assigned 1 NodeConfigSource
  active 2 NodeConfigSource
  lastKnownGood 3 NodeConfigSource
  error 4 string
NodeStatus
  capacity 1 {quantity}
  allocatable 2 {quantity}
  phase 3 string = Pending | Running | Terminated
  conditions 4 [NodeCondition] map(type) merge(type)
  addresses 5 [NodeAddress] map(type) merge(type)
  daemonEndpoints 6 NodeDaemonEndpoints
  nodeInfo 7 NodeSystemInfo
  images 8 [ContainerImage] atomic
  volumesInUse 9 [string] atomic
  volumesAttached 10 [AttachedVolume] atomic
  config 11 NodeConfigStatus
  runtimeHandlers 12 [NodeRuntimeHandler] atomic
  features 13 NodeFeatures
AttachedVolume
  name 1 string !
  devicePath 2 string !
ContainerImage
  names 1 [string] atomic
  sizeBytes 2 int64
NodeCondition
  type 1 string !
  status 2 string !
  lastHeartbeatTime 3 time
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
NodeAddress
  type 1 string !
  address 2 string !
Node
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 NodeSpec
  status 3 NodeStatus
NamespaceSpec
  finalizers 1 [string] atomic
NamespaceStatus
  phase 1 string = Active | Terminating
  conditions 2 [NamespaceCondition] map(type) merge(type)
NamespaceCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 4 time
  reason 5 string
  message 6 string
Namespace
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 NamespaceSpec
  status 3 NamespaceStatus
Binding
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  target 2 ObjectReference !
PodLogOptions
  ~ TypeMeta
  container 1 string ?
  follow 2 bool
  previous 3 bool
  sinceSeconds 4 int64
  sinceTime 5 time
  timestamps 6 bool
  tailLines 7 int64
  limitBytes 8 int64
  insecureSkipTLSVerifyBackend 9 bool
PodAttachOptions
  ~ TypeMeta
  stdin 1 bool
  stdout 2 bool
  stderr 3 bool
  tty 4 bool
  container 5 string ?
PodExecOptions
  ~ TypeMeta
  stdin 1 bool
  stdout 2 bool
  stderr 3 bool
  tty 4 bool
  container 5 string ?
  command 6 [string] ! atomic
PodPortForwardOptions
  ~ TypeMeta
  ports 1 [int32] atomic
PodProxyOptions
  ~ TypeMeta
  path 1 string ?
NodeProxyOptions
  ~ TypeMeta
  path 1 string ?
ServiceProxyOptions
  ~ TypeMeta
  path 1 string ?
ObjectReference atomic
  kind 1 string ?
  namespace 2 string ?
  name 3 string ?
  uid 4 string ?
  apiVersion 5 string ?
  resourceVersion 6 string ?
  fieldPath 7 string ?
LocalObjectReference atomic
  name 1 string ?
TypedLocalObjectReference atomic
  apiGroup 1 string
  kind 2 string !
  name 3 string !
EventSource
  component 1 string ?
  host 2 string ?
Event
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta !
  involvedObject 2 ObjectReference !
  reason 3 string ?
  message 4 string ?
  source 5 EventSource
  firstTimestamp 6 time
  lastTimestamp 7 time
  count 8 int32 ?
  type 9 string ?
  eventTime 10 microTime
  series 11 EventSeries
  action 12 string ?
  related 13 ObjectReference
  reportingComponent 14 string ?
  reportingInstance 15 string ?
EventSeries
  count 1 int32
  lastObservedTime 2 microTime
LimitRangeItem
  type 1 string !
  max 2 {quantity}
  min 3 {quantity}
  default 4 {quantity}
  defaultRequest 5 {quantity}
  maxLimitRequestRatio 6 {quantity}
LimitRangeSpec
  limits 1 [LimitRangeItem] ! atomic
LimitRange
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 LimitRangeSpec
ResourceQuotaSpec
  hard 1 {quantity}
  scopes 2 [string] atomic = Terminating | NotTerminating | BestEffort | NotBestEffort | PriorityClass | CrossNamespacePodAffinity
  scopeSelector 3 ScopeSelector
ScopeSelector atomic
  matchExpressions 1 [ScopedResourceSelectorRequirement] atomic
ScopedResourceSelectorRequirement
  scopeName 1 string ! = Terminating | NotTerminating | BestEffort | NotBestEffort | PriorityClass | CrossNamespacePodAffinity
  operator 2 string ! = In | NotIn | Exists | DoesNotExist
  values 3 [string] atomic
ResourceQuotaStatus
  hard 1 {quantity}
  used 2 {quantity}
ResourceQuota
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ResourceQuotaSpec
  status 3 ResourceQuotaStatus
Secret
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  immutable 5 bool
  data 2 {bytes}
  stringData 4 {string}
  type 3 string ?
ConfigMap
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  immutable 4 bool
  data 2 {string}
  binaryData 3 {bytes}
ComponentCondition
  type 1 string !
  status 2 string !
  message 3 string
  error 4 string
ComponentStatus
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  conditions 2 [ComponentCondition] map(type) merge(type)
DownwardAPIVolumeSource
  items 1 [DownwardAPIVolumeFile] atomic
  defaultMode 2 int32
DownwardAPIVolumeFile
  path 1 string !
  fieldRef 2 ObjectFieldSelector
  resourceFieldRef 3 ResourceFieldSelector
  mode 4 int32
DownwardAPIProjection
  items 1 [DownwardAPIVolumeFile] atomic
SecurityContext
  capabilities 1 Capabilities
  privileged 2 bool
  seLinuxOptions 3 SELinuxOptions
  windowsOptions 10 WindowsSecurityContextOptions
  runAsUser 4 int64
  runAsGroup 8 int64
  runAsNonRoot 5 bool
  readOnlyRootFilesystem 6 bool
  allowPrivilegeEscalation 7 bool
  procMount 9 string = Default | Unmasked
  seccompProfile 11 SeccompProfile
  appArmorProfile 12 AppArmorProfile
SELinuxOptions
  user 1 string ?
  role 2 string ?
  type 3 string ?
  level 4 string ?
WindowsSecurityContextOptions
  gmsaCredentialSpecName 1 string
  gmsaCredentialSpec 2 string
  runAsUserName 3 string
  hostProcess 4 bool
Sysctl
  name 1 string !
  value 2 string !
PortStatus
  port 1 int32 !
  protocol 2 string ! = TCP | UDP | SCTP
  error 3 string
`
