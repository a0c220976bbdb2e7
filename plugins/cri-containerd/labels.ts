/**
 * How our sandboxes and containers are told from others of the same runtime, and what it keeps of them for a later life
 * of Davit. Labels are what the runtime can select by; everything else stands in annotations, which may be long.
 */
import type { Container, ContainerConfig, NetworkSandbox, Sandbox, SandboxConfig } from '@davit/core/node'
import type { Received } from './messages.js'

export const label = { node: 'davit.dev/node' } as const

/** What tools that know Kubernetes' containers look for; the agent sets the same on sandboxes. */
const known = {
  namespace: 'io.kubernetes.pod.namespace',
  name: 'io.kubernetes.pod.name',
  uid: 'io.kubernetes.pod.uid',
  container: 'io.kubernetes.container.name',
} as const

const annotation = { given: 'davit.dev/cri-given', image: 'davit.dev/cri-image' } as const

/** What containers must know of the sandbox that they join. */
export interface Sharing {
  readonly hostname: string
  readonly network: 'pod' | 'host'
  readonly pid: 'container' | 'pod' | 'host'
  readonly ipc: 'pod' | 'host'
}

/** Labels and annotations as they were given, for ours may have taken the place of one; and facts of a sandbox. */
interface Given {
  readonly labels: Readonly<Record<string, string>>
  readonly sharing?: Sharing
  /** Of a sandbox that the node's network connects: its host ports. Absent: the runtime connects it. */
  readonly attached?: NetworkSandbox['portMappings']
}

type Tags = Readonly<Record<string, string>>

export function sharingOf(config: SandboxConfig): Sharing {
  return {
    // The runtime refuses one where the machine's own is used.
    hostname: config.hostNetwork ? '' : config.hostname,
    network: config.hostNetwork ? 'host' : 'pod',
    pid: config.hostPid ? 'host' : config.shareProcessNamespace ? 'pod' : 'container',
    ipc: config.hostIpc ? 'host' : 'pod',
  }
}

export function sandboxTags(
  nodeName: string,
  config: SandboxConfig,
  attached: boolean,
): { readonly labels: Tags; readonly annotations: Tags } {
  const ports = attached && { attached: config.portMappings }
  const given: Given = { labels: config.labels, sharing: sharingOf(config), ...ports }
  return {
    labels: { ...config.labels, ...podLabels(nodeName, config.pod) },
    annotations: { ...config.annotations, [annotation.given]: JSON.stringify(given) },
  }
}

export function containerTags(
  nodeName: string,
  sandbox: Pick<Sandbox, 'pod'>,
  config: ContainerConfig,
): { readonly labels: Tags; readonly annotations: Tags } {
  const given: Given = { labels: config.labels }
  return {
    labels: { ...config.labels, ...podLabels(nodeName, sandbox.pod), [known.container]: config.name },
    annotations: { ...config.annotations, [annotation.given]: JSON.stringify(given), [annotation.image]: config.image },
  }
}

function podLabels(nodeName: string, pod: Sandbox['pod']): Tags {
  return { [label.node]: nodeName, [known.namespace]: pod.namespace, [known.name]: pod.name, [known.uid]: pod.uid }
}

/** For the filters of lists. */
export function selectorOf(nodeName: string): { readonly labelSelector: Tags } {
  return { labelSelector: { [label.node]: nodeName } }
}

export function podUidOf(labels: Tags): string {
  return labels[known.uid] ?? ''
}

const plain: Sharing = { hostname: '', network: 'pod', pid: 'container', ipc: 'pod' }

export function storedSharing(annotations: Tags): Sharing {
  return givenOf(annotations).sharing ?? plain
}

/** undefined: the node's network has no part in it. */
export function storedPorts(annotations: Tags): NetworkSandbox['portMappings'] | undefined {
  return givenOf(annotations).attached
}

export function sandboxOf(found: Received<'PodSandbox'> | Received<'PodSandboxStatus'>, ips: readonly string[]): Sandbox {
  const { name = '', namespace = '', uid = '', attempt = 0 } = found.metadata ?? {}
  return {
    id: found.id,
    pod: { namespace, name, uid },
    attempt,
    state: found.state === 'SANDBOX_READY' ? 'ready' : 'notReady',
    createdAt: millis(found.createdAt),
    ips,
    labels: givenOf(found.annotations).labels,
    annotations: without(found.annotations),
  }
}

export function ipsOf({ network }: Received<'PodSandboxStatus'>): string[] {
  const ips = [network?.ip ?? '', ...(network?.additionalIps ?? []).map(({ ip }) => ip)].filter((ip) => ip !== '')
  return ips.sort((one, two) => Number(one.includes(':')) - Number(two.includes(':')))
}

const states = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
  CONTAINER_UNKNOWN: 'unknown',
} as const

export function stateOf(word: Received<'Container'>['state']): Container['state'] {
  return states[word]
}

export function containerOf(sandboxId: string, found: Received<'ContainerStatus'>): Container {
  const state = stateOf(found.state)
  const exited = state === 'exited'
  return {
    id: found.id,
    sandboxId,
    name: found.metadata?.name ?? '',
    attempt: found.metadata?.attempt ?? 0,
    image: found.annotations[annotation.image] ?? '',
    imageId: found.imageRef,
    state,
    createdAt: millis(found.createdAt),
    // The runtime takes the time of a start after it, and that of an end at it: a short life would end before it began.
    startedAt: exited ? Math.min(millis(found.startedAt), millis(found.finishedAt)) : millis(found.startedAt),
    finishedAt: exited ? millis(found.finishedAt) : 0,
    exitCode: exited ? found.exitCode : 0,
    reason: exited ? found.reason || (found.exitCode === 0 ? 'Completed' : 'Error') : '',
    message: found.message,
    labels: givenOf(found.annotations).labels,
    annotations: without(found.annotations),
  }
}

function givenOf(annotations: Tags): Given {
  return JSON.parse(annotations[annotation.given] ?? '{"labels":{}}') as Given
}

function without(annotations: Tags): Tags {
  const ours: readonly string[] = Object.values(annotation)
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => !ours.includes(key)))
}

function millis(nanoseconds: number): number {
  return Math.floor(nanoseconds / 1e6)
}
