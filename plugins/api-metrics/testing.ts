/** For this plugin's tests: agents that say what the test tells them to. */
import { ApiHooksToken, NodeConnectionsToken, type NodeStreams, type NodeUsage } from '@davit/core/api'
import { nodes, pods } from '@davit/core/client'
import { controlPlane } from '@davit/core/controller/testkit'
import { definePlugin } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'
import type { Booted, TestContext } from '@davit/core/testing'
import plugin from './index.js'

export interface Agent {
  /** How often it was asked. */
  asked: number
  /** Thousandths of a core that each of its containers uses. */
  millis: number
  fails: boolean
  /** It never answers, whatever it is told. */
  hangs: boolean
  /** Absent: a simulated node. */
  machineMillis?: number
}
export interface Plane extends Booted {
  agent(name: string): Agent
  /** A Pod that runs on the node since now, with the containers "main" and, where told, another. */
  run(
    node: string,
    name: string,
    more?: { readonly labels?: Record<string, string>; readonly containers?: readonly string[] },
  ): Promise<Pod>
  /** Asks while the clock goes on: a question may wait for its second reading. */
  asking<T>(question: Promise<T>, ms?: number): Promise<T>
}

export async function plane(t: TestContext, agents: readonly string[], config: object = {}): Promise<Plane> {
  const known = new Map<string, Agent>(agents.map((name) => [name, { asked: 0, millis: 100, fails: false, hangs: false }]))
  const running: Pod[] = []
  const booted = await controlPlane(t, [{ plugin, config }], { beside: [{ plugin: allowReader }] })
  const { client, clock, kernel } = booted
  const begun = clock.now()
  const usageOf = async (name: string): Promise<NodeUsage> => {
    const agent = known.get(name) as Agent
    agent.asked += 1
    if (agent.fails) throw new Error('the daemon is down')
    if (agent.hangs) return new Promise(() => undefined)
    const at = clock.now()
    const own = running.filter(({ spec }) => spec.nodeName === name)
    const list = own.map(({ metadata: { namespace = '', name, uid = '' }, spec, status }) => {
      const startedAt = Date.parse(status?.startTime ?? '')
      const used = { at, cpuNanoseconds: (at - startedAt) * agent.millis * 1000, memoryBytes: 64 * 1024 * 1024 }
      const containers = spec.containers.map((each) => ({ ...used, name: each.name, id: `${uid}-${each.name}`, startedAt }))
      return { namespace, name, uid, containers }
    })
    const machine = agent.machineMillis
    if (machine === undefined) return { at, pods: list }
    return { at, node: { at, cpuNanoseconds: (at - begun) * machine * 1000, memoryBytes: 1024 ** 3 }, pods: list }
  }
  for (const name of agents) {
    await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { zone: name } }, spec: {} })
    const streams = { usage: () => usageOf(name) } as unknown as NodeStreams
    t.defer(kernel.get(NodeConnectionsToken).register(name, streams))
  }
  return {
    ...booted,
    agent: (name) => known.get(name) as Agent,
    async run(nodeName, name, { labels = {}, containers = ['main'] } = {}) {
      const spec = { nodeName, containers: containers.map((each) => ({ name: each, image: 'app' })) }
      const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels }, spec } as const
      const made = await client.create(pods, pod as Pod)
      const startTime = new Date(clock.now()).toISOString()
      const run = await client.updateStatus(pods, { ...made, status: { phase: 'Running', startTime } })
      running.push({ ...run, status: { phase: 'Running', startTime } })
      return run
    },
    async asking(question, ms = 1000) {
      const answer = question.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      )
      await clock.settle()
      await clock.advance(ms)
      const settled = await answer
      if ('error' in settled) throw settled.error
      return settled.value
    },
  }
}

export const reader = { name: 'reader' }
/** In the place of a role. */
const allowReader = definePlugin({
  id: 'test-allow-reader',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user, verb, group }) => {
      if (user.name !== reader.name || group !== 'metrics.k8s.io') return undefined
      return { allowed: verb === 'get' || verb === 'list', reason: '' }
    })
    return {}
  },
})
