import { isIPv4, isIPv6 } from 'node:net'

/** 4 or 6 for an IP address, 0 for a host name. Node's own `isIP` compiles a pattern of milliseconds for any name. */
export function ipVersion(name: string): 0 | 4 | 6 {
  if (isIPv4(name)) return 4
  return name.includes(':') && isIPv6(name) ? 6 : 0
}
