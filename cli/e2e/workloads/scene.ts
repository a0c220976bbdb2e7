/** A namespace of its own on a cluster of real processes, and what scenarios of workloads do and look at in it. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Connection } from '../../kube/connection.js'
import type { Kubectl } from '../kubectl.js'
import type { Tree } from '../objects.js'

/** Of the one cluster that all scenarios share. */
export interface Stage {
  readonly connection: Connection
  readonly kubectl: Kubectl
  /** Names of the nodes, and where each keeps its files. */
  readonly nodes: Readonly<Record<'one' | 'two', string>>
}
export type Scenario = (scene: Scene) => Promise<void>

const groups: Readonly<Record<string, string>> = {
  deployments: 'apis/apps/v1',
  replicasets: 'apis/apps/v1',
  statefulsets: 'apis/apps/v1',
  daemonsets: 'apis/apps/v1',
  jobs: 'apis/batch/v1',
  cronjobs: 'apis/batch/v1',
  poddisruptionbudgets: 'apis/policy/v1',
  endpointslices: 'apis/discovery.k8s.io/v1',
}
/** Seldom enough that a dozen scenarios leave the machine to what they look at. */
const [waitMs, lookMs] = [90_000, 150]

export class Scene {
  readonly namespace: string
  readonly stage: Stage
  /** Speaks of this namespace. */
  readonly kubectl: Kubectl

  private constructor(stage: Stage, namespace: string) {
    this.stage = stage
    this.namespace = namespace
    this.kubectl = stage.kubectl.with('-n', namespace)
  }

  static async open(stage: Stage, namespace: string): Promise<Scene> {
    const scene = new Scene(stage, namespace)
    await stage.connection.json('POST', '/api/v1/namespaces', { body: { metadata: { name: namespace } } })
    await scene.until('the default service account', () => scene.find('serviceaccounts', 'default'))
    return scene
  }

  path(resource: string, name = '', subresource = ''): string {
    const parts = [groups[resource] ?? 'api/v1', 'namespaces', this.namespace, resource, name, subresource]
    return `/${parts.filter((part) => part !== '').join('/')}`
  }

  /** `name` and the rest of the metadata; `body` is the spec and what stands beside it. */
  create(resource: string, name: string, body: Tree, metadata: Tree = {}): Promise<Tree> {
    return this.stage.connection.json('POST', this.path(resource), { body: { metadata: { name, ...metadata }, ...body } })
  }

  get(resource: string, name: string): Promise<Tree> {
    return this.stage.connection.json('GET', this.path(resource, name))
  }

  async find(resource: string, name: string): Promise<Tree | undefined> {
    const { code, body } = await this.stage.connection.raw('GET', this.path(resource, name))
    return code === 200 ? (JSON.parse(body.toString()) as Tree) : undefined
  }

  async list(resource: string, selector = ''): Promise<readonly Tree[]> {
    const query = selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`
    return (await this.stage.connection.json<{ items: Tree[] }>('GET', this.path(resource) + query)).items
  }

  /** A strategic merge patch. */
  patch(resource: string, name: string, body: Tree, subresource = ''): Promise<Tree> {
    const contentType = 'application/strategic-merge-patch+json'
    return this.stage.connection.json('PATCH', this.path(resource, name, subresource), { body, contentType })
  }

  async remove(resource: string, name: string, options: Tree = {}): Promise<void> {
    await this.stage.connection.json('DELETE', this.path(resource, name), { body: options })
  }

  /** Code and answer, whatever it is. */
  async evict(name: string): Promise<{ readonly code: number; readonly status: Tree }> {
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: this.namespace } }
    const reply = await this.stage.connection.raw('POST', this.path('pods', name, 'eviction'), { body })
    return { code: reply.code, status: JSON.parse(reply.body.toString()) as Tree }
  }

  async log(name: string): Promise<string> {
    return (await this.stage.connection.raw('GET', this.path('pods', name, 'log'))).body.toString()
  }

  async events(reason: string): Promise<readonly string[]> {
    return (await this.list('events')).filter((event) => event.reason === reason).map(({ message }) => message as string)
  }

  async until<T>(what: string, wanted: () => Promise<T | undefined | false>): Promise<T> {
    for (const end = performance.now() + waitMs; performance.now() < end; await pause(lookMs)) {
      const found = await wanted()
      if (found !== undefined && found !== false) return found
    }
    throw new Error(`${this.namespace}: not within ${waitMs} ms: ${what}; ${await this.#story()}`)
  }

  /** How its Pods and Jobs are, and what was told last, for whoever reads of a failure. */
  async #story(): Promise<string> {
    const objects = [...(await this.list('jobs')), ...(await this.list('pods'))]
    const states = objects.map(({ metadata: { name, deletionTimestamp, finalizers = [] }, status: { phase = '' } }) => {
      return `${name} ${phase}${deletionTimestamp ? ' going' : ''} ${finalizers}`
    })
    const events = [...(await this.list('events'))]
    const told = events.sort((one, other) => (one.lastTimestamp < other.lastTimestamp ? -1 : 1)).slice(-10)
    return [...states, ...told.map(({ reason, message }) => `${reason}: ${message}`)].join('; ')
  }

