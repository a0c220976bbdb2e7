/** The names by which clients reach the server. */
import { hostname } from 'node:os'

const everywhere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1', '': '127.0.0.1' }

/** What clients on this machine connect to when the server listens at `address`. */
export function reachable(address: string): string {
  return everywhere[address] ?? address
}

/** `host` in a URL: IPv6 addresses in brackets. */
export function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

const service = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc']

/** By which Pods know the Service of the API. */
export interface ServiceNames {
  /** Its address. */
  readonly address: string
  readonly clusterDomain: string
}

/** For the server's certificate; in a fixed order, so that a restart finds what it made. */
export function certificateNames(own: readonly string[], { address, clusterDomain }: ServiceNames): string[] {
  const inPods = [...service, `kubernetes.default.svc.${clusterDomain}`, address]
  const all = ['localhost', '127.0.0.1', '::1', hostname(), ...inPods, ...own]
  // A certificate holds ASCII only.
  return [...new Set(all)].filter((name) => name !== '' && /^[\x21-\x7e]+$/.test(name) && everywhere[name] === undefined)
}
