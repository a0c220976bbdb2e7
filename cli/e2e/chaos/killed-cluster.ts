/** A real `davit up` over its durable store with real processes as Pods, which is killed and started again. */
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Client, type ObjectList, pods } from '@davit/core/client'
import { createHttpsClients, readKubeconfig } from '@davit/core/client/host'
import { createClock } from '@davit/core/kernel/host'
import type { Pod } from '@davit/core/kinds'
import { createTestServices, type TestContext } from '@davit/core/testing'
import { Cluster } from '../cluster.js'
import { Observer } from './observer.js'

export interface KilledCluster {
  readonly observer: Observer
  /** Of the server that runs now; calls fail while none does. */
  readonly client: Client
  /** A directory of this machine in which Pods leave notes. */
  readonly notes: string
  pass(ms: number): Promise<void>
  /** SIGKILL, and up again over the same directory; resolves when all is heard that was written before. */
  killServer(): Promise<void>
  /** Ids of the Pods' own processes on this machine, by the Pod's name. */
  processes(): ReadonlyMap<string, number>
  /** Who evicts says so before, for a watch does not tell who did what. */
  evicts(pod: string): void
  stop(): Promise<void>
}

/** Names the Pods of one cluster among all processes of the machine. */
const markOf = (directory: string): string => `STORM=${directory}`
export const environmentOf = (notes: string) => [
  { name: 'STORM', value: notes },
  { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
]
/** A controller may look at what was so long ago, on a machine that has other things to do too. */
const behindMs = 5_000
const pause = (ms: number): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, ms))

export async function killedCluster(t: TestContext): Promise<KilledCluster> {
  const [home, notes] = [await t.directory(), await t.directory()]
  const config = path.join(home, 'cluster.yaml')
  await writeFile(config, JSON.stringify(settings))
  const cluster = await Cluster.start('--runtime', 'process', '--proxy', 'none', '--config', config)
  let stopped: Promise<void> | undefined
  const stop = () => (stopped ??= cluster.stop())
  t.defer(stop)
  const time = new Time()
  const observer = new Observer(() => time.now(), behindMs)
  const evicted = new Set<string>()
  const follower = new Follower(observer, evicted)
  let open = await clientOf(cluster)
  t.defer(() => open.close())
  follower.follow(open.client)
  t.defer(() => follower.close())
  return {
    observer,
    notes,
    get client() {
      return open.client
    },
    pass: async (ms) => void (await pause(ms)),
    async killServer() {
      time.stand()
      await cluster.kill()
      open.close()
      await cluster.up()
      open = await clientOf(cluster)
      follower.follow(open.client)
      await follower.caughtUp(await open.client.list(pods))
      time.goOn()
    },
    processes: () => processesOf(markOf(notes)),
    evicts: (pod) => void evicted.add(pod),
    stop,
  }
}

const settings = {
  apiVersion: 'davit.dev/v1',
  kind: 'ClusterConfig',
  plugins: [
    {
      id: 'node-agent',
      config: {
        clusterCidr: '10.244.98.0/23',
        nodes: ['one', 'two'].map((name, index) => {
          return { name, runtime: 'cri-process', podCidr: `10.244.${98 + index}.0/24` }
        }),
      },
    },
  ],
}

async function clientOf(cluster: Cluster): Promise<{ readonly client: Client; close(): void }> {
  const { random, log } = createTestServices()
  const clients = createHttpsClients({ connection: await readKubeconfig(cluster.kubeconfig), clock: createClock(), random, log })
  return { client: clients.as({ name: 'test' }), close: () => clients.close() }
}

/** Stands still while no server runs: nobody decides anything then. */
class Time {
  #lost = 0
  #since: number | undefined

  now(): number {
    return (this.#since ?? performance.now()) - this.#lost
  }
  stand(): void {
    this.#since = performance.now()
  }
  goOn(): void {
    this.#lost += performance.now() - (this.#since ?? performance.now())
    this.#since = undefined
  }
}

/** Hears every write of a Pod once and in order, over all lives of the server: each watch goes on where the last one ended. */
class Follower {
  readonly #observer: Observer
  readonly #evicted: ReadonlySet<string>
  readonly #versions = new Map<string, number>()
  #version: string | undefined
  #watch: { close(): void } | undefined
  #failure: Error | undefined

  constructor(observer: Observer, evicted: ReadonlySet<string>) {
    this.#observer = observer
    this.#evicted = evicted
  }

  follow(client: Client): void {
    this.#watch?.close()
    let closed = false
    const options = { namespace: 'default', ...(this.#version !== undefined && { resourceVersion: this.#version }) }
    const watch = client.watch<Pod>(pods, options, {
      event: (type, pod) => {
        if (!closed) this.#heard(type, pod)
      },
      bookmark: (version) => {
        if (!closed) this.#version = version
      },
      end: (error) => {
        // Killed: it is followed anew then.
        if ((error as { status?: { code?: number } } | undefined)?.status?.code === 410) this.#failure = error
      },
    })
    this.#watch = {
      close() {
        closed = true
        watch.close()
      },
    }
  }

  /** Resolves when all that `list` shows was heard. */
  async caughtUp({ items }: ObjectList<Pod>): Promise<void> {
    const isHeard = ({ metadata: { uid = '', resourceVersion = '' } }: Pod): boolean =>
      (this.#versions.get(uid) ?? 0) >= Number(resourceVersion)
    while (!items.filter(({ metadata }) => metadata.namespace === 'default').every(isHeard)) {
      if (this.#failure) throw this.#failure
      await pause(20)
    }
  }

  close(): void {
    this.#watch?.close()
  }

  #heard(type: 'ADDED' | 'MODIFIED' | 'DELETED', pod: Pod): void {
    const { uid = '', name, resourceVersion = '' } = pod.metadata
    this.#version = resourceVersion
    this.#versions.set(uid, Number(resourceVersion))
    const verb = type === 'ADDED' ? 'create' : type === 'MODIFIED' ? 'update' : 'delete'
    const user = { name: this.#evicted.has(name) ? 'test' : 'system:controller:replicaset-controller' }
    this.#observer.heard({ verb, kind: { group: '', resource: 'pods' }, item: { object: pod }, user })
  }
}

function processesOf(mark: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const environment = readEnvironment(pid)
    const pod = environment.find((variable) => variable.startsWith('POD='))?.slice('POD='.length)
    if (pod !== undefined && environment.includes(mark)) found.set(pod, Number(pid))
  }
  return found
}

/** Empty where it has ended meanwhile. */
function readEnvironment(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  } catch {
    return []
  }
}
