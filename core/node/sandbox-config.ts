import type { Pod } from '../kinds/contract.js'
import type { SandboxConfig } from './contract.js'
import { RuntimeError } from './contract.js'
import { hostPortsOf } from './host-ports.js'
import { fullNameOf, hostnameOf } from './hosts-file.js'

export interface DnsFacts {
  readonly clusterDns: string | undefined
  readonly clusterDomain: string
  /** The node's own /etc/resolv.conf. */
  readonly node: SandboxConfig['dns']
}

/** What Davit's own restarts need to know of a sandbox whose Pod is gone. */
export const graceAnnotation = 'davit.dev/termination-grace-seconds'

export function sandboxConfig(pod: Pod, attempt: number, dns: DnsFacts, runtimeHandler = ''): SandboxConfig {
  const { metadata, spec } = pod
  const { namespace = '', name, uid = '' } = metadata
  return {
    pod: { namespace, name, uid },
    attempt,
    hostname: spec.setHostnameAsFQDN ? fullHostname(pod, dns.clusterDomain) : hostnameOf(pod),
    hostNetwork: spec.hostNetwork ?? false,
    hostPid: spec.hostPID ?? false,
    hostIpc: spec.hostIPC ?? false,
    shareProcessNamespace: spec.shareProcessNamespace ?? false,
    labels: {
      ...metadata.labels,
      'io.kubernetes.pod.namespace': namespace,
      'io.kubernetes.pod.name': name,
      'io.kubernetes.pod.uid': uid,
    },
    annotations: { ...metadata.annotations, [graceAnnotation]: String(spec.terminationGracePeriodSeconds ?? 30) },
    dns: podDns(pod, dns),
    portMappings: spec.hostNetwork ? [] : hostPortsOf(pod),
    ...(runtimeHandler !== '' && { runtimeHandler }),
    sysctls: Object.fromEntries((spec.securityContext?.sysctls ?? []).map((item) => [item.name, item.value])),
  }
}

/** What the kernel takes as a name. */
const longestHostname = 64

function fullHostname(pod: Pod, clusterDomain: string): string {
  const name = fullNameOf(pod, clusterDomain) ?? hostnameOf(pod)
  if (name.length <= longestHostname) return name
  const why = `Failed to construct FQDN from Pod hostname and cluster domain, FQDN ${name} is too long`
  throw new RuntimeError(
    'FailedCreatePodSandBox',
    `${why} (${longestHostname} characters is the max, ${name.length} characters requested)`,
  )
}

export function podDns(pod: Pod, { clusterDns, clusterDomain, node }: DnsFacts): SandboxConfig['dns'] {
  const { dnsConfig, hostNetwork } = pod.spec
  const policy = pod.spec.dnsPolicy ?? 'ClusterFirst'
  const wantsCluster = policy === 'ClusterFirstWithHostNet' || (policy === 'ClusterFirst' && !hostNetwork)
  let base = policy === 'None' ? { servers: [], searches: [], options: [] } : node
  if (wantsCluster && clusterDns !== undefined) {
    const searches = [`${pod.metadata.namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain]
    base = { servers: [clusterDns], searches: [...searches, ...node.searches], options: ['ndots:5'] }
  }
  const options = (dnsConfig?.options ?? []).map(({ name = '', value }) => (value === undefined ? name : `${name}:${value}`))
  const named = new Set(options.map((option) => option.split(':')[0]))
  return {
    servers: unique([...base.servers, ...(dnsConfig?.nameservers ?? [])]),
    searches: unique([...base.searches, ...(dnsConfig?.searches ?? [])]),
    options: [...base.options.filter((option) => !named.has(option.split(':')[0])), ...options],
  }
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)]
}

/** Of the text of a resolv.conf. */
export function parseResolvConf(text: string): SandboxConfig['dns'] {
  const dns = { servers: [] as string[], searches: [] as string[], options: [] as string[] }
  for (const line of text.split('\n')) {
    const [word, ...values] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/)
    if (word === 'nameserver') dns.servers.push(...values.slice(0, 1))
    else if (word === 'search') dns.searches.splice(0, dns.searches.length, ...values)
    else if (word === 'options') dns.options.push(...values)
  }
  return dns
}
