import type { HostAlias, Pod } from '../kinds/contract.js'

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
export function hostnameOf({ metadata, spec }: Pick<Pod, 'metadata' | 'spec'>): string {
  return (spec.hostname || metadata.name).slice(0, 63).replace(/[-.]+$/, '')
}

/** undefined: it has no subdomain, and so no name but the short one. */
export function fullNameOf(pod: Pod, clusterDomain: string): string | undefined {
  const { subdomain } = pod.spec
  return subdomain ? `${hostnameOf(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${clusterDomain}` : undefined
}
