/** Jobs on hollow nodes, with a clock that the test moves: scheduler, agents, garbage collection and controllers as they are. */
import { ApiHooksToken } from '@davit/core/api'
import { cronJobs, jobs, pods } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import type { CronJob, Job, JobSpec, Pod } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import { builtins } from '../../builtins.js'

export interface JobPlane extends ControlPlane {
  run(name: string, spec?: Partial<JobSpec>, script?: Readonly<Record<string, string>>): Promise<void>
  job(name: string): Promise<Job>
  pods(): Promise<readonly Pod[]>
  /** Second by second, so that agents and controllers answer each other. */
  go(seconds: number): Promise<void>
  /** Until the Job has come to its end; answers with the conditions that hold. */
  ended(name: string, withinSeconds?: number): Promise<readonly string[]>
}

/** In the place of the authorisers of nodes and of the scheduler. */
const allowNodes = definePlugin({
  id: 'test-allow-nodes',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user }) => {
      const known = user.groups.includes('system:nodes') || /^system:(kube-scheduler|davit:)/.test(user.name)
      return known ? { allowed: true, reason: '' } : undefined
    })
    return {}
  },
})

export async function jobPlane(t: TestContext): Promise<JobPlane> {
  const names = ['one', 'two']
  const dataDirectory = await t.directory()
  const nodes = names.map((name, index) => ({ name, runtime: 'cri-hollow', podCidr: `10.244.${index}.0/24` }))
  const plane = await controlPlane(t, [await builtin('controller-job'), await builtin('controller-gc')], {
    beside: [
      { plugin: allowNodes },
      await builtin('cri-hollow'),
      await builtin('node-volumes'),
      await builtin('scheduler-host'),
      await builtin('scheduler-binpack'),
      { ...(await builtin('node-agent')), config: { nodes, dataDirectory } },
    ],
  })
  const { client } = plane
  const job = (name: string) => client.get(jobs, 'default', name)
  const holding = async (name: string) =>
    ((await job(name)).status?.conditions ?? []).filter(({ status }) => status === 'True').map(({ type }) => type)
  const go = async (seconds: number) => {
    for (let second = 0; second < seconds; second += 1) await plane.pass(1000)
  }
  return {
    ...plane,
    job,
    go,
    pods: async () => (await client.list(pods, { namespace: 'default' })).items,
    run: async (name, spec = {}, script = {}) => void (await client.create(jobs, jobOf(name, spec, script))),
    async ended(name, withinSeconds = 900) {
      for (let second = 0; second < withinSeconds; second += 1) {
        const conditions = await holding(name)
        if (conditions.includes('Complete') || conditions.includes('Failed')) return conditions
        await go(1)
      }
      throw new Error(`Job ${name} did not end within ${withinSeconds} s: ${JSON.stringify((await job(name)).status)}`)
    },
  }
}

/** `script`: what its containers do, as cri-hollow reads it. */
export function jobOf(name: string, spec: Partial<JobSpec> = {}, script: Readonly<Record<string, string>> = {}): Job {
  const annotations = Object.fromEntries(Object.entries(script).map(([key, value]) => [`hollow.davit.dev/${key}`, value]))
  const containers = [{ name: 'main', image: 'work:1' }]
  const template = { metadata: { annotations }, spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers } }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace: 'default' }, spec: { template, ...spec } }
}

export async function schedule(plane: JobPlane, cronJob: Pick<CronJob, 'spec'> & { readonly name: string }): Promise<void> {
  const { name, spec } = cronJob
  await plane.client.create(cronJobs, { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name, namespace: 'default' }, spec })
}

async function builtin(id: string): Promise<PluginEntry> {
  const known = builtins[id]
  if (!known) throw new Error(`there is no built-in plugin ${id}`)
  return { plugin: await known.load() }
}
