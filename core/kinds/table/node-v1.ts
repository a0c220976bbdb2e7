/** The types of node/v1; the form is explained in `parse.ts`. */
export const nodeV1 = `
RuntimeClass
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  handler 2 string !
  overhead 3 Overhead
  scheduling 4 Scheduling
Overhead
  podFixed 1 {quantity}
Scheduling
  nodeSelector 1 {string} atomic
  tolerations 2 [core/v1.Toleration] atomic
`
