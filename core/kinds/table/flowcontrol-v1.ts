/** The types of flowcontrol/v1; the form is explained in `parse.ts`. */
export const flowcontrolV1 = `
FlowSchema
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 FlowSchemaSpec
  status 3 FlowSchemaStatus
FlowSchemaSpec
  priorityLevelConfiguration 1 PriorityLevelConfigurationReference !
  matchingPrecedence 2 int32
  distinguisherMethod 3 FlowDistinguisherMethod
  rules 4 [PolicyRulesWithSubjects] atomic
FlowDistinguisherMethod
  type 1 string !
PriorityLevelConfigurationReference
  name 1 string !
PolicyRulesWithSubjects
  subjects 1 [Subject] ! atomic
  resourceRules 2 [ResourcePolicyRule] atomic
  nonResourceRules 3 [NonResourcePolicyRule] atomic
Subject
  kind 1 string !
  user 2 UserSubject
  group 3 GroupSubject
  serviceAccount 4 ServiceAccountSubject
UserSubject
  name 1 string !
GroupSubject
  name 1 string !
ServiceAccountSubject
  namespace 1 string !
  name 2 string !
ResourcePolicyRule
  verbs 1 [string] ! set
  apiGroups 2 [string] ! set
  resources 3 [string] ! set
  clusterScope 4 bool ?
  namespaces 5 [string] set
NonResourcePolicyRule
  verbs 1 [string] ! set
  nonResourceURLs 6 [string] ! set
FlowSchemaStatus
  conditions 1 [FlowSchemaCondition] map(type) merge(type)
FlowSchemaCondition
  type 1 string
  status 2 string
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
PriorityLevelConfiguration
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 PriorityLevelConfigurationSpec
  status 3 PriorityLevelConfigurationStatus
PriorityLevelConfigurationSpec
  type 1 string !
  limited 2 LimitedPriorityLevelConfiguration
  exempt 3 ExemptPriorityLevelConfiguration
LimitedPriorityLevelConfiguration
  nominalConcurrencyShares 1 int32
  limitResponse 2 LimitResponse
  lendablePercent 3 int32
  borrowingLimitPercent 4 int32
ExemptPriorityLevelConfiguration
  nominalConcurrencyShares 1 int32
  lendablePercent 2 int32
LimitResponse
  type 1 string !
  queuing 2 QueuingConfiguration
QueuingConfiguration
  queues 1 int32 ?
  handSize 2 int32 ?
  queueLengthLimit 3 int32 ?
PriorityLevelConfigurationStatus
  conditions 1 [PriorityLevelConfigurationCondition] map(type) merge(type)
PriorityLevelConfigurationCondition
  type 1 string
  status 2 string
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
`
