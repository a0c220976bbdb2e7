/** For this plugin's tests: a control plane in this process with agents that run hollow nodes. */
import { ApiHooksToken } from '@davit/core/api'
import { type Client, nodes, pods } from '@davit/core/client'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import type { Container, ContainerStatus, Node, Pod, PodSpec } from '@davit/core/kinds'
import { nodeAgent, nodeVolumes } from '@davit/core/node/testkit'
import type { Booted, BootOptions, TestContext } from '@davit/core/testing'
import { boot } from '@davit/core/testing'
import cri from './index.js'

export interface Cluster extends Booted {
  /** Creates a Pod that is already bound to node "one". */
  run(name: string, spec?: Partial<PodSpec>, annotations?: Readonly<Record<string, string>>): Promise<Pod>
  pod(name: string): Promise<Pod>
  /** Waits, moving the clock on, until the Pod is as `check` wants it. */
  until(name: string, what: string, check: (pod: Pod) => boolean, withinMs?: number): Promise<Pod>
  gone(name: string, withinMs?: number): Promise<void>
  /** Lets what is due happen, then moves the clock on. */
  pass(ms: number): Promise<void>
}

export interface ClusterOptions extends BootOptions {
  readonly nodes?: readonly object[]
  readonly hollow?: object
}

/** In the place of an authoriser: nodes may do anything. */
export const allowNodes = definePlugin({
  id: 'test-allow-nodes',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user }) =>
      user.groups.includes('system:nodes') || user.name === 'system:davit:node-sources'
        ? { allowed: true, reason: '' }
        : undefined,
    )
    return {}
  },
})

export async function cluster(t: TestContext, options: ClusterOptions = {}): Promise<Cluster> {
  const dataDirectory = await t.directory()
  const agent: PluginEntry = { plugin: nodeAgent, config: { nodes: options.nodes ?? [node('one')], dataDirectory } }
  const runtime: PluginEntry = { plugin: cri, config: options.hollow ?? {} }
  const plane = await boot({
    ...options,
    clock: 'virtual',
    plugins: [{ plugin: allowNodes }, runtime, { plugin: nodeVolumes }, agent, ...(options.plugins ?? [])],
  })
  t.defer(() => plane.stop())
  return withHelpers(plane)
}

export function node(name: string, more: object = {}): object {
  return { name, runtime: 'cri-hollow', podCidr: '10.244.7.0/24', ...more }
}

export function withHelpers(plane: Booted): Cluster {
  const { client, clock } = plane
  const pod = (name: string): Promise<Pod> => client.get(pods, 'default', name)
  return {
    ...plane,
    pod,
    run: (name, spec = {}, annotations = {}) => client.create(pods, makePod(name, spec, annotations)),
    async pass(ms) {
      for (let left = ms; left > 0; left -= 1_000) {
        await quiet(plane)
        await clock.advance(Math.min(left, 1_000))
      }
      await quiet(plane)
    },
    until: (name, what, check, withinMs = 600_000) =>
      eventually(plane, `${name}: ${what}`, withinMs, async () => {
        const found = await pod(name)
        return check(found) ? found : undefined
      }),
    async gone(name, withinMs = 600_000) {
      await eventually(plane, `${name} is gone`, withinMs, () =>
        pod(name).then(
          () => undefined,
          () => true,
        ),
      )
      // What watches the Pod hears of it a turn later.
      await plane.clock.settle()
    },
  }
}

export async function eventually<T>(
  plane: Booted,
  what: string,
  withinMs: number,
  ask: () => Promise<T | undefined>,
): Promise<T> {
  const deadline = plane.clock.now() + withinMs
  for (;;) {
    // Writes and files take turns of the event loop, whatever the clock says.
    for (let turn = 0; turn < 10; turn += 1) {
      const answer = await ask()
      if (answer !== undefined) return answer
      await quiet(plane)
    }
    if (plane.clock.now() >= deadline) throw new Error(`not within ${withinMs} ms of the clock: ${what}`)
    await plane.clock.advance(100)
  }
}

/** Files take the machine's time, whatever the clock says: nothing of them is under way when this resolves. */
async function quiet(plane: Booted): Promise<void> {
  do await plane.clock.settle()
  while (process.getActiveResourcesInfo().some((kind) => kind.startsWith('FSReq')))
}

export function makePod(name: string, spec: Partial<PodSpec>, annotations: Readonly<Record<string, string>>): Pod {
  const containers: Container[] = [{ name: 'main', image: 'nginx:1.27' }]
  const hollow = Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : `hollow.davit.dev/${key}`, value])
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', annotations: Object.fromEntries(hollow) },
    spec: { nodeName: 'one', containers, ...spec },
  }
}

export const condition = (
  object: Pod | Node,
  type: string,
): { status: string; reason?: string | undefined; message?: string | undefined } | undefined =>
  (object.status?.conditions as { type: string; status: string; reason?: string }[] | undefined)?.find(
    (item) => item.type === type,
  )

export const isReady = (object: Pod | Node): boolean => condition(object, 'Ready')?.status === 'True'

export function statusOf(pod: Pod, container = 'main'): ContainerStatus {
  const all = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
  const found = all.find((status) => status.name === container)
  if (!found) throw new Error(`${pod.metadata.name} has no status of ${container}`)
  return found
}

export async function nodeNamed(client: Client, name: string): Promise<Node> {
  return client.get(nodes, '', name)
}
