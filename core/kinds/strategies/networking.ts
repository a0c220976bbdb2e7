/** Network policies, and the ranges that Services take their addresses from. */
import type { FieldError, Strategy } from '../contract.js'
import { checkName, forbidden, invalid, notSupported, required } from '../field-error.js'
import { cidr, qualifiedName } from '../names.js'
import type { IPAddress, NetworkPolicy, NetworkPolicyPeer, ServiceCIDR } from '../types.js'
import { checkPortNumber, checkPortReference } from './containers.js'
import { checkLabelSelector } from './label-selectors.js'
import { checkUnchanged } from './shared.js'
import { isStrictSubset } from './special-addresses.js'

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
    checkLabelSelector(errors, 'spec.podSelector', spec.podSelector)
    for (const [index, { from, ports }] of (spec.ingress ?? []).entries()) {
      checkPeers(errors, `spec.ingress[${index}].from`, from)
      checkPolicyPorts(errors, `spec.ingress[${index}].ports`, ports)
    }
    for (const [index, { to, ports }] of (spec.egress ?? []).entries()) {
      checkPeers(errors, `spec.egress[${index}].to`, to)
      checkPolicyPorts(errors, `spec.egress[${index}].ports`, ports)
    }
    checkTypes(errors, 'spec.policyTypes', spec.policyTypes ?? [])
    return errors
  },
}

const DIRECTIONS = ['Egress', 'Ingress']
const PROTOCOLS = ['SCTP', 'TCP', 'UDP']

function checkTypes(errors: FieldError[], path: string, types: readonly string[]): void {
  if (types.length > DIRECTIONS.length) {
    errors.push(invalid(path, types, 'may not specify more than two policyTypes'))
    return
  }
  for (const [index, type] of types.entries()) {
    if (!DIRECTIONS.includes(type)) errors.push(notSupported(`${path}[${index}]`, type, DIRECTIONS))
  }
}

function checkPeers(errors: FieldError[], path: string, peers: readonly NetworkPolicyPeer[] | undefined): void {
  for (const [index, peer] of (peers ?? []).entries()) {
    const at = `${path}[${index}]`
    const { podSelector, namespaceSelector, ipBlock } = peer
    if (podSelector === undefined && namespaceSelector === undefined && ipBlock === undefined) {
      errors.push(required(at, 'must specify a peer'))
    }
    checkLabelSelector(errors, `${at}.podSelector`, podSelector)
    checkLabelSelector(errors, `${at}.namespaceSelector`, namespaceSelector)
    if (ipBlock === undefined) continue
    if (podSelector !== undefined || namespaceSelector !== undefined) {
      errors.push(forbidden(at, 'may not specify both ipBlock and another peer'))
    }
    if (ipBlock.cidr) checkName(errors, `${at}.ipBlock.cidr`, ipBlock.cidr, cidr)
    for (const [number, except] of (ipBlock.except ?? []).entries()) {
      const path = `${at}.ipBlock.except[${number}]`
      checkName(errors, path, except, cidr)
      if (cidr(except) !== undefined || cidr(ipBlock.cidr) !== undefined || isStrictSubset(except, ipBlock.cidr)) continue
      errors.push(invalid(path, except, 'must be a strict subset of `cidr`'))
    }
  }
}

type PolicyPorts = NonNullable<NetworkPolicy['spec']['ingress']>[number]['ports']

function checkPolicyPorts(errors: FieldError[], path: string, ports: PolicyPorts): void {
  for (const [index, { port, endPort, protocol = 'TCP' }] of (ports ?? []).entries()) {
    if (!PROTOCOLS.includes(protocol)) errors.push(notSupported(`${path}[${index}].protocol`, protocol, PROTOCOLS))
    if (port !== undefined) checkPortReference(errors, `${path}[${index}].port`, port)
    if (endPort !== undefined) checkEndPort(errors, `${path}[${index}].endPort`, endPort, port)
  }
}

function checkEndPort(errors: FieldError[], path: string, endPort: number, port: number | string | undefined): void {
  if (typeof port !== 'number') {
    const what = port === undefined ? 'not specified' : 'non-numeric'
    errors.push(invalid(path, endPort, `may not be specified when \`port\` is ${what}`))
    return
  }
  if (endPort < port) errors.push(invalid(path, endPort, 'must be greater than or equal to `port`'))
  checkPortNumber(errors, path, endPort)
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
