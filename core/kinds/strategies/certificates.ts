/** Requests for certificates. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { duplicate, invalid, required } from '../field-error.js'
import { dnsLabel, dnsSubdomain, type NameCheck } from '../names.js'
import type { CertificateSigningRequest } from '../types.js'
import { checkUnchanged } from './shared.js'

const LEAST_SECONDS = 600
const PATH_FORM = 'must be a fully qualified domain and path of the form "example.com/signer-name"'
const LEGACY = 'kubernetes.io/legacy-unknown'

export const signingRequestStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const { request, usages = [], signerName, expirationSeconds } = (object as CertificateSigningRequest).spec
    if (!request) errors.push(required('spec.request'))
    else if (!/-----BEGIN CERTIFICATE REQUEST-----/.test(Buffer.from(request, 'base64').toString())) {
      errors.push(invalid('spec.request', request, 'PEM block type must be CERTIFICATE REQUEST'))
    }
    if (usages.length === 0) errors.push(required('spec.usages'))
    for (const [index, usage] of usages.entries()) {
      if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage))
    }
    if (signerName) checkSigner(errors, 'spec.signerName', signerName)
    if (expirationSeconds !== undefined && expirationSeconds < LEAST_SECONDS) {
      const detail = 'may not specify a duration less than 600 seconds (10 minutes)'
      errors.push(invalid('spec.expirationSeconds', expirationSeconds, detail))
    }
    return errors
  },
  validateUpdate(object: KubeObject, old: KubeObject) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec', object.spec, old.spec)
    return errors
  },
}

function checkSigner(errors: FieldError[], at: string, name: string): void {
  if (name === LEGACY) {
    errors.push(invalid(at, name, 'the legacy signerName is not allowed via this API version'))
    return
  }
  const [domain = '', path = '', ...more] = name.split('/')
  if (domain === '' || path === '' || more.length > 0) {
    errors.push(invalid(at, name, PATH_FORM))
    return
  }
  const labels = domain.split('.')
  checkLabels(errors, at, domain, dnsLabel)
  if (labels.length < 2) errors.push(invalid(at, domain, 'should be a domain with at least two segments separated by dots'))
  checkLabels(errors, at, path, dnsSubdomain)
}

/** The first that is none is enough. */
function checkLabels(errors: FieldError[], at: string, name: string, check: NameCheck): void {
  const label = name.split('.').find((one) => check(one) !== undefined)
  if (label !== undefined) errors.push(invalid(at, name, `validating label ${JSON.stringify(label)}: ${check(label)}`))
}
