/** Which kernel parameters a Pod may set. Pure. */
import type { PodSpec } from '../kinds/contract.js'

/** They touch nobody but the Pod: what a kubelet lets every Pod set. */
const safe = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_wmem',
])
/** What the kernel keeps apart for each network or IPC namespace; all else is the machine's, whatever anybody allows. */
const ofNetwork = /^net\./
const ofIpc = /^(kernel\.(shm|msg|sem)|fs\.mqueue\.)/

/** What is wrong with the first that is not allowed, in the words of a kubelet. `unsafe` may end in "*". */
export function forbiddenSysctl(spec: PodSpec, unsafe: readonly string[]): string | undefined {
  for (const { name: written } of spec.securityContext?.sysctls ?? []) {
    const name = written.replaceAll('/', '.')
    const allowed = safe.has(name) || unsafe.some((pattern) => covers(pattern, name))
    if (!allowed || !(ofNetwork.test(name) || ofIpc.test(name))) return `forbidden sysctl: "${written}" not allowlisted`
    if (spec.hostNetwork && ofNetwork.test(name)) return `forbidden sysctl: "${written}" not allowed with host net enabled`
    if (spec.hostIPC && ofIpc.test(name)) return `forbidden sysctl: "${written}" not allowed with host ipc enabled`
  }
  return undefined
}

function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
