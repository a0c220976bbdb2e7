/** What the tests of this plugin share. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '@davit/core/kernel'
import type { Container, ContainerConfig, LogReadOptions, NodeContext, Runtime, Sandbox, SandboxConfig } from '@davit/core/node'
import { createTestServices, type LogLine, type TestContext } from '@davit/core/testing'
import { connectClient } from './client.js'
import type { ContainerdConfig } from './config.js'
import { conflistFile } from './conflist.js'
import { createContainerdDriver } from './driver.js'
import { cniRange, type PrivateContainerd } from './private-containerd.js'

export function configOf(containerd: PrivateContainerd | undefined): ContainerdConfig {
  return { socket: containerd?.socket ?? '/nonexistent/containerd.sock', network: 'auto', logMaxSize: '10m', logMaxFiles: 2 }
}

/** What there is of ours: sandboxes of anybody, and our configuration of CNI. */
export async function leftOver(config: ContainerdConfig): Promise<string[]> {
  const client = await connectClient(config.socket)
  try {
    const { items } = await client.call('ListPodSandbox', {})
    const { info } = await client.call('Status', { verbose: true })
    const { confDir } = (JSON.parse(info.config ?? '{}') as { cni: { confDir: string } }).cni
    return [...items.map(({ id }) => id), ...(await readdir(confDir)).filter((name) => name === conflistFile)]
  } finally {
    client.close()
  }
}

/** The machine's own: the runtime keeps no other. */
export const machineClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(ms, run, options) {
    const handle = setTimeout(run, ms)
    if (options?.unref) handle.unref()
    return { cancel: () => clearTimeout(handle) }
  },
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
  defer: (run) => void setImmediate(run),
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
    dns: { servers: [], searches: [], options: [] },
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
  readonly context: NodeContext
  readonly lines: readonly LogLine[]
  /** Opens the test's node, or another, with what more is said of it. */
  open(nodeName?: string, more?: Partial<NodeContext>): Promise<Runtime>
  start(runtime: Runtime, sandbox: Sandbox, config: ContainerConfig): Promise<string>
  exited(runtime: Runtime, id: string): Promise<Container>
  log(runtime: Runtime, id: string, options?: Partial<LogReadOptions>): Promise<string>
  /** Starts the script, waits for its end and gives what it wrote. */
  output(runtime: Runtime, sandbox: Sandbox, script: string, config?: Partial<ContainerConfig>): Promise<string>
  purge(): Promise<void>
}

/** Runs with a real runtime, and removes all that was made whatever happens. */
export async function withMachine(
  t: TestContext,
  config: ContainerdConfig,
  run: (machine: Machine) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'davit-cri-'))
  const { log, lines } = createTestServices()
  const driver = createContainerdDriver({ clock: machineClock, log, config })
  const opened: Runtime[] = []
  const context: NodeContext = {
    nodeName: `test-${process.pid}`,
    directory,
    podCidr: cniRange,
    clusterCidr: '10.197.0.0/16',
    signal: t.signal,
  }
  const open: Machine['open'] = async (nodeName = context.nodeName, more = {}) => {
    const runtime = await driver.open({ ...context, nodeName, ...more })
    opened.push(runtime)
    return runtime
  }
  try {
    await run({ context, lines, open, ...steps, purge: () => driver.purge(context) })
  } finally {
    for (const runtime of opened) await runtime.close()
    await driver.purge(context)
    await rm(directory, { recursive: true, force: true })
  }
}

const start: Machine['start'] = async (runtime, sandbox, config) => {
  const id = await runtime.createContainer(sandbox, config)
  await runtime.startContainer(id)
  return id
}
const exited: Machine['exited'] = async (runtime, id) => {
  for (;;) {
    const container = await runtime.container(id)
    if (container?.state === 'exited') return container
    await sleep(10)
  }
}
const log: Machine['log'] = async (runtime, id, options) => {
  const chunks: Uint8Array[] = []
  const { signal } = new AbortController()
  for await (const chunk of runtime.logs(id, { follow: false, timestamps: false, signal, ...options })) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
const output: Machine['output'] = async (runtime, sandbox, script, config) => {
  const id = await start(runtime, sandbox, testContainer(script, config))
  await exited(runtime, id)
  return log(runtime, id)
}
const steps = { start, exited, log, output }
