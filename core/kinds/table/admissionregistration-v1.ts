/** The types of admissionregistration/v1; the form is explained in `parse.ts`. */
export const admissionregistrationV1 = `
Rule
  apiGroups 1 [string] atomic
  apiVersions 2 [string] atomic
  resources 3 [string] atomic
  scope 4 string = Cluster | Namespaced | *
ValidatingAdmissionPolicy
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ValidatingAdmissionPolicySpec
  status 3 ValidatingAdmissionPolicyStatus
ValidatingAdmissionPolicyStatus
  observedGeneration 1 int64
  typeChecking 2 TypeChecking
  conditions 3 [meta/v1.Condition] map(type)
TypeChecking
  expressionWarnings 1 [ExpressionWarning] atomic
ExpressionWarning
  fieldRef 2 string !
  warning 3 string !
ValidatingAdmissionPolicySpec
  paramKind 1 ParamKind
  matchConstraints 2 MatchResources
  validations 3 [Validation] atomic
  failurePolicy 4 string = Ignore | Fail
  auditAnnotations 5 [AuditAnnotation] atomic
  matchConditions 6 [MatchCondition] map(name) merge(name)
  variables 7 [Variable] map(name) merge(name)
ParamKind atomic
  apiVersion 1 string ?
  kind 2 string ?
Validation
  expression 1 string !
  message 2 string ?
  reason 3 string
  messageExpression 4 string ?
Variable
  name 1 string !
  expression 2 string !
AuditAnnotation
  key 1 string !
  valueExpression 2 string !
ValidatingAdmissionPolicyBinding
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 ValidatingAdmissionPolicyBindingSpec
ValidatingAdmissionPolicyBindingSpec
  policyName 1 string ?
  paramRef 2 ParamRef
  matchResources 3 MatchResources
  validationActions 4 [string] set = Deny | Warn | Audit
ParamRef atomic
  name 1 string ?
  namespace 2 string ?
  selector 3 meta/v1.LabelSelector
  parameterNotFoundAction 4 string
MatchResources atomic
  namespaceSelector 1 meta/v1.LabelSelector
  objectSelector 2 meta/v1.LabelSelector
  resourceRules 3 [NamedRuleWithOperations] atomic
  excludeResourceRules 4 [NamedRuleWithOperations] atomic
  matchPolicy 7 string = Exact | Equivalent
NamedRuleWithOperations atomic
  resourceNames 1 [string] atomic
  ~ RuleWithOperations 2
ValidatingWebhookConfiguration
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  webhooks 2 [ValidatingWebhook] map(name) merge(name)
MutatingWebhookConfiguration
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  webhooks 2 [MutatingWebhook] map(name) merge(name)
ValidatingWebhook
  name 1 string !
  clientConfig 2 WebhookClientConfig !
  rules 3 [RuleWithOperations] atomic
  failurePolicy 4 string = Ignore | Fail
  matchPolicy 9 string = Exact | Equivalent
  namespaceSelector 5 meta/v1.LabelSelector
  objectSelector 10 meta/v1.LabelSelector
  sideEffects 6 string ! = Unknown | None | Some | NoneOnDryRun
  timeoutSeconds 7 int32
  admissionReviewVersions 8 [string] ! atomic
  matchConditions 11 [MatchCondition] map(name) merge(name)
MutatingWebhook
  name 1 string !
  clientConfig 2 WebhookClientConfig !
  rules 3 [RuleWithOperations] atomic
  failurePolicy 4 string = Ignore | Fail
  matchPolicy 9 string = Exact | Equivalent
  namespaceSelector 5 meta/v1.LabelSelector
  objectSelector 11 meta/v1.LabelSelector
  sideEffects 6 string ! = Unknown | None | Some | NoneOnDryRun
  timeoutSeconds 7 int32
  admissionReviewVersions 8 [string] ! atomic
  reinvocationPolicy 10 string = Never | IfNeeded
  matchConditions 12 [MatchCondition] map(name) merge(name)
RuleWithOperations
  operations 1 [string] atomic = * | CREATE | UPDATE | DELETE | CONNECT
  ~ Rule 2
WebhookClientConfig
  url 3 string
  service 1 ServiceReference
  caBundle 2 bytes ?
ServiceReference
  namespace 1 string !
  name 2 string !
  path 3 string
  port 4 int32
MatchCondition
  name 1 string !
  expression 2 string !
`
