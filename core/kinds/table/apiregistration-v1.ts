/** The types of apiregistration/v1; the form is explained in `parse.ts`. */
export const apiregistrationV1 = `
ServiceReference
  namespace 1 string ?
  name 2 string ?
  port 3 int32
APIServiceSpec
  service 1 ServiceReference
  group 2 string ?
  version 3 string ?
  insecureSkipTLSVerify 4 bool ?
  caBundle 5 bytes ?
  groupPriorityMinimum 7 int32 !
  versionPriority 8 int32 !
APIServiceCondition
  type 1 string !
  status 2 string !
  lastTransitionTime 3 time
  reason 4 string
  message 5 string
APIServiceStatus
  conditions 1 [APIServiceCondition] map(type) merge(type)
APIService
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 APIServiceSpec
  status 3 APIServiceStatus
`
