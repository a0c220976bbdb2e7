/** The types of coordination/v1; the form is explained in `parse.ts`. */
export const coordinationV1 = `
Lease
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 LeaseSpec
LeaseSpec
  holderIdentity 1 string
  leaseDurationSeconds 2 int32
  acquireTime 3 microTime
  renewTime 4 microTime
  leaseTransitions 5 int32
`
