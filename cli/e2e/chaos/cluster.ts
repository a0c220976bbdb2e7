/** A whole control plane with hollow nodes on a clock that the test moves, of which everything can be killed. */
import { ApiHooksToken } from '@davit/core/api'
import { type Client, ClientsToken, nodes } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry, type Random } from '@davit/core/kernel'
import { type Container, type Runtime, type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import { storeMemory } from '@davit/core/store/host'
import type { TestContext } from '@davit/core/testing'
import { builtins } from '../../builtins.js'
import { Observer } from './observer.js'

export interface ChaosCluster {
  readonly observer: Observer
  readonly nodes: readonly string[]
  /** Of the server that runs now. */
  readonly client: Client
  now(): number
  /** Moves the clock on. */
  pass(ms: number): Promise<void>
  /** Until nobody writes any more, without moving the clock. */
  quiet(): Promise<void>
  containersOf(node: string): Promise<readonly Container[]>
  sandboxesOf(node: string): Promise<readonly { readonly uid: string; readonly id: string }[]>
  killContainer(node: string, id: string): Promise<void>
  /** The agent is gone without a word; its containers go on. It is back after `forMs`, or at once. */
  killAgent(node: string, forMs: number): Promise<void>
  /** Store, API, controllers, scheduler and agents at once. What is under way is lost; what was answered stays. */
  killServer(): Promise<void>
  /** Starts what is still down. */
  mend(): Promise<void>
}

const parts = ['deployment', 'replication', 'statefulset', 'daemonset', 'job', 'gc', 'disruption', 'node'].map(
  (name) => `controller-${name}`,
)
const others = ['scheduler-host', 'scheduler-binpack', 'node-volumes']

export async function chaosCluster(t: TestContext, seed: string, names: readonly string[]): Promise<ChaosCluster> {
  const dataDirectory = await t.directory()
  let drivers: () => readonly RuntimeDriver[] = () => []
  let torn = false
  let observer: Observer | undefined
  const hand = definePlugin({
    id: 'test-hand',
    api: '^1.0',
    requires: { runtimes: RuntimeToken },
    async setup(_context, { runtimes }) {
      drivers = () => runtimes.all()
      return {}
    },
  })
  const eye = definePlugin({
    id: 'test-eye',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.committed, (write) => observer?.heard(write))
      const fault = { code: 503, reason: 'ServiceUnavailable', message: 'the server was killed' }
      context.tap(hooks.validate, (_request) => (torn ? fault : undefined))
      // Scheduler and nodes are not what is tested here: they may do anything.
      const free = ['system:kube-scheduler', 'system:davit:node-sources']
      context.tap(hooks.authorize, ({ user }) =>
        user.groups.includes('system:nodes') || free.includes(user.name) ? { allowed: true, reason: '' } : undefined,
      )
      return {}
    },
  })
  const agents = new Map(
    await Promise.all(names.map(async (name, index) => [name, await agentOf(name, index, dataDirectory)] as const)),
  )
  const plugins = [
    { plugin: hand },
    { plugin: eye },
    ...(await Promise.all([...parts, ...others].map((id) => builtin(id)))),
    await builtin('cri-hollow', { startMs: 300 }),
    ...agents.values(),
  ]
  const plane = await controlPlane(t, plugins, { seed })
  const { kernel, clock } = plane
  observer = new Observer(() => clock.now())
  const seen = observer
  const down = new Map<string, number>()
  const runtimeOf = async (node: string): Promise<Runtime> => {
    const driver = drivers().find(({ id }) => id === 'cri-hollow')
    if (!driver) throw new Error('there is no hollow runtime')
    return driver.open({ nodeName: node, directory: dataDirectory, podCidr: '', signal: new AbortController().signal })
  }
  const raise = async (node: string) => {
    const agent = agents.get(node)
    down.delete(node)
    if (agent) await kernel.reload(`node-agent:${node}`, agent)
  }
  const quiet = async (turns = calmTurns) => {
    for (let [calm, before] = [0, seen.commits]; calm < turns; calm += 1) {
      await clock.settle()
      if (seen.commits !== before || isReadingOrWriting()) calm = 0
      before = seen.commits
    }
  }
  // Agents use files: time goes on when what they began is done, so that the same seed finds the same state.
  const pass = async (ms: number) => {
    for (let left = ms; left > 0; left -= longestStepMs) {
      await clock.advance(Math.min(left, longestStepMs))
      await quiet(2)
    }
  }
  const client = () => kernel.get(ClientsToken).as({ name: 'test', groups: ['system:masters'] })
  for (let second = 0; (await client().list(nodes)).items.length < names.length; second += 1) {
    if (second > 60) throw new Error('the nodes did not come up')
    await pass(1000)
  }
  return {
    observer: seen,
    nodes: names,
    get client() {
      return client()
    },
    now: () => clock.now(),
    quiet,
    async pass(ms) {
      await pass(ms)
      for (const [node, until] of down) if (until <= clock.now()) await raise(node)
    },
    async containersOf(node) {
      return (await (await runtimeOf(node)).listContainers()).filter(({ state }) => state === 'running')
    },
    async sandboxesOf(node) {
      const all = await (await runtimeOf(node)).listSandboxes()
      return all.map(({ id, pod }) => ({ id, uid: pod.uid }))
    },
    async killContainer(node, id) {
      await (await runtimeOf(node)).stopContainer(id, 0)
    },
    async killAgent(node, forMs) {
      const agent = agents.get(node)
      if (!agent || down.has(node)) return
      if (forMs === 0) return raise(node)
      down.set(node, clock.now() + forMs)
      await kernel.reload(`node-agent:${node}`, { ...agent, config: { ...(agent.config as object), nodes: [] } })
    },
    async killServer() {
      torn = true
      try {
        await kernel.reload('store-memory', { plugin: storeMemory })
      } finally {
        torn = false
      }
    },
    async mend() {
      for (const node of [...down.keys()]) await raise(node)
    },
  }
}

/** Turns of the event loop without a write after which none is to come: more than any chain of queue and commit takes. */
const calmTurns = 12
const longestStepMs = 25

function isReadingOrWriting(): boolean {
  return process.getActiveResourcesInfo().some((resource) => resource.startsWith('FSReq'))
}

async function agentOf(name: string, index: number, dataDirectory: string): Promise<PluginEntry> {
  const node = { name, runtime: 'cri-hollow', podCidr: `10.244.${index}.0/24` }
  return { ...(await builtin('node-agent', { nodes: [node], dataDirectory })), name }
}

async function builtin(id: string, config: object = {}): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load(), config }
}

export function pick<T>(random: Random, list: readonly T[]): T | undefined {
  return list[random.integer(Math.max(1, list.length))]
}
