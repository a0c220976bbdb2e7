/** The types of authentication/v1; the form is explained in `parse.ts`. */
export const authenticationV1 = `
TokenReview
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 TokenReviewSpec !
  status 3 TokenReviewStatus
TokenReviewSpec
  token 1 string ?
  audiences 2 [string] atomic
TokenReviewStatus
  authenticated 1 bool
  user 2 UserInfo
  audiences 4 [string] atomic
  error 3 string
UserInfo
  username 1 string ?
  uid 2 string ?
  groups 3 [string] atomic
  extra 4 {[string]}
TokenRequest
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 TokenRequestSpec !
  status 3 TokenRequestStatus
TokenRequestSpec
  audiences 1 [string] ! atomic
  expirationSeconds 4 int64
  boundObjectRef 3 BoundObjectReference
TokenRequestStatus
  token 1 string !
  expirationTimestamp 2 time !
BoundObjectReference
  kind 1 string ?
  apiVersion 2 string ?
  name 3 string ?
  uid 4 string ?
SelfSubjectReview
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  status 2 SelfSubjectReviewStatus
SelfSubjectReviewStatus
  userInfo 1 UserInfo
`
