/** What the tests of this plugin share. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@davit/core/kernel'
import type {
  Container,
  ContainerConfig,
  LogReadOptions,
  NodeContext,
  Runtime,
  RuntimeDriver,
  Sandbox,
  SandboxConfig,
} from '@davit/core/node'
import type { TestContext } from '@davit/core/testing'
import type { DockerConfig } from './config.js'
import { createDockerDriver } from './driver.js'
import { connectEngine } from './engine.js'
import { label } from './labels.js'

const host = process.env.DOCKER_HOST ?? ''

export const testConfig: DockerConfig = {
  socketPath: host.startsWith('unix://') ? host.slice('unix://'.length) : '/var/run/docker.sock',
  network: 'auto',
  logMaxSize: '10m',
  logMaxFiles: 2,
}

/** The machine's own: the daemon keeps no other. */
const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, run) {
    const handle = setTimeout(run, ms)
    return { cancel: () => clearTimeout(handle) }
  },
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  defer: (run) => void setImmediate(run),
}

/** How many containers and networks of ours there are for these nodes and this range. */
export async function leftOver(nodeNames: readonly string[], subnet: string): Promise<number> {
  const engine = await connectEngine(testConfig.socketPath)
  try {
    const containers = await engine.docker.listContainers({ all: true, filters: { label: [label.node] } })
    const networks = await engine.docker.listNetworks({ filters: { label: [`${label.network}=${subnet}`] } })
    return containers.filter(({ Labels }) => nodeNames.includes(Labels[label.node] ?? '')).length + networks.length
  } finally {
    engine.close()
  }
}

export const plainSecurity: ContainerConfig['security'] = {
  supplementalGroups: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
}

let made = 0

export function testSandbox(config: Partial<SandboxConfig> = {}): SandboxConfig {
  made += 1
  return {
    pod: { namespace: 'test', name: `pod-${made}`, uid: `${process.pid}-${made}` },
    attempt: 0,
    hostname: `pod-${made}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    labels: {},
    annotations: {},
    dns: { servers: ['192.0.2.53'], searches: [], options: [] },
    portMappings: [],
    sysctls: {},
    ...config,
  }
}

/** A container of BusyBox with a shell script. */
export function testContainer(script: string, config: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    name: 'main',
    attempt: 0,
    image: 'busybox:1',
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
    security: plainSecurity,
    ...config,
  }
}

export interface Machine {
  readonly driver: RuntimeDriver
  /** Opens a node of the test's cluster; the first has 10.198.1.0/24, the second 10.198.2.0/24. */
  node(number: 1 | 2): Promise<Runtime>
  context(number: 1 | 2): NodeContext
  start(runtime: Runtime, sandbox: Sandbox, config: ContainerConfig): Promise<string>
  exited(runtime: Runtime, id: string): Promise<Container>
  log(runtime: Runtime, id: string, options?: Partial<LogReadOptions>): Promise<string>
  /** Starts the script, waits for its end and gives what it wrote. */
  output(runtime: Runtime, sandbox: Sandbox, script: string, config?: Partial<ContainerConfig>): Promise<string>
}

/** Runs with a real daemon, and removes all that was made whatever happens. */
export async function withMachine(
  t: TestContext,
  run: (machine: Machine) => Promise<void>,
  config: DockerConfig = testConfig,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'davit-docker-'))
  const driver = createDockerDriver({ clock, config })
  const opened: Runtime[] = []
  const context: Machine['context'] = (number) => ({
    nodeName: `test-${process.pid}-${number}`,
    directory,
    podCidr: `10.198.${number}.0/24`,
    clusterCidr: '10.198.0.0/16',
    signal: t.signal,
  })
  try {
    await run(machineOf(driver, context, opened))
  } finally {
    for (const runtime of opened) await runtime.close()
    for (const number of [1, 2] as const) await createDockerDriver({ clock, config: testConfig }).purge(context(number))
    await rm(directory, { recursive: true, force: true })
  }
}

function machineOf(driver: RuntimeDriver, context: Machine['context'], opened: Runtime[]): Machine {
  const start: Machine['start'] = async (runtime, sandbox, config) => {
    const id = await runtime.createContainer(sandbox, config)
    await runtime.startContainer(id)
    return id
  }
  const exited: Machine['exited'] = async (runtime, id) => {
    for (;;) {
      const container = await runtime.container(id)
      if (container?.state === 'exited') return container
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const log: Machine['log'] = async (runtime, id, options) => {
    const chunks: Uint8Array[] = []
    const { signal } = new AbortController()
    for await (const chunk of runtime.logs(id, { follow: false, timestamps: false, signal, ...options })) chunks.push(chunk)
    return Buffer.concat(chunks).toString()
  }
  return {
    driver,
    context,
    start,
    exited,
    log,
    async node(number) {
      const runtime = await driver.open(context(number))
      opened.push(runtime)
      return runtime
    },
    async output(runtime, sandbox, script, config) {
      const id = await start(runtime, sandbox, testContainer(script, config))
      await exited(runtime, id)
      return log(runtime, id)
    },
  }
}
