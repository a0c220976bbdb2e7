/** Two servers over one store, each with controllers and scheduler, a third that only looks, and a hand as the kubelet. */
import { ApiHooksToken, type CommittedWrite } from '@davit/core/api'
import { type Client, leases, nodes, pods } from '@davit/core/client'
import { grantsOnly } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import type { Pod } from '@davit/core/kinds'
import { type BootedServer, servers, type TestContext } from '@davit/core/testing'
import { builtins } from '../../builtins.js'

const working = [
  'controller-host',
  'controller-deployment',
  'controller-replication',
  'controller-job',
  'controller-gc',
  'scheduler-host',
  'scheduler-binpack',
]

/** Who leads and who binds are not what grants are tested with here. */
const allowLeaders = definePlugin({
  id: 'test-allow-leaders',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    const free = ['system:kube-scheduler', 'system:kube-controller-manager']
    context.tap(hooks.authorize, ({ user }) => (free.includes(user.name) ? { allowed: true, reason: '' } : undefined))
    return {}
  },
})

export interface TwoServers {
  readonly one: BootedServer
  readonly two: BootedServer
  readonly client: Client
  /** Names of all Pods that were ever made, and on which node each was put. */
  readonly made: ReadonlyMap<string, string | undefined>
  now(): number
  pods(): Promise<readonly Pod[]>
  leader(lease: string): Promise<string>
  /** Lets everything that needs no time happen. */
  rest(): Promise<void>
  pass(ms: number): Promise<void>
  /** Moves the clock on, with the kubelet at work, until it is so; the milliseconds that it took. */
  until(what: string, check: () => Promise<boolean>, stepMs?: number): Promise<number>
  /** Stops `server` as SIGSTOP does right after the `count`-th write of it that `which` chooses. */
  pauseAfter(server: BootedServer, count: number, which: (write: CommittedWrite) => boolean): { readonly done: boolean }
}

export async function twoServers(t: TestContext): Promise<TwoServers> {
  const all = await servers(t)
  const { clock } = all
  const allowed = [{ plugin: grantsOnly }, { plugin: allowLeaders }]
  const eye = await all.boot(allowed)
  const { client } = eye
  for (const name of ['node-a', 'node-b']) await addNode(client, name)
  const made = new Map<string, string | undefined>()
  const note = ({ metadata: { name }, spec: { nodeName } }: Pod) => void made.set(name, nodeName ?? made.get(name))
  eye.clients.informer(pods).on({ added: note, updated: note })
  const boot = async () => all.boot([...allowed, ...(await Promise.all(working.map(builtin)))])
  const [one, two] = [await boot(), await boot()]
  const rest = async () => {
    for (let turn = 0; turn < 30; turn += 1) await clock.settle()
  }
  const list = async () => (await client.list(pods, { namespace: 'default' })).items
  const pass = async (ms: number) => {
    await rest()
    await clock.advance(ms)
    await rest()
    await kubelet(client, await list())
    await rest()
  }
  await pass(1)
  return {
    one,
    two,
    client,
    made,
    now: () => clock.monotonic(),
    pods: list,
    leader: async (lease) => (await client.get(leases, 'kube-system', lease)).spec?.holderIdentity ?? '',
    rest,
    pass,
    async until(what, check, stepMs = 500) {
      const began = clock.monotonic()
      while (!(await check())) {
        if (clock.monotonic() - began > 600_000) throw new Error(`not in ten minutes: ${what}`)
        await pass(stepMs)
      }
      return clock.monotonic() - began
    },
    pauseAfter(server, count, which) {
      const state = { done: false }
      let left = count
      server.kernel.get(ApiHooksToken).committed.tap('test-pause', (write) => {
        if (state.done || !which(write)) return
        left -= 1
        if (left > 0) return
        state.done = true
        server.pause()
      })
      return state
    },
  }
}

/** Makes what was put on a node ready, ends what is of a Job, and lets go what is to go. */
async function kubelet(client: Client, all: readonly Pod[]): Promise<void> {
  for (const pod of all) {
    const { name, namespace = '', deletionTimestamp, ownerReferences = [] } = pod.metadata
    if (deletionTimestamp) await client.delete(pods, namespace, name, { gracePeriodSeconds: 0 })
    else if (pod.spec.nodeName && !pod.status?.phase?.match(/Running|Succeeded/)) {
      const isOfJob = ownerReferences.some(({ kind }) => kind === 'Job')
      const status = { phase: isOfJob ? 'Succeeded' : 'Running', conditions: [{ type: 'Ready', status: 'True' }] }
      await client.patch(pods, namespace, name, 'strategic', { status }, { subresource: 'status' })
    }
  }
}

async function addNode(client: Client, name: string): Promise<void> {
  const made = await client.create(nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name }, spec: {} })
  const room = { cpu: '64', memory: '256Gi', pods: '500' }
  const conditions = [{ type: 'Ready', status: 'True' }]
  await client.updateStatus(nodes, { ...made, status: { allocatable: room, capacity: room, conditions } })
}

async function builtin(id: string): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load() }
}
