/** The types of metrics.k8s.io/v1beta1; the form is explained in `parse.ts`. */
export const metricsV1beta1 = `
NodeMetrics
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  timestamp 2 time !
  window 3 duration !
  usage 4 {quantity} !
PodMetrics
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  timestamp 2 time !
  window 3 duration !
  containers 4 [ContainerMetrics] !
ContainerMetrics
  name 1 string !
  usage 2 {quantity} !
`
