/** A real `davit up`, as a user starts it, for tests of the whole product. Needs the built command. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Connection } from '../kube/connection.js'
import { readTarget } from '../kube/kubeconfig.js'

const davit = fileURLToPath(new URL('../bin/davit.js', import.meta.url))
export const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const run = promisify(execFile)

export interface Tree {
  readonly metadata: { readonly name: string; readonly uid: string; readonly deletionTimestamp?: string }
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at of an object is up to the test.
  readonly [field: string]: any
}

export class Cluster {
  readonly directory: string
  readonly #flags: readonly string[]
  #child: ChildProcess | undefined
  #connection: Connection | undefined
  /** Where it listens the next time; any that is free unless a test says one. */
  port = '0'
  /** What the running process has printed so far. */
  output = ''

  private constructor(directory: string, flags: readonly string[]) {
    this.directory = directory
    this.#flags = flags
  }

  /** In a fresh data directory on a free port. `stop` must be called. */
  static async start(...flags: string[]): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(path.join(tmpdir(), 'davit-e2e-')), flags)
    await cluster.up()
    return cluster
  }

  /** Another server over the store of `first`, which `flags` name: it has the same keys. */
  static async startBeside(first: Cluster, ...flags: string[]): Promise<Cluster> {
    const cluster = new Cluster(await mkdtemp(path.join(tmpdir(), 'davit-e2e-')), flags)
    const shared = ['ca.key', 'ca.crt', 'service-account.key']
    await mkdir(path.join(cluster.directory, 'pki'), { mode: 0o700 })
    for (const file of shared) await copyFile(path.join(first.directory, 'pki', file), path.join(cluster.directory, 'pki', file))
    await cluster.up()
    return cluster
  }

  /** Of the running process. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  get kubeconfig(): string {
    return path.join(this.directory, 'kubeconfig')
  }

  /** Starts it (again) and resolves with its ready line. `flags` count for this time only. */
  async up(...flags: string[]): Promise<string> {
    const args = [davit, 'up', '--data-dir', this.directory, '--port', this.port, ...this.#flags, ...flags]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    this.output = ''
    child.stderr.on('data', (chunk: Buffer) => {
      this.output += chunk
    })
    const ready = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (chunk: Buffer) => {
        this.output += chunk
        const line = this.output.split('\n').find((text) => text.startsWith('ready: '))
        if (line) resolve(line)
      })
      child.once('exit', (code) => reject(new Error(`davit up ended with ${code}:\n${this.output}`)))
    })
    const line = await ready
    this.#connection?.close()
    this.#connection = new Connection(await readTarget(this.kubeconfig))
    return line
  }

  /** `kill -9`: nothing gets to clean up. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** As Ctrl-C. Containers stay. */
  async interrupt(): Promise<void> {
    await this.#end('SIGINT')
  }

  /** Stops for good and removes everything. Idempotent. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    this.#connection?.close()
    await run(process.execPath, [davit, 'down', '--data-dir', this.directory])
    await rm(this.directory, { recursive: true, force: true })
  }

  async davit(...args: string[]): Promise<string> {
    const { stdout } = await run(process.execPath, [
      davit,
      ...args.slice(0, 1),
      '--kubeconfig',
      this.kubeconfig,
      ...args.slice(1),
    ])
    return stdout
  }

  get connection(): Connection {
    if (!this.#connection) throw new Error('the cluster is not up')
    return this.#connection
  }

  /** Objects of a collection: `/api/v1/namespaces/default/pods`. */
  async list(collection: string): Promise<readonly Tree[]> {
    return (await this.connection.json<{ items: Tree[] }>('GET', collection)).items
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
}

export const pods = '/api/v1/namespaces/default/pods'

/** Looks until `wanted` gives something; says what it saw last when the time is over. */
export async function eventually<T>(what: string, wanted: () => Promise<T | undefined | false>, timeoutMs = 30_000): Promise<T> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const found = await wanted().catch((error: unknown) => {
      if (performance.now() > end) throw error
      return undefined
    })
    if (found !== undefined && found !== false) return found
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

export function isReady(pod: Tree): boolean {
  return pod.status?.conditions?.some((condition: Tree) => condition.type === 'Ready' && condition.status === 'True') ?? false
}

/** The Pods of `app` once exactly `count` are there and ready. */
export function readyPods(cluster: Cluster, app: string, count: number, timeoutMs = 60_000): Promise<readonly Tree[]> {
  return eventually(
    `${count} ready Pods of ${app}`,
    async () => {
      const found = (await cluster.list(`${pods}?labelSelector=app%3D${app}`)).filter((pod) => !pod.metadata.deletionTimestamp)
      return found.length === count && found.every(isReady) && found
    },
    timeoutMs,
  )
}

/** A GET on a connection of its own; rejects after `timeoutMs`. */
export function fetchText(url: string, timeoutMs = 2000): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout: timeoutMs }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error(`${url} did not answer within ${timeoutMs} ms`)))
    request.on('error', reject)
  })
}
