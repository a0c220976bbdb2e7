import type { HostAlias } from '../kinds/contract.js'

export interface HostsEntry {
  readonly ips: readonly string[]
  readonly hostname: string
  /** "name.subdomain.namespace.svc.domain", where the Pod has a subdomain. */
  readonly fullName?: string
}

/** A Pod's /etc/hosts. */
export function podHosts(entry: HostsEntry, aliases: readonly HostAlias[]): string {
  const names = entry.fullName === undefined ? entry.hostname : `${entry.fullName}\t${entry.hostname}`
  const lines = [
    '# Kubernetes-managed hosts file.',
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
    ...entry.ips.map((ip) => `${ip}\t${names}`),
  ]
  return `${lines.join('\n')}\n${aliasLines(aliases)}`
}

/** On the host's network: the node's own file, and the Pod's aliases. */
export function hostNetworkHosts(nodeFile: string, aliases: readonly HostAlias[]): string {
  return `# Kubernetes-managed hosts file (host network).\n${nodeFile}${aliasLines(aliases)}`
}

function aliasLines(aliases: readonly HostAlias[]): string {
  if (aliases.length === 0) return ''
  const lines = aliases.map(({ ip, hostnames = [] }) => [ip, ...hostnames].join('\t'))
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`
}

/** The Pod's hostname: its own, else its name, cut to what a hostname may be. */
export function hostnameOf(pod: {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly hostname?: string | undefined }
}): string {
  return (pod.spec.hostname || pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '')
}
