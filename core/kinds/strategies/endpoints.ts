/** Endpoints and EndpointSlices: addresses behind services. */
import type { FieldError, Strategy } from '../contract.js'
import { checkImmutable, checkName, duplicate, invalid, notSupported, required, tooMany } from '../field-error.js'
import { dnsLabel, dnsSubdomain, ipAddress, isIPv4, isIPv6 } from '../names.js'
import type { EndpointAddress, EndpointSlice, Endpoints } from '../types.js'
import { checkPortNumber } from './containers.js'

const SLICE_LIMIT = 1000
const ADDRESS_LIMIT = 100
const PORT_LIMIT = 20_000
const TYPES = ['FQDN', 'IPv4', 'IPv6']

export const endpointsStrategy: Strategy = {
  defaults(object) {
    for (const subset of (object as Endpoints).subsets ?? []) for (const port of subset.ports ?? []) port.protocol ||= 'TCP'
  },
  validate(object) {
    const errors: FieldError[] = []
    for (const [index, subset] of ((object as Endpoints).subsets ?? []).entries()) {
      const at = `subsets[${index}]`
      const { addresses = [], notReadyAddresses = [], ports = [] } = subset
      if (addresses.length === 0 && notReadyAddresses.length === 0) {
        errors.push(required(at, 'must specify `addresses` or `notReadyAddresses`'))
      }
      checkAddresses(errors, `${at}.addresses`, addresses)
      checkAddresses(errors, `${at}.notReadyAddresses`, notReadyAddresses)
      for (const [number, port] of ports.entries()) {
        const path = `${at}.ports[${number}]`
        if (port.name) checkName(errors, `${path}.name`, port.name, dnsLabel)
        else if (ports.length > 1) errors.push(required(`${path}.name`))
        checkPortNumber(errors, `${path}.port`, port.port)
      }
    }
    return errors
  },
}

function checkAddresses(errors: FieldError[], path: string, addresses: readonly EndpointAddress[]): void {
  for (const [index, { ip, hostname, nodeName }] of addresses.entries()) {
    checkName(errors, `${path}[${index}].ip`, ip, ipAddress)
    if (hostname) checkName(errors, `${path}[${index}].hostname`, hostname, dnsLabel)
    if (nodeName) checkName(errors, `${path}[${index}].nodeName`, nodeName, dnsSubdomain)
  }
}

export const endpointSliceStrategy: Strategy = {
  defaults(object) {
    for (const port of (object as EndpointSlice).ports ?? []) {
      port.name ??= ''
      port.protocol ??= 'TCP'
    }
  },
  validate(object) {
    const errors: FieldError[] = []
    const { addressType, endpoints = [], ports = [] } = object as EndpointSlice
    if (!addressType) errors.push(required('addressType'))
    else if (!TYPES.includes(addressType)) errors.push(notSupported('addressType', addressType, TYPES))
    if (endpoints.length > SLICE_LIMIT) errors.push(tooMany('endpoints', endpoints.length, SLICE_LIMIT))
    for (const [index, endpoint] of endpoints.entries()) {
      const at = `endpoints[${index}]`
      const { addresses = [], hostname } = endpoint
      if (addresses.length === 0) errors.push(required(`${at}.addresses`, 'must contain at least 1 address'))
      if (addresses.length > ADDRESS_LIMIT) errors.push(tooMany(`${at}.addresses`, addresses.length, ADDRESS_LIMIT))
      for (const [number, address] of addresses.entries()) {
        checkAddress(errors, `${at}.addresses[${number}]`, address, addressType)
      }
      if (hostname) checkName(errors, `${at}.hostname`, hostname, dnsLabel)
    }
    if (ports.length > PORT_LIMIT) errors.push(tooMany('ports', ports.length, PORT_LIMIT))
    const names = new Set<string>()
    for (const [index, { name = '', port }] of ports.entries()) {
      if (names.has(name)) errors.push(duplicate(`ports[${index}].name`, name))
      names.add(name)
      if (name !== '') checkName(errors, `ports[${index}].name`, name, dnsLabel)
      if (port !== undefined) checkPortNumber(errors, `ports[${index}].port`, port)
    }
    return errors
  },
  validateUpdate(object, old) {
    const errors: FieldError[] = []
    checkImmutable(errors, 'addressType', object.addressType, object.addressType === old.addressType)
    return errors
  },
}

function checkAddress(errors: FieldError[], path: string, address: string, type: string): void {
  if (type === 'IPv4' && !isIPv4(address)) errors.push(invalid(path, address, 'must be an IPv4 address'))
  else if (type === 'IPv6' && !isIPv6(address)) errors.push(invalid(path, address, 'must be an IPv6 address'))
  else if (type === 'FQDN') checkName(errors, path, address, dnsSubdomain)
}
