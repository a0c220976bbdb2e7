/**
 * The Pod network of a node: gives each sandbox its addresses and connects it, whichever runtime made it. A runtime makes
 * network namespaces, a network connects them: neither knows how the other works.
 *
 * Ranges and addresses are lists, IPv4 first. What a network may learn later (routes to other nodes, limits of bandwidth)
 * comes as optional fields of these interfaces, with a capability that says who honours them.
 */
import type { Token } from '../kernel/contract.js'
import { many } from '../kernel/contract.js'
import type { PortMapping } from './contract.js'

export const NetworkToken: Token<NetworkDriver, 'many'> = many<NetworkDriver>('node.network/v1')

/** What a network plugin provides. One driver may serve many nodes of one process, beside other processes that have it. */
export interface NetworkDriver {
  /** The plugin's id: what `nodes[].network.id` picks. */
  readonly id: string
  readonly supports: NetworkCapabilities
  /** Asked whenever a node is opened. Cheap (under 20 ms), without side effects; never throws: a reason instead. */
  probe(): Promise<{ readonly usable: true; readonly version: string } | { readonly usable: false; readonly reason: string }>
  /** Opens the network for a node, before its runtime. Makes nothing yet: what sandboxes share is made for the first. */
  open(node: NetworkContext): Promise<PodNetwork>
  /**
   * Removes all that was ever made for the node: links, addresses, rules, and what nobody else of the machine uses any
   * more. For `davit down`, called without an open network once the node's sandboxes are gone; idempotent.
   */
  purge(node: NetworkContext): Promise<void>
}
export interface NetworkCapabilities extends Readonly<Record<string, boolean>> {
  /** `portMappings` are honoured. Where not, a sandbox that wants one is refused. */
  readonly hostPorts: boolean
  /** What leaves the cluster has the node's own address. */
  readonly masquerade: boolean
  readonly ipv6: boolean
}
export interface NetworkContext {
  readonly nodeName: string
  /** The node's own directory: with the name it tells nodes of several clusters of one machine apart. May not exist. */
  readonly directory: string
  /** The addresses that this node's sandboxes may have, one range for each family. */
  readonly podCidrs: readonly string[]
  /** Those of all nodes' sandboxes: traffic to them is not masqueraded. */
  readonly clusterCidrs: readonly string[]
  readonly signal: AbortSignal
}

export interface NetworkSandbox {
  /** The runtime's id of it, at most 100 characters of a to z, A to Z, 0 to 9 and "-". */
  readonly id: string
  /** The path of its network namespace: "/proc/4711/ns/net", or a file that it is mounted on. */
  readonly namespace: string
  readonly portMappings: readonly PortMapping[]
}
export interface Attachment {
  readonly id: string
  /** IPv4 first. */
  readonly ips: readonly string[]
}

/**
 * A network, opened for one node. The runtime calls it; calls for different sandboxes overlap freely, and those for one
 * may overlap where the runtime was told twice. All that a later life of Davit must know outlives a kill at any moment.
 */
export interface PodNetwork {
  /**
   * Connects a sandbox before its first container is made: afterwards its loopback is up, it reaches Pods, its node and
   * what the node reaches, and its host ports lead to it. Once attached, it answers the same again. Rejects with a
   * `RuntimeError` for what a user can mend (no address left, a host port that is taken); nothing is then left of it.
   */
  attach(sandbox: NetworkSandbox): Promise<Attachment>
  /**
   * Lets go of addresses and host ports; the namespace may be gone already. Idempotent, also for what was never attached.
   * Called when a sandbox stops, and again when it is removed.
   */
  detach(id: string): Promise<void>
  /**
   * Called once after `open`, with all sandboxes of the node that run. What is attached and not among them is detached;
   * what is damaged is repaired. Those that are not in the answer have lost their network for good: the runtime shows
   * them as not ready.
   */
  adopt(sandboxes: readonly NetworkSandbox[]): Promise<readonly Attachment[]>
  /** Lets go of what is held in memory; sandboxes stay connected. Idempotent. */
  close(): Promise<void>
}
