/** Rules of what a Pod's containers find in their files of hosts and resolvers. */
import type { FieldError } from '../contract.js'
import { checkName, invalid, required } from '../field-error.js'
import { dnsSubdomain, ipAddress } from '../names.js'
import type { PodDNSConfig, PodSpec } from '../types.js'

const MOST_SERVERS = 3
const MOST_SEARCHES = 32
const SEARCH_LENGTH = 2048

export function checkNetwork(errors: FieldError[], path: string, spec: PodSpec): void {
  for (const [index, alias] of (spec.hostAliases ?? []).entries()) {
    checkName(errors, `${path}.hostAliases[${index}].ip`, alias.ip, ipAddress)
    for (const [at, hostname] of (alias.hostnames ?? []).entries()) {
      checkName(errors, `${path}.hostAliases[${index}].hostnames[${at}]`, hostname, dnsSubdomain)
    }
  }
  if (spec.dnsPolicy === 'None' && (spec.dnsConfig?.nameservers ?? []).length === 0) {
    const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None'
    errors.push(required(`${path}.dnsConfig.nameservers`, detail))
  }
  if (spec.dnsConfig !== undefined) checkDnsConfig(errors, `${path}.dnsConfig`, spec.dnsConfig)
}

function checkDnsConfig(errors: FieldError[], path: string, config: PodDNSConfig): void {
  const { nameservers = [], searches = [], options = [] } = config
  if (nameservers.length > MOST_SERVERS) {
    errors.push(invalid(`${path}.nameservers`, nameservers, `must not have more than ${MOST_SERVERS} nameservers`))
  }
  for (const [index, server] of nameservers.entries()) checkName(errors, `${path}.nameservers[${index}]`, server, ipAddress)
  if (searches.length > MOST_SEARCHES) {
    errors.push(invalid(`${path}.searches`, searches, `must not have more than ${MOST_SEARCHES} search paths`))
  }
  if (searches.join(' ').length > SEARCH_LENGTH) {
    const detail = `must not have more than ${SEARCH_LENGTH} characters (including spaces) in the search list`
    errors.push(invalid(`${path}.searches`, searches, detail))
  }
  for (const [index, search] of searches.entries()) {
    // Resolvers know names with underscores, and the root, which other names of the cluster may not be.
    const name = search.replace(/\.$/, '').replaceAll('_', 'a')
    if (search !== '.' && dnsSubdomain(name) !== undefined) checkName(errors, `${path}.searches[${index}]`, search, dnsSubdomain)
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(required(`${path}.options[${index}]`, 'must not be empty'))
  }
}
