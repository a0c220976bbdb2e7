/** Network policies, ingresses and their classes. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, forbidden, invalid, required } from '../field-error.js'
import { cidr, dnsSubdomain, qualifiedName } from '../names.js'
import { selectorFromObject } from '../selector.js'
import type { Ingress, IngressBackend, IngressClass, IPAddress, NetworkPolicy, NetworkPolicyPeer, ServiceCIDR } from '../types.js'
import { checkPortReference } from './containers.js'
import { checkUnchanged } from './shared.js'

export const networkPolicyStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as NetworkPolicy
    spec.podSelector ??= {}
    for (const rule of [...(spec.ingress ?? []), ...(spec.egress ?? [])]) {
      for (const port of rule.ports ?? []) port.protocol ??= 'TCP'
    }
    if ((spec.policyTypes ?? []).length > 0) return
    spec.policyTypes = (spec.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress']
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as NetworkPolicy
    const { error } = selectorFromObject(spec.podSelector)
    if (error !== undefined) errors.push(invalid('spec.podSelector', spec.podSelector, error))
    for (const [index, { from, ports }] of (spec.ingress ?? []).entries()) {
      checkPeers(errors, `spec.ingress[${index}].from`, from)
      checkPolicyPorts(errors, `spec.ingress[${index}].ports`, ports)
    }
    for (const [index, { to, ports }] of (spec.egress ?? []).entries()) {
      checkPeers(errors, `spec.egress[${index}].to`, to)
      checkPolicyPorts(errors, `spec.egress[${index}].ports`, ports)
    }
    return errors
  },
}

function checkPeers(errors: FieldError[], path: string, peers: readonly NetworkPolicyPeer[] | undefined): void {
  for (const [index, peer] of (peers ?? []).entries()) {
    const at = `${path}[${index}]`
    const { podSelector, namespaceSelector, ipBlock } = peer
    if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) {
      errors.push(required(at, 'must specify a peer'))
    }
    if (ipBlock === undefined) continue
    if (podSelector !== undefined || namespaceSelector !== undefined) {
      errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
    }
    if (ipBlock.cidr) checkName(errors, `${at}.ipBlock.cidr`, ipBlock.cidr, cidr)
    for (const [number, except] of (ipBlock.except ?? []).entries()) {
      checkName(errors, `${at}.ipBlock.except[${number}]`, except, cidr)
    }
  }
}

type PolicyPorts = NonNullable<NetworkPolicy['spec']['ingress']>[number]['ports']

function checkPolicyPorts(errors: FieldError[], path: string, ports: PolicyPorts): void {
  for (const [index, { port, endPort }] of (ports ?? []).entries()) {
    if (port !== undefined) checkPortReference(errors, `${path}[${index}].port`, port)
    if (endPort === undefined) continue
    if (typeof port !== 'number') errors.push(required(`${path}[${index}].port`, 'must be specified when `endPort` is specified'))
    else if (endPort < port) {
      errors.push(invalid(`${path}[${index}].endPort`, endPort, 'must be greater than or equal to `port`'))
    }
  }
}

export const ingressStrategy: Strategy = {
  prepareCreate(object) {
    object.status = { loadBalancer: {} }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as Ingress
    const rules = spec.rules ?? []
    if (rules.length === 0 && spec.defaultBackend === undefined) {
      errors.push(invalid('spec', spec, 'either `defaultBackend` or `rules` must be specified'))
    }
    if (spec.defaultBackend !== undefined) checkBackend(errors, 'spec.defaultBackend', spec.defaultBackend)
    if (spec.ingressClassName !== undefined) checkName(errors, 'spec.ingressClassName', spec.ingressClassName, dnsSubdomain)
    for (const [index, { host, http }] of rules.entries()) {
      const at = `spec.rules[${index}]`
      if (host) checkName(errors, `${at}.host`, host.replace(/^\*\./, ''), dnsSubdomain)
      for (const [number, path] of (http?.paths ?? []).entries()) checkPath(errors, `${at}.http.paths[${number}]`, path)
    }
    return errors
  },
}

type Path = NonNullable<NonNullable<NonNullable<Ingress['spec']['rules']>[number]['http']>['paths']>[number]
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix']

function checkPath(errors: FieldError[], at: string, { path = '', pathType, backend }: Path): void {
  if (!pathType) errors.push(required(`${at}.pathType`, 'pathType must be specified'))
  else if (PATH_TYPES.includes(pathType) && !path.startsWith('/') && (pathType !== 'ImplementationSpecific' || path !== '')) {
    errors.push(invalid(`${at}.path`, path, 'must be an absolute path'))
  }
  if (backend === undefined) errors.push(required(`${at}.backend`))
  else checkBackend(errors, `${at}.backend`, backend)
}

function checkBackend(errors: FieldError[], at: string, { service, resource }: IngressBackend): void {
  if (service !== undefined && resource !== undefined) {
    errors.push(invalid(at, '', 'cannot set both resource and service backends'))
  } else if (service === undefined && resource === undefined) {
    errors.push(required(at, 'resource or service backend is required'))
  }
  if (service === undefined) return
  const { name, number } = service.port ?? {}
  if (name && number) errors.push(invalid(at, '', 'cannot set both port name & port number'))
  else if (!name && !number) errors.push(required(`${at}.service.port`, 'port name or number is required'))
}

export const ingressClassStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as IngressClass
    if (spec?.parameters !== undefined) spec.parameters.scope ??= 'Cluster'
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec.controller', (object as IngressClass).spec?.controller, (old as IngressClass).spec?.controller)
    return errors
  },
}

export const serviceCidrStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const ranges = (object as ServiceCIDR).spec?.cidrs ?? []
    if (ranges.length === 0) errors.push(required('spec.cidrs', 'at least one CIDR required'))
    for (const [index, range] of ranges.entries()) checkName(errors, `spec.cidrs[${index}]`, range, cidr)
    return errors
  },
}

export const ipAddressStrategy: Strategy = {
  validate(object) {
    const errors: FieldError[] = []
    const parent = (object as IPAddress).spec?.parentRef
    if (parent === undefined) errors.push(required('spec.parentRef'))
    else if (parent.resource) checkName(errors, 'spec.parentRef.resource', parent.resource, qualifiedName)
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkUnchanged(errors, 'spec.parentRef', (object as IPAddress).spec?.parentRef, (old as IPAddress).spec?.parentRef)
    return errors
  },
}
