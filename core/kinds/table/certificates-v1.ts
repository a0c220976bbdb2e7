/** The types of certificates/v1; the form is explained in `parse.ts`. */
export const certificatesV1 = `
CertificateSigningRequest
  ~ TypeMeta
  metadata 1 meta/v1.ObjectMeta
  spec 2 CertificateSigningRequestSpec !
  status 3 CertificateSigningRequestStatus
CertificateSigningRequestSpec
  request 1 bytes !
  signerName 7 string !
  expirationSeconds 8 int32
  usages 5 [string] atomic = signing | digital signature | content commitment | key encipherment | key agreement | data encipherment | cert sign | crl sign | encipher only | decipher only | any | server auth | client auth | code signing | email protection | s/mime | ipsec end system | ipsec tunnel | ipsec user | timestamping | ocsp signing | microsoft sgc | netscape sgc
  username 2 string ?
  uid 3 string ?
  groups 4 [string] atomic
  extra 6 {[string]}
CertificateSigningRequestStatus
  conditions 1 [CertificateSigningRequestCondition] map(type)
  certificate 2 bytes
CertificateSigningRequestCondition
  type 1 string !
  status 6 string !
  reason 2 string
  message 3 string
  lastUpdateTime 4 time
  lastTransitionTime 5 time
`
