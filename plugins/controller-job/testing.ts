/** For this plugin's tests: Jobs and Pods as the API stores them, and a hand that plays the kubelet. */
import { edit, jobs, pods } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import type { PluginEntry } from '@davit/core/kernel'
import type { Job, JobSpec, JobStatus, ObjectMeta, Pod, PodStatus } from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import { type JobPods, type Tally, tallyOf } from './count.js'
import plugin from './index.js'
import { indexKey, trackingFinalizer } from './names.js'
import { isTracked } from './pod-facts.js'

export const now = Date.UTC(2024, 0, 1)

/** `ago`: seconds before `now`. */
export function time(ago: number): string {
  return `${new Date(now - ago * 1000).toISOString().slice(0, 19)}Z`
}

export function job(spec: Partial<JobSpec> = {}, status?: JobStatus, metadata: Partial<ObjectMeta> = {}): Job {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'work:1' }] } }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'work', namespace: 'default', ...metadata },
    spec: { parallelism: 1, completions: 1, template, ...spec },
    ...(status && { status }),
  }
}

/** Work without a known number of completions. */
export function queue(parallelism: number): Job {
  const { completions, ...spec } = job({ parallelism }).spec
  return { ...job(), spec }
}

export const indexed = (completions: number, spec: Partial<JobSpec> = {}, status?: JobStatus) =>
  job({ completions, parallelism: completions, completionMode: 'Indexed', ...spec }, status)

export interface PodTraits {
  readonly phase?: string
  readonly index?: number
  readonly tracked?: boolean
  readonly deleting?: boolean
  readonly ready?: boolean
  /** Seconds since it ended. */
  readonly ended?: number
  readonly exitCode?: number
  readonly restarts?: number
  readonly annotations?: Record<string, string>
  readonly conditions?: PodStatus['conditions']
  readonly node?: string
}

export function pod(name: string, traits: PodTraits = {}): Pod {
  const { phase = 'Running', index, tracked = true, deleting = false, ready = false, ended, exitCode = 0, restarts = 0 } = traits
  const terminated = { exitCode, ...(ended !== undefined && { finishedAt: time(ended) }) }
  const conditions = [
    ...(traits.conditions ?? []),
    ...(ready ? [{ type: 'Ready', status: 'True', lastTransitionTime: time(9) }] : []),
  ]
  const done = phase === 'Succeeded' || phase === 'Failed'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      creationTimestamp: time(1000),
      annotations: { ...(index !== undefined && { [indexKey]: String(index) }), ...traits.annotations },
      ...(tracked && { finalizers: [trackingFinalizer] }),
      ...(deleting && { deletionTimestamp: time(ended ?? 0) }),
    },
    spec: { containers: [{ name: 'main', image: 'work:1' }], ...(traits.node !== undefined && { nodeName: traits.node }) },
    status: {
      phase,
      conditions,
      containerStatuses: [
        { name: 'main', image: '', imageID: '', ready, restartCount: restarts, ...(done && { state: { terminated } }) },
      ],
    },
  }
}

export const seen = (pods: readonly Pod[]): JobPods => ({ pods, tracked: isTracked })

export function tally(of: Job, pods: readonly Pod[]): Tally {
  return tallyOf(of, of.status ?? {}, seen(pods))
}

// ------------------------------------------------------------------------------------------------- the control plane

/** The control plane with this plugin, on a clock that the test moves. */
export function plane(t: TestContext, more: readonly PluginEntry[] = []): Promise<ControlPlane> {
  return controlPlane(t, [{ plugin }, ...more])
}

export function stored({ client }: ControlPlane, name = 'work'): Promise<Job> {
  return client.get(jobs, 'default', name)
}

export async function podsOf({ client }: ControlPlane): Promise<readonly Pod[]> {
  const { items } = await client.list(pods, { namespace: 'default' })
  return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

export async function activeOf(at: ControlPlane): Promise<readonly Pod[]> {
  return (await podsOf(at)).filter(
    ({ metadata, status }) => !metadata.deletionTimestamp && status?.phase !== 'Succeeded' && status?.phase !== 'Failed',
  )
}

/** As a kubelet would: the containers of the Pod end with this code, now. */
export async function end({ client, clock }: ControlPlane, target: Pod, exitCode = 0, more: Partial<PodStatus> = {}) {
  const at = `${new Date(clock.now()).toISOString().slice(0, 19)}Z`
  const fresh = await client.get(pods, 'default', target.metadata.name)
  const changed = edit(fresh, (draft) => {
    const state = { terminated: { exitCode, finishedAt: at } }
    draft.status = {
      ...draft.status,
      phase: exitCode === 0 ? 'Succeeded' : 'Failed',
      containerStatuses: [{ name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state }],
      ...more,
    }
  })
  await client.updateStatus(pods, changed)
}

/** All active Pods end with this code. */
export async function endAll(at: ControlPlane, exitCode = 0): Promise<void> {
  for (const each of await activeOf(at)) await end(at, each, exitCode)
  await at.quiet()
}
