/** For this plugin's tests: a workload whose Pods use what the test says, and the APIs of metrics that tell it. */
import { type ApiDelegate, ApiDelegatesToken, KindsToken, type UserInfo } from '@davit/core/api'
import { ApiError, apiServices, deployments, events, horizontalPodAutoscalers, pods } from '@davit/core/client'
import { timestamp } from '@davit/core/controller'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin, type PluginEntry } from '@davit/core/kernel'
import {
  type Deployment,
  type HorizontalPodAutoscaler,
  type KubeObject,
  offeredKind,
  type Pod,
  type PodMetrics,
} from '@davit/core/kinds'
import type { TestContext } from '@davit/core/testing'
import plugin from './index.js'

export const namespace = 'default'

/** What a container uses. */
export interface Used {
  readonly cpu?: string
  readonly memory?: string
}
export interface Plane extends ControlPlane {
  /** What the Pods of a name that begins so use; without one nothing is known of them. */
  readonly used: Map<string, Used | Readonly<Record<string, Used>>>
  /** Answers of custom and external metrics by path; and what was asked for, by whom. */
  readonly answers: Map<string, object>
  readonly asked: string[]
  /** As if there were no API of resource metrics. */
  withoutMetrics(): void
  deployment(name: string, replicas: number, more?: object): Promise<Deployment>
  /** A Pod of the deployment that is ready since long. */
  pod(name: string, of: string, more?: PodFacts): Promise<Pod>
  /** As many as it wants. */
  fill(of: string, more?: PodFacts): Promise<void>
  autoscaler(of: string, spec?: object, annotations?: Record<string, string>): Promise<HorizontalPodAutoscaler>
  hpa(name: string): Promise<HorizontalPodAutoscaler>
  replicas(name: string): Promise<number>
  /** "AbleToScale=True SucceededRescale", … */
  conditions(name: string): Promise<readonly string[]>
  told(): Promise<readonly string[]>
  register(name: string): Promise<void>
}
export interface PodFacts {
  readonly ready?: boolean
  /** How long ago it started, and became what it is. */
  readonly startedMs?: number
  readonly changedMs?: number
  readonly phase?: string
  readonly requests?: Record<string, string> | undefined
  readonly containers?: readonly string[]
}

const hourMs = 3_600_000
const labelsOf = (name: string): Record<string, string> => ({ app: name })

export async function plane(t: TestContext, config: object = {}, beside: readonly PluginEntry[] = []): Promise<Plane> {
  const used: Plane['used'] = new Map()
  const [answers, asked] = [new Map<string, object>(), [] as string[]]
  const remote = delegates(answers, asked)
  const booted = await controlPlane(t, [{ plugin, config }], { beside: [{ plugin: remote }, ...beside] })
  const { client, clock, kernel } = booted
  const kinds = kernel.get(KindsToken)
  const source = {
    get: async () => undefined,
    async list({ namespace: place, labels }: { namespace?: string; labels?: { matches(of: object | undefined): boolean } }) {
      const { items } = await client.list(pods, place === undefined ? {} : { namespace: place })
      const found = items.filter(
        ({ metadata, status }) => status?.phase === 'Running' && (labels?.matches(metadata.labels) ?? true),
      )
      return found.flatMap((pod) => metricsOf(pod, used, timestamp(clock.now())))
    },
  }
  const undo = kinds.register(offeredKind('metrics.k8s.io/v1beta1', 'PodMetrics', source))
  t.defer(undo)
  const pod = (name: string, of: string, facts: PodFacts = {}) => makePod(booted, name, of, facts)
  const hpa = (name: string) => client.get(horizontalPodAutoscalers, namespace, name)
  const replicas = async (name: string) => (await client.get(deployments, namespace, name)).spec.replicas ?? 0
  return {
    ...booted,
    used,
    answers,
    asked,
    withoutMetrics: undo,
    pod,
    hpa,
    replicas,
    async deployment(name, count, more = {}) {
      const template = { metadata: { labels: labelsOf(name) }, spec: { containers: [{ name: 'main', image: 'app' }] } }
      const spec = { replicas: count, selector: { matchLabels: labelsOf(name) }, template }
      const made = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace }, spec: { ...spec, ...more } }
      return client.create(deployments, made as Deployment)
    },
    async fill(of, facts) {
      const { items } = await client.list(pods, { namespace, labelSelector: `app=${of}` })
      const wanted = await replicas(of)
      for (let index = items.length; index < wanted; index += 1) await pod(`${of}-${index}`, of, facts)
      for (const extra of items.slice(wanted)) {
        await client.delete(pods, namespace, extra.metadata.name, { gracePeriodSeconds: 0 })
      }
      const found = await client.get(deployments, namespace, of)
      await client.updateStatus(deployments, { ...found, status: { ...found.status, replicas: wanted } })
    },
    async autoscaler(of, spec = {}, annotations = {}) {
      const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: of }
      const metadata = { name: of, namespace, annotations }
      const made = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata }
      const all = { scaleTargetRef, maxReplicas: 10, ...spec }
      return client.create(horizontalPodAutoscalers, { ...made, spec: all } as HorizontalPodAutoscaler)
    },
    async conditions(name) {
      const { status } = await hpa(name)
      return (status?.conditions ?? []).map(({ type, status: is, reason }) => `${type}=${is} ${reason}`)
    },
    async told() {
      const { items } = await client.list(events, { namespace })
      return items.map(({ type, reason, message }) => `${type} ${reason}: ${message}`)
    },
    async register(name) {
      const [version = '', ...group] = name.split('.')
      const spec = { group: group.join('.'), version, groupPriorityMinimum: 100, versionPriority: 100 }
      const service = { name: 'adapter', namespace }
      await client.create(apiServices, {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name },
        spec: { ...spec, service, insecureSkipTLSVerify: true },
      })
    },
  }
}

