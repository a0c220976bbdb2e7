/** The agents of all nodes of this process: they share one informer of Pods, one of Nodes, and one timer for leases. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { NodeConnections } from '../api/contract.js'
import {
  type Clients,
  createEventRecorder,
  type Informer,
  type NodeIdentity,
  nodeIdentity,
  nodes,
  pods,
} from '../client/contract.js'
import type { Bag, KernelServices } from '../kernel/contract.js'
import type { Node, Pod } from '../kinds/contract.js'
import { NodeAgent } from './agent.js'
import { chooseRuntimes, type DecidedNode } from './choose-runtime.js'
import type { AgentConfig } from './config.js'
import type { BackOff, NetworkDriver, PersistentVolumeDriver, RuntimeDriver, VolumeDriver } from './contract.js'
import { createLeases } from './leases.js'
import { type Machine, readMachine } from './machine.js'
import { openVolumeDrivers } from './open-volume-drivers.js'
import { createOwnSources } from './own-sources.js'
import { createPodTokens } from './pod-tokens.js'
import { type DnsFacts, parseResolvConf } from './sandbox-config.js'
import { createSources, sourceReader, sourcesOfNode } from './sources.js'
import { VolumeRemovals } from './volume-removals.js'

export interface AgentsOptions extends Omit<KernelServices, 'ids'> {
  readonly config: AgentConfig
  readonly signal: AbortSignal
  readonly clients: Clients
  /** Of the one node that this process runs, where the API is another's. */
  readonly identity?: NodeIdentity
  readonly connections: NodeConnections
  readonly runtimes: Bag<RuntimeDriver>
  readonly networks: Bag<NetworkDriver>
  readonly volumes: Bag<VolumeDriver>
  readonly persistentVolumes: Bag<PersistentVolumeDriver>
  readonly backOffs: Bag<BackOff>
  /** Registers the undo of what was just begun. */
  defer(undo: () => void | Promise<void>): void
}

const byNode = 'spec.nodeName'

export async function startAgents(options: AgentsOptions): Promise<void> {
  const { config, clients, clock, log, defer, signal } = options
  if (config.nodes.length === 0) return
  const decided = await chooseRuntimes(config, options.runtimes, log)
  const [podInformer, nodeInformer] = [podsOf(clients, decided), nodesOf(options, decided)]
  podInformer.index(byNode, (pod) => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
  const reader = clients.as({ name: sourceReader })
  const sources = options.identity ? createOwnSources(clients, reader) : createSources(clients, reader)
  defer(() => sources.close())
  const leases = createLeases(clock, log, config.nodes.length)
  defer(() => leases.close())
  const shared = {
    machine: await readMachine(config.dataDirectory),
    dns: await dnsOf(config),
    sources,
    leases,
    podInformer,
    nodeInformer,
  }
  const agents = new Map(decided.map((node) => [node.name, makeAgent(node, options, shared)]))
  defer(async () => {
    await Promise.all([...agents.values()].map((agent) => agent.close()))
  })
  await Promise.all([podInformer.whenSynced(signal), nodeInformer.whenSynced(signal)])
  defer(routePods(podInformer, agents))
  defer(routeNodes(nodeInformer, agents))
  defer(
    options.runtimes.onChange(() => {
      for (const agent of agents.values()) agent.driversChanged()
    }),
  )
  for (const agent of agents.values()) agent.start()
  const places = [...agents.values()].filter(({ hollow }) => !hollow).map(({ place }) => place)
  defer(await openVolumeDrivers(options.persistentVolumes, places, log))
  const removals = new VolumeRemovals({ ...options, drivers: options.persistentVolumes, nodes: [...agents.values()] })
  defer(() => removals.close())
}

/** One node asks for its own Pods only; for many, one stream of all is cheaper than one for each. */
function podsOf(clients: Clients, wanted: readonly DecidedNode[]): Informer<Pod> {
  const [only] = wanted
  return wanted.length === 1 && only
    ? clients.informer<Pod>(pods, { fieldSelector: `spec.nodeName=${only.name}` })
    : clients.informer<Pod>(pods)
}

/** Elsewhere a node may see no other. */
function nodesOf({ clients, identity }: AgentsOptions, [only]: readonly DecidedNode[]): Informer<Node> {
  return identity && only
    ? clients.informer<Node>(nodes, { fieldSelector: `metadata.name=${only.name}` })
    : clients.informer<Node>(nodes)
}

interface Shared {
  readonly machine: Machine
  readonly dns: DnsFacts
  readonly sources: ReturnType<typeof createSources>
  readonly leases: ReturnType<typeof createLeases>
  readonly podInformer: Informer<Pod>
  readonly nodeInformer: Informer<Node>
}

function makeAgent(config: DecidedNode, options: AgentsOptions, shared: Shared): NodeAgent {
  const { clock, random, log, defer, clients } = options
  const { podInformer, nodeInformer, sources, ...rest } = shared
  const client = clients.as(nodeIdentity(config.name))
  const events = createEventRecorder({
    client,
    turns: clients.eventTurns,
    clock,
    random,
    log,
    component: 'kubelet',
    host: config.name,
  })
  defer(() => events.close())
  const tokens = createPodTokens(client, clock, log)
  defer(() => tokens.close())
  return new NodeAgent({
    ...rest,
    sources: sourcesOfNode(sources, tokens),
    config,
    client,
    clock,
    events,
    log: log.child({ node: config.name }),
    ...(options.config.clusterCidr !== undefined && { clusterCidr: options.config.clusterCidr }),
    directory: config.directory ?? join(options.config.dataDirectory, 'nodes', config.name),
    connections: options.connections,
    driver: () => options.runtimes.all().find((driver) => driver.id === config.runtime),
    networks: () => options.networks.all(),
    volumeDrivers: () => options.volumes.all(),
    backOff: () => options.backOffs.all()[0],
    pods: () => podInformer.byIndex(byNode, config.name),
    node: () => nodeInformer.get('', config.name),
  })
}

function routePods(informer: Informer<Pod>, agents: ReadonlyMap<string, NodeAgent>): () => void {
  const agentOf = (pod: Pod): NodeAgent | undefined => agents.get(pod.spec.nodeName ?? '')
  return informer.on({
    added: (pod) => agentOf(pod)?.podChanged(pod),
    updated: (pod, old) => {
      // The same name made anew between two looks is another Pod.
      if (old.metadata.uid !== pod.metadata.uid) agentOf(old)?.podDeleted(old)
      agentOf(pod)?.podChanged(pod)
    },
    deleted: (pod) => agentOf(pod)?.podDeleted(pod),
  })
}

function routeNodes(informer: Informer<Node>, agents: ReadonlyMap<string, NodeAgent>): () => void {
  return informer.on({
    added: (node) => agents.get(node.metadata.name)?.nodeChanged(node),
    updated: (node) => agents.get(node.metadata.name)?.nodeChanged(node),
    deleted: (node) => agents.get(node.metadata.name)?.nodeDeleted(),
  })
}

async function dnsOf({ clusterDns, clusterDomain }: AgentConfig): Promise<DnsFacts> {
  return { clusterDns, clusterDomain, node: parseResolvConf(await readFile('/etc/resolv.conf', 'utf8').catch(() => '')) }
}
