/** The types of meta/v1; the form is explained in `parse.ts`. */
export const metaV1 = `
GroupVersionResource
  group 1 string !
  version 2 string !
  resource 3 string !
GroupVersionKind
  group 1 string !
  version 2 string !
  kind 3 string !
ListMeta
  selfLink 1 string ?
  resourceVersion 2 string ?
  continue 3 string ?
  remainingItemCount 4 int64
ObjectMeta
  name 1 string ?
  generateName 2 string ?
  namespace 3 string ?
  selfLink 4 string ?
  uid 5 string ?
  resourceVersion 6 string ?
  generation 7 int64 ?
  creationTimestamp 8 time
  deletionTimestamp 9 time
  deletionGracePeriodSeconds 10 int64
  labels 11 {string}
  annotations 12 {string}
  ownerReferences 13 [OwnerReference] map(uid) merge(uid)
  finalizers 14 [string] set merge
  managedFields 17 [ManagedFieldsEntry] atomic
OwnerReference atomic
  apiVersion 5 string !
  kind 1 string !
  name 3 string !
  uid 4 string !
  controller 6 bool
  blockOwnerDeletion 7 bool
ListOptions
  ~ TypeMeta
  labelSelector 1 string ?
  fieldSelector 2 string ?
  watch 3 bool
  allowWatchBookmarks 9 bool
  resourceVersion 4 string ?
  resourceVersionMatch 10 string ?
  timeoutSeconds 5 int64
  limit 7 int64
  continue 8 string ?
  sendInitialEvents 11 bool
GetOptions
  ~ TypeMeta
  resourceVersion 1 string ?
DeleteOptions
  ~ TypeMeta
  gracePeriodSeconds 1 int64
  preconditions 2 Preconditions
  orphanDependents 3 bool
  propagationPolicy 4 string
  dryRun 5 [string] atomic
  ignoreStoreReadErrorWithClusterBreakingPotential 6 bool
CreateOptions
  ~ TypeMeta
  dryRun 1 [string] atomic
  fieldManager 3 string ?
  fieldValidation 4 string ?
PatchOptions
  ~ TypeMeta
  dryRun 1 [string] atomic
  force 2 bool
  fieldManager 3 string ?
  fieldValidation 4 string ?
ApplyOptions
  ~ TypeMeta
  dryRun 1 [string] atomic
  force 2 bool !
  fieldManager 3 string !
UpdateOptions
  ~ TypeMeta
  dryRun 1 [string] atomic
  fieldManager 2 string ?
  fieldValidation 3 string ?
Preconditions
  uid 1 string
  resourceVersion 2 string
Status
  ~ TypeMeta
  metadata 1 ListMeta
  status 2 string ?
  message 3 string ?
  reason 4 string ?
  details 5 StatusDetails
  code 6 int32 ?
StatusDetails
  name 1 string ?
  group 2 string ?
  kind 3 string ?
  uid 6 string ?
  causes 4 [StatusCause] atomic
  retryAfterSeconds 5 int32 ?
StatusCause
  reason 1 string ?
  message 2 string ?
  field 3 string ?
List
  ~ TypeMeta
  metadata 1 ListMeta
  items 2 [any] !
APIVersions
  ~ TypeMeta
  versions 1 [string] ! atomic
  serverAddressByClientCIDRs 2 [ServerAddressByClientCIDR] ! atomic
APIGroupList
  ~ TypeMeta
  groups 1 [APIGroup] ! atomic
APIGroup
  ~ TypeMeta
  name 1 string !
  versions 2 [GroupVersionForDiscovery] ! atomic
  preferredVersion 3 GroupVersionForDiscovery
  serverAddressByClientCIDRs 4 [ServerAddressByClientCIDR] atomic
ServerAddressByClientCIDR
  clientCIDR 1 string !
  serverAddress 2 string !
GroupVersionForDiscovery
  groupVersion 1 string !
  version 2 string !
APIResource
  name 1 string !
  singularName 6 string !
  namespaced 2 bool !
  group 8 string ?
  version 9 string ?
  kind 3 string !
  verbs 4 [string] !
  shortNames 5 [string] atomic
  categories 7 [string] atomic
  storageVersionHash 10 string ?
APIResourceList
  ~ TypeMeta
  groupVersion 1 string !
  resources 2 [APIResource] ! atomic
LabelSelector atomic
  matchLabels 1 {string}
  matchExpressions 2 [LabelSelectorRequirement] atomic
LabelSelectorRequirement
  key 1 string !
  operator 2 string !
  values 3 [string] atomic
FieldSelectorRequirement
  key 1 string !
  operator 2 string !
  values 3 [string] atomic
ManagedFieldsEntry
  manager 1 string ?
  operation 2 string ?
  apiVersion 3 string ?
  time 4 time
  fieldsType 6 string ?
  fieldsV1 7 any
  subresource 8 string ?
Table
  ~ TypeMeta
  metadata 0 ListMeta
  columnDefinitions 0 [TableColumnDefinition] ! atomic
  rows 0 [TableRow] ! atomic
TableColumnDefinition
  name 0 string !
  type 0 string !
  format 0 string !
  description 0 string !
  priority 0 int32 !
TableRow
  cells 0 [any] ! atomic
  conditions 0 [TableRowCondition] atomic
  object 0 any
TableRowCondition
  type 0 string !
  status 0 string !
  reason 0 string
  message 0 string
TableOptions
  ~ TypeMeta
  includeObject 1 string ?
PartialObjectMetadata
  ~ TypeMeta
  metadata 1 ObjectMeta
Condition
  type 1 string !
  status 2 string !
  observedGeneration 3 int64
  lastTransitionTime 4 time !
  reason 5 string !
  message 6 string !
WatchEvent
  type 1 string !
  object 2 any !
`
