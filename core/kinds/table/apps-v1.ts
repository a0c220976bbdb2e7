/** The types of apps/v1; the form is explained in `parse.ts`. */
export const appsV1 = `
StatefulSet
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 StatefulSetSpec
  status 3 StatefulSetStatus
StatefulSetUpdateStrategy
  type 1 string ? = RollingUpdate | OnDelete
  rollingUpdate 2 RollingUpdateStatefulSetStrategy
RollingUpdateStatefulSetStrategy
  partition 1 int32
StatefulSetPersistentVolumeClaimRetentionPolicy
  whenDeleted 1 string ? = Retain | Delete
  whenScaled 2 string ? = Retain | Delete
StatefulSetOrdinals
  start 1 int32 ?
StatefulSetSpec
  replicas 1 int32
  selector 2 meta/v1.LabelSelector !
  template 3 core/v1.PodTemplateSpec !
  volumeClaimTemplates 4 [core/v1.PersistentVolumeClaim] atomic
  serviceName 5 string ?
  podManagementPolicy 6 string ? = OrderedReady | Parallel
  updateStrategy 7 StatefulSetUpdateStrategy
  revisionHistoryLimit 8 int32
  minReadySeconds 9 int32 ?
  persistentVolumeClaimRetentionPolicy 10 StatefulSetPersistentVolumeClaimRetentionPolicy
  ordinals 11 StatefulSetOrdinals
StatefulSetStatus
  observedGeneration 1 int64
  replicas 2 int32 !
  readyReplicas 3 int32
  currentReplicas 4 int32
  updatedReplicas 5 int32
  currentRevision 6 string
  updateRevision 7 string
  collisionCount 9 int32
  conditions 10 [StatefulSetCondition] map(type) merge(type)
  availableReplicas 11 int32
StatefulSetCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
Deployment
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 DeploymentSpec
  status 3 DeploymentStatus
DeploymentSpec
  replicas 1 int32
  selector 2 meta/v1.LabelSelector !
  template 3 core/v1.PodTemplateSpec !
  strategy 4 DeploymentStrategy retainKeys
  minReadySeconds 5 int32 ?
  revisionHistoryLimit 6 int32
  paused 7 bool ?
  progressDeadlineSeconds 9 int32
DeploymentStrategy
  type 1 string ? = Recreate | RollingUpdate
  rollingUpdate 2 RollingUpdateDeployment
RollingUpdateDeployment
  maxUnavailable 1 intOrString
  maxSurge 2 intOrString
DeploymentStatus
  observedGeneration 1 int64
  replicas 2 int32
  updatedReplicas 3 int32
  readyReplicas 7 int32
  availableReplicas 4 int32
  unavailableReplicas 5 int32
  terminatingReplicas 9 int32
  conditions 6 [DeploymentCondition] map(type) merge(type)
  collisionCount 8 int32
DeploymentCondition
  type 1 string !
  status 2 string !
  lastUpdateTime 6 time
  lastTransitionTime 7 time
  reason 4 string
  message 5 string
DaemonSetUpdateStrategy
  type 1 string ? = RollingUpdate | OnDelete
  rollingUpdate 2 RollingUpdateDaemonSet
RollingUpdateDaemonSet
  maxUnavailable 1 intOrString
  maxSurge 2 intOrString
DaemonSetSpec
  selector 1 meta/v1.LabelSelector !
  template 2 core/v1.PodTemplateSpec !
  updateStrategy 3 DaemonSetUpdateStrategy
  minReadySeconds 4 int32 ?
  revisionHistoryLimit 6 int32
DaemonSetStatus
  currentNumberScheduled 1 int32 !
  numberMisscheduled 2 int32 !
  desiredNumberScheduled 3 int32 !
  numberReady 4 int32 !
  observedGeneration 5 int64
  updatedNumberScheduled 6 int32
  numberAvailable 7 int32
  numberUnavailable 8 int32
  collisionCount 9 int32
  conditions 10 [DaemonSetCondition] map(type) merge(type)
DaemonSetCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
DaemonSet
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 DaemonSetSpec
  status 3 DaemonSetStatus
ReplicaSet
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ReplicaSetSpec
  status 3 ReplicaSetStatus
ReplicaSetSpec
  replicas 1 int32
  minReadySeconds 4 int32 ?
  selector 2 meta/v1.LabelSelector !
  template 3 core/v1.PodTemplateSpec
ReplicaSetStatus
  replicas 1 int32 !
  fullyLabeledReplicas 2 int32
  readyReplicas 4 int32
  availableReplicas 5 int32
  terminatingReplicas 7 int32
  observedGeneration 3 int64
  conditions 6 [ReplicaSetCondition] map(type) merge(type)
ReplicaSetCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
ControllerRevision
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  data 2 any
  revision 3 int64 !
`
