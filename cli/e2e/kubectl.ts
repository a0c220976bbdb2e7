/** kubectl as it comes, in the oldest and the newest version that is here, against a real cluster on Docker. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { realpath, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert, type TestContext } from '@davit/core/testing'
import { Cluster, eventually, type Tree } from './cluster.js'

export const onDocker = { requires: ['docker', 'iptables', 'root', 'kubectl'], timeoutMs: 150_000 } as const

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
export interface RunOptions {
  /** Standard input, closed after it. */
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
}

/** A program that goes on; what it has printed so far, both streams together. */
export interface Following {
  readonly output: () => string
  /** Resolves with the exit code when it ends by itself. */
  readonly ended: Promise<number>
  type(text: string): void
  stop(): Promise<void>
}

export class Kubectl {
  readonly #program: string
  readonly #arguments: readonly string[]
  readonly #home: string

  constructor(program: string, args: readonly string[], home: string) {
    this.#program = program
    this.#arguments = args
    this.#home = home
  }

  /** The same program with more arguments in front. */
  with(...args: string[]): Kubectl {
    return new Kubectl(this.#program, [...this.#arguments, ...args], this.#home)
  }

  run(args: readonly string[], { input, env }: RunOptions = {}): Promise<Outcome> {
    return new Promise((resolve) => {
      const options = { env: this.#environment(env), timeout: 90_000, maxBuffer: 1 << 24 }
      const child = execFile(this.#program, [...this.#arguments, ...args], options, (error, stdout, stderr) => {
        resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr })
      })
      // One that reads nothing may be gone by now; how it ended is what counts.
      child.stdin?.on('error', () => undefined)
      child.stdin?.end(input ?? '')
    })
  }

  /** What it prints; fails the test where it fails. */
  async said(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args)
    assert.is(code, 0, `kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }

  /** Waits until `kubectl logs` prints `wanted`: what a container writes is in its log soon, not at once. */
  async logged(wanted: string, ...args: string[]): Promise<void> {
    let last = ''
    const isThere = async (): Promise<boolean> => {
      last = await this.said('logs', ...args)
      return last === wanted
    }
    await eventually('the log', isThere).catch(() => assert.is(last, wanted))
  }

  async apply(...objects: object[]): Promise<string> {
    const input = objects.map((object) => JSON.stringify(object)).join('\n')
    const { code, stdout, stderr } = await this.run(['apply', '-f', '-'], { input })
    assert.is(code, 0, `kubectl apply: ${stderr}`)
    return stdout
  }

  async json(...args: string[]): Promise<Tree> {
    return JSON.parse(await this.said('get', '-o', 'json', ...args)) as Tree
  }

  follow(t: TestContext, ...args: string[]): Following {
    return follow(t, spawn(this.#program, [...this.#arguments, ...args], { env: this.#environment() }))
  }

  /** In a terminal of 100 columns by 30 rows. */
  inTerminal(t: TestContext, ...args: string[]): Following {
    const words = [this.#program, ...this.#arguments, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    const script = `stty cols 100 rows 30; exec ${words.join(' ')}`
    return follow(t, spawn('script', ['-qefc', script, '/dev/null'], { env: this.#environment() }))
  }

  #environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
    return { PATH: process.env.PATH, HOME: this.#home, KUBECONFIG: '/dev/null', TERM: 'dumb', ...more }
  }
}

function follow(t: TestContext, child: ChildProcess): Following {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk))
  const closed = once(child, 'close')
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
    child.stdin?.destroy()
    await closed
  }
  t.defer(stop)
  const type = (text: string): void => void child.stdin?.write(text)
  return { output: () => output, ended: closed.then(([code]) => Number(code ?? 1)), type, stop }
}

export interface KubeCluster {
  readonly cluster: Cluster
  /** The newest version. */
  readonly kubectl: Kubectl
  /** Name → program: the oldest and the newest version that are here. */
  readonly versions: Readonly<Record<string, Kubectl>>
}

/** With networks of its own, so that it gets along with whatever else runs on the machine. */
export function startKube(t: TestContext, ...flags: string[]): Promise<KubeCluster> {
  return startKubeOn('docker', t, ...flags)
}

export async function startKubeOn(runtime: string, t: TestContext, ...flags: string[]): Promise<KubeCluster> {
  const home = await t.directory()
  const second = 64 + (process.pid % 64)
  const network = { podCidr: `10.${second}.0.0/16`, serviceCidr: `10.${second + 64}.0.0/16` }
  const config = path.join(home, 'cluster.yaml')
  await writeFile(config, JSON.stringify({ apiVersion: 'davit.dev/v1', kind: 'ClusterConfig', network }))
  const cluster = await Cluster.start('--runtime', runtime, '--proxy', 'iptables', '--config', config, ...flags)
  t.defer(() => cluster.stop())
  const versions: Record<string, Kubectl> = {}
  for (const [name, program] of await programs()) {
    versions[name] = new Kubectl(program, ['--kubeconfig', cluster.kubeconfig], home)
  }
  const kubectl = Object.values(versions).at(-1)
  if (!kubectl) throw new Error('no kubectl')
  return { cluster, kubectl, versions }
}

/** The oldest and the newest version that are here. */
export async function programs(): Promise<[name: string, program: string][]> {
  const { stdout } = await promisify(execFile)('sh', ['-c', 'command -v kubectl'])
  const given = await realpath(stdout.trim())
  const beside = ['1.27', '1.33'].map((version): [string, string] => [
    version,
    path.join(path.dirname(given), `kubectl.${version}`),
  ])
  const found = beside.filter(([, program]) => existsSync(program))
  return found.length > 0 ? found : [['kubectl', given]]
}

/** What `davit up` warned of; empty when all is well. */
export function warnings(cluster: Cluster): string[] {
  return cluster.output.split('\n').filter((line) => /"level":[456]0/.test(line))
}

export const podOf = (kubectl: Kubectl, name: string): Promise<Tree> => kubectl.json('pod', name)

/** The Pod once `state` holds; its status is in the error when it never does. */
export async function podThat(
  kubectl: Kubectl,
  name: string,
  what: string,
  state: (pod: Tree) => boolean,
  timeoutMs = 60_000,
): Promise<Tree> {
  let last: Tree | undefined
  try {
    return await eventually(
      what,
      async () => {
        last = await podOf(kubectl, name)
        return state(last) && last
      },
      timeoutMs,
    )
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last?.status)}`)
  }
}

