/** How a definition says that its versions are converted. */
import type { FieldError } from '../contract.js'
import { forbidden, invalid, notSupported, required } from '../field-error.js'
import type { CustomResourceConversion, WebhookClientConfig } from '../types.js'

/** The versions of ConversionReview that the server can send. */
const reviewVersions = ['v1', 'v1beta1']

export function checkConversion(errors: FieldError[], conversion: CustomResourceConversion | undefined, path: string): void {
  if (conversion === undefined) return
  const { strategy, webhook } = conversion
  if (strategy !== 'None' && strategy !== 'Webhook') {
    if (strategy) errors.push(notSupported(`${path}.strategy`, strategy, ['None', 'Webhook']))
    return
  }
  if (strategy === 'None') {
    const detail = 'should not be set when strategy is not set to Webhook'
    if (webhook !== undefined) errors.push(forbidden(`${path}.webhook`, detail))
    return
  }
  const at = `${path}.webhookClientConfig`
  if (webhook?.clientConfig === undefined) errors.push(required(at, 'required when strategy is set to Webhook'))
  else checkClient(errors, webhook.clientConfig, at)
  const versions = webhook?.conversionReviewVersions ?? []
  const versionsAt = `${path}.conversionReviewVersions`
  if (versions.length === 0) errors.push(required(versionsAt))
  else if (!versions.some((version) => reviewVersions.includes(version))) {
    errors.push(invalid(versionsAt, versions, `must include at least one of ${reviewVersions.join(', ')}`))
  }
}

function checkClient(errors: FieldError[], { url, service, caBundle }: WebhookClientConfig, path: string): void {
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(path, 'exactly one of url or service is required'))
  } else if (url !== undefined) checkUrl(errors, url, `${path}.url`)
  else if (service !== undefined) {
    if (!service.name) errors.push(required(`${path}.service.name`, 'service name is required'))
    if (!service.namespace) errors.push(required(`${path}.service.namespace`, 'service namespace is required'))
    const { path: place, port = 443 } = service
    const isPath = place === undefined || (place.startsWith('/') && !place.includes('//'))
    if (!isPath) errors.push(invalid(`${path}.service.path`, place, "must start with a '/' and must not have empty segments"))
    if (port < 1 || port > 65535) {
      errors.push(invalid(`${path}.service.port`, port, 'port is not valid: must be between 1 and 65535, inclusive'))
    }
  }
  if (caBundle && !Buffer.from(caBundle, 'base64').includes('-----BEGIN CERTIFICATE-----')) {
    const detail = 'unable to load root certificates: unable to parse bytes as PEM block'
    errors.push(invalid(`${path}.caBundle`, caBundle, detail))
  }
}

function checkUrl(errors: FieldError[], text: string, path: string): void {
  const form = '; desired format: https://host[/path]'
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url) {
    errors.push(required(path, `url must be a valid URL${form}`))
    return
  }
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'https') errors.push(invalid(path, scheme, `'https' is the only allowed URL scheme${form}`))
  if (url.host === '') errors.push(invalid(path, url.host, `host must be specified${form}`))
  if (url.username !== '' || url.password !== '') {
    errors.push(invalid(path, url.username, `user information is not permitted in the URL${form}`))
  }
  if (url.hash !== '') errors.push(invalid(path, url.hash.slice(1), `fragments are not permitted in the URL${form}`))
  if (url.search !== '') {
    errors.push(invalid(path, url.search.slice(1), `query parameters are not permitted in the URL${form}`))
  }
}
