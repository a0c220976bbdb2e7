/** Which container of which node a stream to a pod is for. */
import { ApiError } from '../../client/contract.js'
import type { KubeObject } from '../../kinds/contract.js'
import type { NodeConnections, NodeStreams, PodRef } from '../contract.js'

interface Named {
  readonly name: string
}
interface ContainerStatus extends Named {
  readonly state?: { readonly waiting?: { readonly reason?: string } }
  readonly lastState?: { readonly terminated?: object }
}
/** What of a pod matters here. */
export interface PodShape extends KubeObject {
  readonly spec: {
    readonly nodeName?: string
    readonly containers?: readonly Named[]
    readonly initContainers?: readonly Named[]
    readonly ephemeralContainers?: readonly Named[]
  }
  readonly status?: {
    readonly phase?: string
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  }
}

export function podRef(pod: PodShape): PodRef {
  const { namespace = '', name = '', uid = '' } = pod.metadata
  return { namespace, name, uid }
}

/** The container that `asked` names, or the only one. Throws 400 in Kubernetes' words. */
export function containerOf(pod: PodShape, asked: string): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod.spec
  const name = pod.metadata.name
  if (asked !== '') {
    const all = [...containers, ...initContainers, ...ephemeralContainers]
    if (all.some((container) => container.name === asked)) return asked
    throw ApiError.badRequest(`container ${asked} is not valid for pod ${name}`)
  }
  const [only] = containers
  if (only && containers.length === 1) return only.name
  if (containers.length === 0) throw ApiError.badRequest(`a container name must be specified for pod ${name}`)
  const inits = initContainers.length === 0 ? '' : ` or one of the init containers: ${names(initContainers)}`
  throw ApiError.badRequest(`a container name must be specified for pod ${name}, choose one of: ${names(containers)}${inits}`)
}

function names(containers: readonly Named[]): string {
  return `[${containers.map((container) => container.name).join(' ')}]`
}

/** The agent of the pod's node. Undefined where the pod has no node yet; 503 where the node is not connected. */
export function nodeStreams(pod: PodShape, connections: NodeConnections): NodeStreams | undefined {
  const node = pod.spec.nodeName
  if (!node) return undefined
  const streams = connections.get(node)
  if (streams === undefined) throw ApiError.serviceUnavailable(`the agent of node ${node} is not connected`)
  return streams
}

/** Throws 400 where the container has not started yet, so that the client hears why at once. */
export function checkStarted(pod: PodShape, container: string): void {
  const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {}
  const all = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses]
  const waiting = all.find((status) => status.name === container)?.state?.waiting
  // One that ran before has a log, whatever it waits for now.
  const ranBefore = all.find((status) => status.name === container)?.lastState?.terminated !== undefined
  if (!waiting || ranBefore) return
  const reason = waiting.reason ?? 'ContainerCreating'
  throw ApiError.badRequest(`container "${container}" in pod "${pod.metadata.name}" is waiting to start: ${reason}`)
}