export const mainOf = (pod: Tree): Tree => pod.status?.containerStatuses?.[0] ?? {}
export const dockerIdOf = (status: Tree): string => String(status.containerID).split('://')[1] ?? ''

export async function docker(...args: string[]): Promise<string> {
  return (await promisify(execFile)('docker', args)).stdout.trim()
}

/** A Pod of BusyBox. `spec.container` is laid over its container. */
export function busybox(name: string, script: string, container: object = {}, spec: object = {}, metadata: object = {}): object {
  const main = { name: 'main', image: 'busybox:1', command: ['sh', '-c', script], ...container }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...metadata },
    spec: { terminationGracePeriodSeconds: 1, containers: [main], ...spec },
  }
}

export function deployment(name: string, replicas: number, pod: object, spec: object = {}): object {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: pod }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, labels },
    spec: { replicas, selector: { matchLabels: labels }, template, ...spec },
  }
}

export function service(name: string, spec: object = {}): object {
  const ports = [{ port: 80, targetPort: 8080 }]
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { selector: { app: name }, ports, ...spec } }
}

const server = `
const server = require('http').createServer((request, response) => response.end(process.env.HOSTNAME)).listen(8080)
process.on('SIGTERM', () => server.close(() => process.exit(0)))
`

/** The spec of a Pod that answers with its name at port 8080 and, when asked to end, first serves those who still come. */
export const webServer: object = {
  terminationGracePeriodSeconds: 10,
  containers: [
    {
      name: 'web',
      image: 'davit.local/node:20',
      command: ['node', '-e', server],
      readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 1 },
      lifecycle: { preStop: { exec: { command: ['sleep', '1'] } } },
    },
  ],
}

/** The image of `webServer`. */
export async function prepareImage(): Promise<void> {
  await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../scripts/node-image.mjs', import.meta.url))])
}
