/** The types of rbac/v1; the form is explained in `parse.ts`. */
export const rbacV1 = `
PolicyRule
  verbs 1 [string] ! atomic
  apiGroups 2 [string] atomic
  resources 3 [string] atomic
  resourceNames 4 [string] atomic
  nonResourceURLs 5 [string] atomic
Subject atomic
  kind 1 string !
  apiGroup 2 string ?
  name 3 string !
  namespace 4 string ?
RoleRef atomic
  apiGroup 1 string !
  kind 2 string !
  name 3 string !
Role
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  rules 2 [PolicyRule] atomic
RoleBinding
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  subjects 2 [Subject] atomic
  roleRef 3 RoleRef !
ClusterRole
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  rules 2 [PolicyRule] atomic
  aggregationRule 3 AggregationRule
AggregationRule
  clusterRoleSelectors 1 [meta/v1.LabelSelector] atomic
ClusterRoleBinding
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  subjects 2 [Subject] atomic
  roleRef 3 RoleRef !
`
