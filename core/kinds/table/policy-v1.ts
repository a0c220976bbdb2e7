/** The types of policy/v1; the form is explained in `parse.ts`. */
export const policyV1 = `
PodDisruptionBudgetSpec
  minAvailable 1 intOrString
  selector 2 meta/v1.LabelSelector
  maxUnavailable 3 intOrString
  unhealthyPodEvictionPolicy 4 string = IfHealthyBudget | AlwaysAllow
PodDisruptionBudgetStatus
  observedGeneration 1 int64
  disruptedPods 2 {time}
  disruptionsAllowed 3 int32 !
  currentHealthy 4 int32 !
  desiredHealthy 5 int32 !
  expectedPods 6 int32 !
  conditions 7 [meta/v1.Condition] map(type) merge(type)
PodDisruptionBudget
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 PodDisruptionBudgetSpec
  status 3 PodDisruptionBudgetStatus
Eviction
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  deleteOptions 2 meta/v1.DeleteOptions
`