function metricsOf({ metadata, spec }: Pod, used: Plane['used'], now: string): PodMetrics[] {
  const known = [...used].find(([name]) => metadata.name.startsWith(name))?.[1]
  if (!known) return []
  const isPlain = 'cpu' in known || 'memory' in known
  const containers = spec.containers.map(({ name }) => ({
    name,
    usage: { ...((isPlain ? known : (known as Record<string, Used>)[name]) as Record<string, string>) },
  }))
  const { name, labels = {} } = metadata
  const kind = { kind: 'PodMetrics', apiVersion: 'metrics.k8s.io/v1beta1' }
  return [{ ...kind, metadata: { name, namespace, labels }, timestamp: now, window: '15s', containers }]
}

async function makePod({ client, clock }: ControlPlane, name: string, of: string, facts: PodFacts): Promise<Pod> {
  const { ready = true, startedMs = hourMs, changedMs = startedMs, phase = 'Running', containers = ['main'] } = facts
  const requests = 'requests' in facts ? facts.requests : { cpu: '100m', memory: '100Mi' }
  const resources = requests ? { resources: { requests } } : {}
  const spec = { containers: containers.map((each) => ({ name: each, image: 'app', ...resources })) }
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels: labelsOf(of) }, spec }
  const made = await client.create(pods, body as unknown as Pod)
  const ago = (milliseconds: number): string => timestamp(clock.now() - milliseconds)
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(changedMs) }
  return client.updateStatus(pods, { ...made, status: { phase, startTime: ago(startedMs), conditions: [condition] } } as Pod)
}

/** In the place of aggregated API servers. */
function delegates(answers: Plane['answers'], asked: string[]) {
  const read = async (path: string, user: UserInfo): Promise<KubeObject> => {
    asked.push(`${user.name} ${path}`)
    const answer = answers.get(path)
    if (!answer) throw ApiError.of('NotFound', `there is no ${path}`, { name: 'it' })
    return answer as KubeObject
  }
  const of = (group: string, version: string): ApiDelegate => ({
    ...{ group, version, available: true, resources: [] },
    locate: () => undefined,
    read,
  })
  const all = [of('custom.metrics.k8s.io', 'v1beta2'), of('external.metrics.k8s.io', 'v1beta1')]
  return definePlugin({
    id: 'test-delegates',
    api: '^1.0',
    provides: { delegates: ApiDelegatesToken },
    async setup() {
      return { provides: { delegates: { all: () => all, onChange: () => () => {} } } }
    },
  })
}
