/** The types of scheduling/v1; the form is explained in `parse.ts`. */
export const schedulingV1 = `
PriorityClass
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  value 2 int32 !
  globalDefault 3 bool ?
  description 4 string ?
  preemptionPolicy 5 string
`