  gone(resource: string, name: string): Promise<boolean> {
    return this.until(`${resource} ${name} is gone`, async () => (await this.find(resource, name)) === undefined)
  }

  /** Pods of an app that are not on their way out, by name. */
  async pods(app: string): Promise<readonly Tree[]> {
    const all = await this.list('pods', `app=${app}`)
    return all.filter(({ metadata }) => !metadata.deletionTimestamp).sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }

  /** All Pods of an app once exactly `count` are there and ready. */
  ready(app: string, count: number): Promise<readonly Tree[]> {
    return this.until(`${count} ready Pods of ${app}`, async () => {
      const found = await this.pods(app)
      return found.length === count && found.every(isReady) && found
    })
  }

  /** The versions that `count` Pods of an app say they are, once they all are `version`. */
  async versions(app: string, count: number, version: string): Promise<void> {
    await this.until(`${count} Pods of ${app} are of version ${version}`, async () => {
      const found = await this.pods(app)
      if (found.length !== count || !found.every(isReady)) return false
      const logs = await Promise.all(found.map(({ metadata }) => this.log(metadata.name)))
      return logs.every((log) => log.startsWith(`version ${version}\n`))
    })
  }

  /** Ids of the processes on this machine that the Pods of this namespace run, by Pod. */
  async processes(app = ''): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>()
    for (const entry of readdirSync('/proc')) {
      const environment = /^\d+$/.test(entry) ? environmentOf(entry) : []
      if (!environment.includes(`SCENE=${this.namespace}`) || (app !== '' && !environment.includes(`APP=${app}`))) continue
      const host = environment.find((variable) => variable.startsWith('HOSTNAME='))?.slice('HOSTNAME='.length)
      if (host !== undefined) found.set(host, Number(entry))
    }
    return found
  }

  /** Once there are exactly `count`: a container is told to run a moment before its program does. */
  running(app: string, count: number): Promise<ReadonlyMap<string, number>> {
    return this.until(`${count} processes of ${app}`, async () => {
      const found = await this.processes(app)
      return found.size === count && found
    })
  }

  noProcesses(app = ''): Promise<boolean> {
    return this.until(`no process of ${app} is left`, async () => (await this.processes(app)).size === 0)
  }

  /** A Pod that says its version and waits. `more` is laid over its container, `pod` over its spec. */
  template(app: string, version: string, more: Tree = {}, pod: Tree = {}): Tree {
    return { metadata: { labels: { app } }, spec: this.podSpec(app, version, more, pod) }
  }

  podSpec(app: string, version: string, more: Tree = {}, pod: Tree = {}): Tree {
    const env = Object.entries({ SCENE: this.namespace, APP: app, VERSION: version })
    const container = {
      name: 'main',
      image: 'none:1',
      command: ['/bin/sh', '-c', 'echo "version $VERSION"; exec sleep 1000'],
      env: env.map(([name, value]) => ({ name, value })),
      ...more,
    }
    return { terminationGracePeriodSeconds: 5, containers: [container], ...pod }
  }
}

export const pause = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms))

/** At once, for there are hundreds; empty where it has ended. */
function environmentOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}

/** What changes the version of a workload. */
export const versionPatch = (version: string, more: Tree = {}): Tree => ({
  spec: { ...more, template: { spec: { containers: [{ name: 'main', env: [{ name: 'VERSION', value: version }] }] } } },
})

export const selectorOf = (app: string): Tree => ({ matchLabels: { app } })

export function isReady(pod: Tree): boolean {
  return pod.status?.conditions?.some(({ type, status }: Tree) => type === 'Ready' && status === 'True') ?? false
}

export function conditionOf(object: Tree, type: string): Tree | undefined {
  return object.status?.conditions?.find((condition: Tree) => condition.type === type)
}
