/**
 * The proxy room: turns Services and EndpointSlices into one frozen desired state for each node and hands it to the
 * node's mode, which programs the kernel.
 */
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'

export const ProxyModeToken: Token<ProxyDriver, 'many'> = many<ProxyDriver>('proxy.mode/v1')

/** What a mode plugin provides. */
export interface ProxyDriver {
  /** The plugin's id: what `nodes[].proxy.id` picks. */
  readonly id: string
  /** Asked by `--proxy auto`. Never throws. */
  probe(): Promise<{ readonly usable: true } | { readonly usable: false; readonly reason: string }>
  open(node: ProxyNode): Promise<ProxyMode>
}
export interface ProxyNode {
  readonly nodeName: string
  /** Of the node itself: NodePorts answer there. */
  readonly addresses: readonly string[]
  /** All Pods' addresses: traffic from elsewhere to a service IP is masqueraded. */
  readonly clusterCidr: string
  /** Several nodes of one process share one kernel: only the first programs it, the others get an idle mode from the host. */
  readonly networkNamespace?: string
}

/** One port of one service; `key` is "namespace/name:port". */
export interface ServicePort {
  readonly key: string
  readonly namespace: string
  readonly service: string
  readonly portName: string
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  /** Service IPs. Empty for headless: those never get here. */
  readonly clusterIps: readonly string[]
  readonly port: number
  /** 0: none. */
  readonly nodePort: number
  readonly externalIps: readonly string[]
  readonly loadBalancerIps: readonly string[]
  /** Seconds; 0: no affinity. */
  readonly affinitySeconds: number
  readonly externalLocal: boolean
  readonly internalLocal: boolean
  /** In order of address. For traffic from inside; already chosen by readiness, topology and traffic policy. Empty: reject. */
  readonly endpoints: readonly ProxyEndpoint[]
  /** For traffic from outside, where it differs (externalTrafficPolicy Local). */
  readonly externalEndpoints: readonly ProxyEndpoint[]
}
export interface ProxyEndpoint {
  readonly address: string
  readonly port: number
  /** On this node. */
  readonly local: boolean
}
/** Frozen; ordered by key; equal parts of two states are the same objects, so a mode may compare by identity. */
export interface ProxyState {
  readonly revision: number
  readonly services: readonly ServicePort[]
}

export interface ProxyMode {
  /**
   * Makes the kernel equal `state`. Never called again before it has resolved; states in between are left out. A
   * rejection is retried with the newest state and back-off. Idempotent: the first call also removes what a former life
   * left behind.
   */
  sync(state: ProxyState): Promise<void>
  /** Removes every rule, chain, set and address that this mode ever makes; idempotent, also without a sync before. */
  cleanup(): Promise<void>
  /** Lets go without touching the kernel: traffic goes on while Davit restarts. */
  close(): Promise<void>
}
