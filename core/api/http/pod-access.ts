/** Where Pods reach the server: behind the Service `default/kubernetes`. */
import { networkInterfaces } from 'node:os'
import { parseRange } from '../address-range.js'
import type { ApiServerConfig } from './config.js'

const loopback = /^(?:127\.|::1$|localhost$)/
const everywhere = new Set(['0.0.0.0', '::', ''])

export interface PodAccess {
  /** An IPv4 address of this machine, or what the configuration says. */
  readonly host: string
  /**
   * The server does not listen there for everybody: it does for connections that this lets in. Nobody outside this
   * machine gets an answer to an address that he only pretends to have.
   */
  readonly admits?: (remote: string | undefined, local: string | undefined) => boolean
}

/** Undefined: they do not. `machine`: the machine's own address on its network, where it has one. */
export function podAccess(
  { address, advertiseAddress, podCidr }: Pick<ApiServerConfig, 'address' | 'advertiseAddress' | 'podCidr'>,
  machine: string | undefined,
): PodAccess | undefined {
  const advertised = advertiseAddress !== '' && !loopback.test(advertiseAddress) ? advertiseAddress : undefined
  if (everywhere.has(address)) return hostOf(advertised ?? machine)
  if (!loopback.test(address)) return hostOf(advertised ?? address)
  if (podCidr === '' || machine === undefined) return undefined
  const range = parseRange(podCidr, 'podCidr')
  return {
    host: machine,
    admits: (remote, local) => remote !== undefined && (remote === local || range.index(remote) !== undefined),
  }
}

function hostOf(host: string | undefined): PodAccess | undefined {
  return host === undefined ? undefined : { host }
}

/** The first IPv4 address that is neither for this machine alone nor one that Pods' networks give it. */
export function machineAddress(podCidr: string): string | undefined {
  const range = podCidr === '' ? undefined : parseRange(podCidr, 'podCidr')
  return Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ internal, family, address }) => !internal && family === 'IPv4' && range?.index(address) === undefined)?.address
}
