/** Checks of a webhook's rules and of the place where it is called, and of the place behind an APIService. */
import type { FieldError } from '../contract.js'
import { checkName, invalid, notSupported, PORT_RANGE, required } from '../field-error.js'
import { dnsSubdomain } from '../names.js'
import type { APIService, RuleWithOperations, WebhookClientConfig } from '../types.js'

const operationNames = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const scopes = ['*', 'Cluster', 'Namespaced']
const form = '; desired format: https://host[/path]'

export function checkClientConfig(errors: FieldError[], at: string, config: WebhookClientConfig | undefined): void {
  const { url, service } = config ?? {}
  if ((url === undefined) === (service === undefined)) {
    errors.push(required(at, 'exactly one of url or service is required'))
    return
  }
  if (url !== undefined) checkUrl(errors, `${at}.url`, url)
  if (service === undefined) return
  if (!service.name) errors.push(required(`${at}.service.name`, 'service name is required'))
  if (!service.namespace) errors.push(required(`${at}.service.namespace`, 'service namespace is required'))
  checkPort(errors, `${at}.service.port`, service.port, `port is not valid: ${PORT_RANGE}`)
  if (service.path !== undefined) checkPath(errors, `${at}.service.path`, service.path)
}

function checkUrl(errors: FieldError[], at: string, text: string): void {
  if (!/^https:\/\//.test(text)) {
    const scheme = /^([a-z][\w+.-]*):/i.exec(text)?.[1] ?? ''
    errors.push(invalid(at, scheme, `'https' is the only allowed URL scheme${form}`))
    return
  }
  if (!URL.canParse(text)) {
    errors.push(invalid(at, text, `url must be a valid URL${form}`))
    return
  }
  const { username, password, hash, search } = new URL(text)
  if (username || password) errors.push(invalid(at, username, 'user information is not permitted in the URL'))
  if (hash) errors.push(invalid(at, hash.slice(1), 'fragments are not permitted in the URL'))
  if (search) errors.push(invalid(at, search.slice(1), 'query parameters are not permitted in the URL'))
}

function checkPath(errors: FieldError[], at: string, path: string): void {
  if (!path.startsWith('/')) {
    errors.push(invalid(at, path, "must start with a '/'"))
    return
  }
  const segments = path.replace(/\/$/, '').slice(1).split('/')
  if (path === '/') return
  for (const [index, segment] of segments.entries()) {
    const problem = segment === '' ? 'may not be empty' : dnsSubdomain(segment)
    if (problem !== undefined)
      errors.push(invalid(at, path, segment === '' ? `segment[${index}] ${problem}` : `segment[${index}]: ${problem}`))
  }
}

function checkPort(errors: FieldError[], at: string, port: number | undefined, detail: string): void {
  if (port !== undefined && (port < 1 || port > 65_535)) errors.push(invalid(at, port, detail))
}

export function checkRule(errors: FieldError[], at: string, rule: RuleWithOperations): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  if (operations.length === 0) errors.push(required(`${at}.operations`))
  checkWildcard(errors, `${at}.operations`, operations, 'operations')
  for (const [index, operation] of operations.entries()) {
    if (!operationNames.includes(operation)) errors.push(notSupported(`${at}.operations[${index}]`, operation, operationNames))
  }
  if (apiGroups.length === 0) errors.push(required(`${at}.apiGroups`))
  checkWildcard(errors, `${at}.apiGroups`, apiGroups, 'API groups')
  if (apiVersions.length === 0) errors.push(required(`${at}.apiVersions`))
  checkWildcard(errors, `${at}.apiVersions`, apiVersions, 'API versions')
  for (const [index, version] of apiVersions.entries()) if (version === '') errors.push(required(`${at}.apiVersions[${index}]`))
  checkResources(errors, `${at}.resources`, resources)
  if (scope !== undefined && !scopes.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, scopes))
}

function checkWildcard(errors: FieldError[], at: string, list: readonly string[], what: string): void {
  if (list.length > 1 && list.includes('*')) errors.push(invalid(at, list, `if '*' is present, must not specify other ${what}`))
}

function checkResources(errors: FieldError[], at: string, resources: readonly string[]): void {
  if (resources.length === 0) errors.push(required(at))
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalid(at, resources, "if '*/*' is present, must not specify other resources"))
  }
  for (const [index, resource] of resources.entries()) {
    const [main = '', part] = resource.split('/', 2)
    if (main === '') errors.push(required(`${at}[${index}]`))
    else if (part === undefined) continue
    else if (part === '') errors.push(invalid(`${at}[${index}]`, resource, 'must not end with a slash'))
    else if (part !== '*' && main !== '*' && resources.includes(`${main}/*`)) {
      errors.push(invalid(`${at}[${index}]`, resource, `if '${main}/*' is present, must not specify ${resource}`))
    } else if (part !== '*' && main !== '*' && resources.includes(`*/${part}`)) {
      errors.push(invalid(`${at}[${index}]`, resource, `if '*/${part}' is present, must not specify ${resource}`))
    }
  }
}

export function checkApiService({ metadata, spec }: APIService): FieldError[] {
  const errors: FieldError[] = []
  const { group = '', version = '', service, caBundle, insecureSkipTLSVerify } = spec ?? {}
  const name = `${version}.${group}`
  if (metadata.name !== name) {
    errors.push(invalid('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`))
  }
  if (version === '') errors.push(required('spec.version'))
  if (group === '' && version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (group !== '') checkName(errors, 'spec.group', group, dnsSubdomain)
  checkPriority(errors, 'spec.groupPriorityMinimum', spec?.groupPriorityMinimum ?? 0, 20_000)
  checkPriority(errors, 'spec.versionPriority', spec?.versionPriority ?? 0, 1000)
  if (service === undefined) {
    if (caBundle) {
      const size = `${Buffer.from(caBundle, 'base64').length} bytes`
      errors.push(invalid('spec.caBundle', size, 'local APIServices may not have a caBundle'))
    }
    if (insecureSkipTLSVerify) {
      errors.push(invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'))
    }
    return errors
  }
  if (!service.namespace) errors.push(required('spec.service.namespace'))
  if (!service.name) errors.push(required('spec.service.name'))
  checkPort(errors, 'spec.service.port', service.port, `port is not valid: ${PORT_RANGE}`)
  if (insecureSkipTLSVerify && caBundle) {
    errors.push(invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'))
  }
  return errors
}

function checkPriority(errors: FieldError[], at: string, value: number, limit: number): void {
  if (value <= 0 || value > limit) errors.push(invalid(at, value, `must be positive and less than ${limit}`))
}
