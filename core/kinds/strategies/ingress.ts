/** Ingresses and their classes. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, forbidden, invalid, notSupported, required, tooLong } from '../field-error.js'
import { dns1035Label, dnsSubdomain, isIPv4, isIPv6, portName, wildcardSubdomain } from '../names.js'
import type { Ingress, IngressBackend, IngressClass } from '../types.js'
import { checkPortNumber } from './containers.js'
import { checkUnchanged } from './shared.js'

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'
const CONTROLLER_LENGTH = 250

export const ingressStrategy: Strategy = {
  prepareCreate(object) {
    object.status = { loadBalancer: {} }
  },
  validate(object, old) {
    const errors: FieldError[] = []
    const { spec, metadata } = object as Ingress
    const rules = spec.rules ?? []
    if (rules.length === 0 && spec.defaultBackend === undefined) {
      errors.push(invalid('spec', spec, 'either `defaultBackend` or `rules` must be specified'))
    }
    for (const [index, { hosts = [], secretName }] of (spec.tls ?? []).entries()) {
      for (const [number, host] of hosts.entries()) checkHost(errors, `spec.tls[${index}].hosts[${number}]`, host)
      if (secretName) checkName(errors, `spec.tls[${index}].secretName`, secretName, dnsSubdomain)
    }
    if (spec.defaultBackend !== undefined) checkBackend(errors, 'spec.defaultBackend', spec.defaultBackend)
    if (spec.ingressClassName !== undefined) checkName(errors, 'spec.ingressClassName', spec.ingressClassName, dnsSubdomain)
    for (const [index, { host, http }] of rules.entries()) checkRule(errors, `spec.rules[${index}]`, host, http?.paths)
    const annotation = metadata.annotations?.[CLASS_ANNOTATION]
    if (old === undefined && annotation !== undefined && spec.ingressClassName !== undefined) {
      errors.push(invalid(`annotations.${CLASS_ANNOTATION}`, annotation, 'can not be set when the class field is also set'))
    }
    return errors
  },
}

type Path = NonNullable<NonNullable<NonNullable<Ingress['spec']['rules']>[number]['http']>['paths']>[number]
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']
/** What programs on the way read differently. */
const SEQUENCES = ['//', '/./', '/../', '%2f', '%2F']
const ENDINGS = ['/..', '/.']

function checkRule(errors: FieldError[], at: string, host: string | undefined, paths: readonly Path[] | undefined): void {
  if (host) {
    if (isIPv4(host) || isIPv6(host)) errors.push(invalid(`${at}.host`, host, 'must be a DNS name, not an IP address'))
    checkHost(errors, `${at}.host`, host)
  }
  if (paths !== undefined && paths.length === 0) errors.push(required(`${at}.http.paths`))
  for (const [number, path] of (paths ?? []).entries()) checkPath(errors, `${at}.http.paths[${number}]`, path)
}

function checkHost(errors: FieldError[], at: string, host: string): void {
  checkName(errors, at, host, host.includes('*') ? wildcardSubdomain : dnsSubdomain)
}

function checkPath(errors: FieldError[], at: string, { path = '', pathType, backend }: Path): void {
  if (!pathType) errors.push(required(`${at}.pathType`, 'pathType must be specified'))
  else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && !path.startsWith('/')) errors.push(invalid(`${at}.path`, path, 'must be an absolute path'))
  } else if (PATH_TYPES.includes(pathType)) checkPlainPath(errors, `${at}.path`, path)
  if (backend === undefined) errors.push(required(`${at}.backend`))
  else checkBackend(errors, `${at}.backend`, backend)
}

function checkPlainPath(errors: FieldError[], at: string, path: string): void {
  if (!path.startsWith('/')) errors.push(invalid(at, path, 'must be an absolute path'))
  for (const part of SEQUENCES) if (path.includes(part)) errors.push(invalid(at, path, `must not contain '${part}'`))
  for (const end of ENDINGS) if (path.endsWith(end)) errors.push(invalid(at, path, `cannot end with '${end}'`))
}

function checkBackend(errors: FieldError[], at: string, { service, resource }: IngressBackend): void {
  if (service !== undefined && resource !== undefined) {
    errors.push(invalid(at, '', 'cannot set both resource and service backends'))
  } else if (service === undefined && resource === undefined) {
    errors.push(required(at, 'resource or service backend is required'))
  }
  if (service === undefined) return
  if (service.name) checkName(errors, `${at}.service.name`, service.name, dns1035Label)
  const { name, number } = service.port ?? {}
  if (name && number) errors.push(invalid(at, '', 'cannot set both port name & port number'))
  else if (name) checkName(errors, `${at}.service.port.name`, name, portName)
  else if (number) checkPortNumber(errors, `${at}.service.port.number`, number)
  else errors.push(required(`${at}.service.port`, 'port name or number is required'))
}

export const ingressClassStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as IngressClass
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster'
  },
  validate(object) {
    const errors: FieldError[] = []
    const { controller = '', parameters } = (object as IngressClass).spec ?? {}
    if (controller.length > CONTROLLER_LENGTH) errors.push(tooLong('spec.controller', CONTROLLER_LENGTH))
    checkController(errors, 'spec.controller', controller)
    if (parameters !== undefined) checkParameters(errors, 'spec.parameters', parameters)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec.controller', (object as IngressClass).spec?.controller, (old as IngressClass).spec?.controller)
    return errors
  },
}

function checkController(errors: FieldError[], at: string, controller: string): void {
  const slash = controller.indexOf('/')
  if (controller === '') errors.push(required(at))
  else if (slash <= 0 || slash === controller.length - 1) {
    errors.push(invalid(at, controller, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  } else checkName(errors, at, controller.slice(0, slash), dnsSubdomain)
}

type Parameters = NonNullable<NonNullable<IngressClass['spec']>['parameters']>
const SCOPES = ['Cluster', 'Namespace']

function checkParameters(errors: FieldError[], at: string, { apiGroup, scope = '', namespace }: Parameters): void {
  if (apiGroup) checkName(errors, `${at}.apiGroup`, apiGroup, dnsSubdomain)
  if (!SCOPES.includes(scope)) errors.push(notSupported(`${at}.scope`, scope, SCOPES))
  else if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(`${at}.namespace`, "`parameters.scope` is set to 'Cluster'"))
  } else if (scope === 'Namespace' && !namespace) {
    errors.push(required(`${at}.namespace`, "`parameters.scope` is set to 'Namespace'"))
  }
}
