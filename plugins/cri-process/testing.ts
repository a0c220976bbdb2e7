/** What the tests of this plugin share. */
import { mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Random } from '@davit/core/kernel'
import type { Container, ContainerConfig, NodeContext, Runtime, RuntimeDriver, Sandbox, SandboxConfig } from '@davit/core/node'
import type { ProcessConfig } from './config.js'
import { createProcessDriver, type DriverServices } from './driver.js'

export const testConfig: ProcessConfig = { logMaxBytes: 10 * 1024 * 1024, logMaxFiles: 2 }
export const testRange = '10.181.78.0/24'

/** The machine's own time: what is tested here are real processes. */
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, run, { unref = false } = {}) {
    const timer = setTimeout(run, ms)
    if (unref) timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  defer: (run) => void setImmediate(run),
}
const random: Random = {
  next: () => Math.random(),
  integer: (bound) => Math.floor(Math.random() * bound),
  string: (length, alphabet = 'bcdfghjklmnpqrstvwxz2456789') =>
    Array.from({ length }, () => alphabet[Math.floor(Math.random() * alphabet.length)]).join(''),
}
export const testServices = { clock, random }

let made = 0

export function sandboxConfig(config: Partial<SandboxConfig> = {}): SandboxConfig {
  made += 1
  return {
    pod: { namespace: 'test', name: `pod-${made}`, uid: `uid-${process.pid}-${made}` },
    attempt: 0,
    hostname: `pod-${made}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    labels: {},
    annotations: {},
    dns: { servers: [], searches: [], options: [] },
    portMappings: [],
    sysctls: {},
    ...config,
  }
}

export function containerConfig(script: string, config: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'main',
    attempt: 0,
    image: 'none',
    command: ['/bin/sh', '-c', script],
    args: [],
    workingDirectory: '',
    environment: [],
    mounts: [],
    labels: {},
    annotations: {},
    stdin: false,
    tty: false,
    resources: {},
    security: {
      supplementalGroups: [],
      privileged: false,
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      addCapabilities: [],
      dropCapabilities: [],
    },
    ...config,
  }
}

export interface Bench {
  readonly driver: RuntimeDriver
  readonly runtime: Runtime
  readonly context: NodeContext
  readonly directory: string
  sandbox(config?: Partial<SandboxConfig>): Promise<Sandbox>
  start(sandbox: Sandbox, script: string, config?: Partial<ContainerConfig>): Promise<string>
  exited(id: string, runtime?: Runtime): Promise<Container>
  log(id: string, timestamps?: boolean): Promise<string>
  /** A runtime of a new life of Davit; the one before is closed. */
  again(): Promise<Runtime>
}

/** A node of its own, and all of it gone afterwards. */
export async function withNode(run: (bench: Bench) => Promise<void>, services: Partial<DriverServices> = {}): Promise<void> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'davit-process-')))
  const context = { nodeName: 'test', directory, podCidr: testRange, signal: new AbortController().signal }
  const create = (): RuntimeDriver => createProcessDriver({ ...testServices, config: testConfig, ...services })
  const driver = create()
  let runtime = await driver.open(context)
  try {
    await run({
      driver,
      runtime,
      context,
      directory,
      sandbox: (config) => runtime.runSandbox(sandboxConfig(config)),
      async start(sandbox, script, config) {
        const id = await runtime.createContainer(sandbox, containerConfig(script, config))
        await runtime.startContainer(id)
        return id
      },
      exited: (id, of = runtime) =>
        eventually(`${id} exited`, async () => {
          const container = await of.container(id)
          return container?.state === 'exited' ? container : undefined
        }),
      log: (id, timestamps = false) => readAll(runtime, id, timestamps),
      async again() {
        await runtime.close()
        runtime = await create().open(context)
        return runtime
      },
    })
  } finally {
    await runtime.close()
    await driver.purge(context)
    await rm(directory, { recursive: true, force: true })
  }
}

export async function readAll(runtime: Runtime, id: string, timestamps = false): Promise<string> {
  const chunks: Uint8Array[] = []
  const signal = AbortSignal.timeout(10_000)
  for await (const chunk of runtime.logs(id, { follow: false, timestamps, signal })) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 10_000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
