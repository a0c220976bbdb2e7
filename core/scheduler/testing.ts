/** For this room's tests: Pods, Nodes, policies, and a control plane with the scheduler host. */
import { type Client, events, nodes, pods } from '../client/contract.js'
import type { AnyPlugin } from '../kernel/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { Node, Pod, PodSpec } from '../kinds/contract.js'
import type { Booted, TestContext } from '../testing/contract.js'
import { boot } from '../testing/contract.js'
import { Filter, type FilterPolicy, type PodInfo, type ResourceTotals } from './contract.js'
import { schedulerHost } from './host.js'
import { podInfo } from './requests.js'
import { allowScheduler } from './testkit/allow.js'

export const container = { name: 'c', image: 'nginx' }

export function pod(name: string, spec: Partial<PodSpec> = {}, more: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', uid: `uid-${name}`, ...more },
    spec: { containers: [container], ...spec },
  }
}

/** A container that asks for so much. */
export function asking(requests: Readonly<Record<string, string>>, more: object = {}): PodSpec['containers'][number] {
  return { ...container, resources: { requests }, ...more }
}

export function info(name: string, spec: Partial<PodSpec> = {}): PodInfo {
  return podInfo(pod(name, spec))
}

export function node(name: string, allocatable: Readonly<Record<string, string>> = {}, spec: Node['spec'] = {}): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec,
    status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...allocatable } },
  }
}

export function plain({ milliCpu, memory, ephemeralStorage, extended }: ResourceTotals): object {
  return { milliCpu, memory, ephemeralStorage, ...Object.fromEntries(extended) }
}

/** By the CPU alone, so that a test can fill a node. */
export const cpuFit: FilterPolicy = {
  name: 'cpu-fit',
  filter: (_state, { requests }, { requested, allocatable }) =>
    requested.milliCpu + requests.milliCpu > allocatable.milliCpu ? { reason: 'Insufficient cpu' } : undefined,
}

export const fitPlugin = definePlugin({
  id: 'test-fit',
  api: '^1.0',
  provides: { filters: Filter },
  setup: async () => ({ provides: { filters: cpuFit } }),
})

export interface Cluster extends Booted {
  pod(name: string): Promise<Pod>
  run(name: string, spec?: Partial<PodSpec>): Promise<Pod>
  addNode(name: string, allocatable?: Readonly<Record<string, string>>): Promise<Node>
  /** Lets everything that needs no time happen. */
  rest(): Promise<void>
  /** "reason: message" of the events about a Pod, with their counts. */
  events(pod: string): Promise<readonly string[]>
}

export async function cluster(
  t: TestContext,
  plugins: readonly AnyPlugin[] = [fitPlugin],
  config: object = {},
): Promise<Cluster> {
  const entries = [{ plugin: schedulerHost, config }, ...[allowScheduler, ...plugins].map((plugin) => ({ plugin }))]
  const plane = await boot({ plugins: entries })
  t.defer(() => plane.stop())
  const { client, clock } = plane
  const rest = async () => {
    for (let turn = 0; turn < 20; turn += 1) await clock.settle()
  }
  return {
    ...plane,
    pod: (name) => client.get(pods, 'default', name),
    run: (name, spec = {}) => client.create(pods, { ...pod(name, spec), metadata: { name, namespace: 'default' } }),
    addNode: (name, allocatable) => addNode(client, node(name, allocatable)),
    rest,
    async events(name) {
      const found = (await client.list(events, { namespace: 'default' })).items.filter((one) => one.involvedObject.name === name)
      return found.map(({ reason, message, count }) => `${reason}: ${message} ×${count}`).sort()
    },
  }
}

async function addNode(client: Client, wanted: Node): Promise<Node> {
  const made = await client.create(nodes, { ...wanted, metadata: { name: wanted.metadata.name } })
  return client.updateStatus(nodes, { ...made, status: wanted.status ?? {} })
}

export function conditionOf(found: Pod): { status?: string; reason?: string; message?: string } | undefined {
  const condition = found.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  if (!condition) return undefined
  const { status, reason, message } = condition
  return { status, ...(reason !== undefined && { reason }), ...(message !== undefined && { message }) }
}
