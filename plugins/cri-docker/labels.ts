/**
 * How sandboxes and containers are told from others, and what Docker keeps of them for a later life of Davit. Docker
 * mixes the image's labels into the container's, so ours stand in one of their own.
 */
import type { ContainerConfig, NodeContext, Sandbox, SandboxConfig } from '@davit/core/node'

export const label = {
  node: 'davit.dev/node',
  directory: 'davit.dev/directory',
  type: 'davit.dev/type',
  network: 'davit.dev/network',
  pod: 'davit.dev/pod',
  sandbox: 'davit.dev/sandbox',
  container: 'davit.dev/container',
  attempt: 'davit.dev/attempt',
  createdAt: 'davit.dev/created-at',
  address: 'davit.dev/address',
  image: 'davit.dev/image',
  labels: 'davit.dev/labels',
  annotations: 'davit.dev/annotations',
  sharing: 'davit.dev/sharing',
} as const

/** What tools that know Kubernetes' containers on Docker look for. */
const known = {
  namespace: 'io.kubernetes.pod.namespace',
  name: 'io.kubernetes.pod.name',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const

export type Labels = Readonly<Record<string, string>>

/** A node of this cluster: another cluster that uses the same daemon may have one of the same name. */
export type Owner = Pick<NodeContext, 'nodeName' | 'directory'>

/** What containers must know of the sandbox that they join. */
export interface Sharing {
  readonly pid: 'container' | 'pod' | 'host'
  readonly ipc: 'pod' | 'host'
  /** A file on the host that is the Pod's /etc/resolv.conf. */
  readonly resolvConf?: string
  /** Docker's own word: which of its runtimes runs the Pod's containers. */
  readonly runtime?: string
}

export interface SandboxFacts {
  readonly owner: Owner
  readonly config: SandboxConfig
  readonly createdAt: number
  readonly address: string | undefined
  readonly sharing: Sharing
}

export function sandboxLabels({ owner, config, createdAt, address, sharing }: SandboxFacts): Record<string, string> {
  return {
    ...ownerLabels(owner),
    [label.type]: 'sandbox',
    ...podLabels(config.pod),
    [label.attempt]: String(config.attempt),
    [label.createdAt]: String(createdAt),
    [label.address]: address ?? '',
    [label.labels]: JSON.stringify(config.labels),
    [label.annotations]: JSON.stringify(config.annotations),
    [label.sharing]: JSON.stringify(sharing),
  }
}

export function containerLabels(
  owner: Owner,
  sandbox: Pick<Sandbox, 'id' | 'pod'>,
  config: ContainerConfig,
  createdAt: number,
): Record<string, string> {
  return {
    ...ownerLabels(owner),
    [label.type]: 'container',
    ...podLabels(sandbox.pod),
    [known.container]: config.name,
    [label.sandbox]: sandbox.id,
    [label.container]: config.name,
    [label.attempt]: String(config.attempt),
    [label.createdAt]: String(createdAt),
    [label.image]: config.image,
    [label.labels]: JSON.stringify(config.labels),
    [label.annotations]: JSON.stringify(config.annotations),
  }
}

function ownerLabels({ nodeName, directory }: Owner): Record<string, string> {
  return { [label.node]: nodeName, [label.directory]: directory }
}

function podLabels(pod: Sandbox['pod']): Record<string, string> {
  return {
    [known.namespace]: pod.namespace,
    [known.name]: pod.name,
    [known.uid]: pod.uid,
    [label.pod]: JSON.stringify(pod),
  }
}

export function sandboxOf(id: string, labels: Labels, running: boolean): Sandbox {
  const address = labels[label.address] ?? ''
  return {
    id,
    pod: podOf(labels),
    attempt: Number(labels[label.attempt]),
    state: running ? 'ready' : 'notReady',
    createdAt: Number(labels[label.createdAt]),
    ips: address === '' ? [] : [address],
    labels: parse(labels[label.labels]),
    annotations: parse(labels[label.annotations]),
  }
}

export function podOf(labels: Labels): Sandbox['pod'] {
  const { namespace = '', name = '', uid = '' } = parse(labels[label.pod])
  return { namespace, name, uid }
}

export function sharingOf(labels: Labels): Sharing {
  return JSON.parse(labels[label.sharing] ?? '{"pid":"container","ipc":"pod"}') as Sharing
}

export function parse(text: string | undefined): Readonly<Record<string, string>> {
  return JSON.parse(text ?? '{}') as Record<string, string>
}

/** What Docker's list calls take. */
export function filterOf(owner: Owner, more: Labels = {}): { label: string[] } {
  return { label: Object.entries({ ...ownerLabels(owner), ...more }).map(([key, value]) => `${key}=${value}`) }
}

export function isOwnedBy({ nodeName, directory }: Owner, labels: Labels): boolean {
  return labels[label.node] === nodeName && labels[label.directory] === directory
}
