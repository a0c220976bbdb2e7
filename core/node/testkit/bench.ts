/** What a case of the kit works with: an open runtime, short ways to make things in it, and clearing up afterwards. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock, Random } from '../../kernel/contract.js'
import type { Capability, TestContext } from '../../testing/contract.js'
import type {
  Container,
  ContainerConfig,
  NodeContext,
  Runtime,
  RuntimeCapabilities,
  RuntimeDriver,
  Sandbox,
  SandboxConfig,
} from '../contract.js'

export interface KitOptions {
  /** What the machine must have for the tests to run. */
  readonly requires?: readonly Capability[]
  /** For each case; default 30 s. */
  readonly timeoutMs?: number
}

/** The machine's time and chance, for drivers that take them as services. */
export interface KitServices {
  readonly clock: Clock
  readonly random: Random
}

export interface RuntimeSubject {
  readonly driver: RuntimeDriver
  /** An image with BusyBox in it. Runtimes without images get host commands and may ignore it. */
  readonly image: string
  /** Where sandboxes get their addresses. Default 10.244.77.0/24. */
  readonly podCidr?: string
  /** For runtimes that do not run programs: what makes a container behave so. Default: a shell script. */
  readonly behave?: (behaviour: Behaviour) => Partial<ContainerConfig>
}

/** What a container does: prints, then runs for ever or ends. */
export interface Behaviour {
  readonly lines?: readonly string[]
  readonly errorLines?: readonly string[]
  /** Absent: runs for ever. */
  readonly exitCode?: number
  /** How it takes a SIGTERM: ends with this code, or does nothing. Default: ends with 0. */
  readonly onTerminate?: number | 'ignore'
}

export interface Case {
  readonly name: string
  readonly needs?: readonly (keyof RuntimeCapabilities)[]
  readonly without?: readonly (keyof RuntimeCapabilities)[]
  run(bench: Bench): Promise<void>
}

export interface Bench {
  readonly runtime: Runtime
  readonly subject: RuntimeSubject
  readonly context: NodeContext
  /** For files of the test; made anew for each test. */
  readonly directory: string
  sandbox(config?: Partial<SandboxConfig>): Promise<Sandbox>
  /** Creates but does not start. */
  create(sandbox: Sandbox, behaviour: Behaviour, config?: Partial<ContainerConfig>): Promise<string>
  /** Creates and starts. */
  start(sandbox: Sandbox, behaviour: Behaviour, config?: Partial<ContainerConfig>): Promise<string>
  /** Creates and starts a shell script. */
  shell(sandbox: Sandbox, script: string, config?: Partial<ContainerConfig>): Promise<string>
  exited(id: string): Promise<Container>
  running(id: string): Promise<Container>
  /** Reads the log to its end, or until `enough` says so. */
  log(id: string, enough?: (text: string) => boolean): Promise<string>
  /** Opens a runtime again: for this node or another, with a driver of its own unless it is given one. */
  reopen(nodeName?: string, driver?: RuntimeDriver): Promise<Runtime>
}

export const nodeName = 'kit'
let made = 0

export async function withBench(
  t: TestContext,
  factory: () => RuntimeSubject,
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'davit-kit-'))
  const subject = factory()
  const open = async (driver: RuntimeDriver, node: string): Promise<Runtime> =>
    driver.open(contextOf(subject, directory, node, t.signal))
  const opened = new Map<string, Runtime[]>()
  const track = async (driver: RuntimeDriver, node: string): Promise<Runtime> => {
    const runtime = await open(driver, node)
    opened.set(node, [...(opened.get(node) ?? []), runtime])
    return runtime
  }
  try {
    const runtime = await track(subject.driver, nodeName)
    const context = contextOf(subject, directory, nodeName, t.signal)
    await run(benchOf(runtime, subject, context, (node = nodeName, driver = factory().driver) => track(driver, node)))
  } finally {
    for (const runtimes of opened.values()) await clear(runtimes)
    await rm(directory, { recursive: true, force: true })
  }
}

function contextOf(subject: RuntimeSubject, directory: string, node: string, signal: AbortSignal): NodeContext {
  return { nodeName: node, directory, podCidr: subject.podCidr ?? '10.244.77.0/24', signal }
}

/** Removes whatever a case left on a node, through the runtime that was opened last; those before may be closed. */
async function clear(runtimes: readonly Runtime[]): Promise<void> {
  const last = runtimes.at(-1)
  try {
    for (const container of (await last?.listContainers()) ?? []) await last?.removeContainer(container.id)
    for (const sandbox of (await last?.listSandboxes()) ?? []) {
      await last?.stopSandbox(sandbox.id)
      await last?.removeSandbox(sandbox.id)
    }
  } finally {
    for (const runtime of runtimes) await runtime.close()
  }
}

function benchOf(runtime: Runtime, subject: RuntimeSubject, context: NodeContext, reopen: Bench['reopen']): Bench {
  const create: Bench['create'] = async (sandbox, behaviour, config) =>
    runtime.createContainer(sandbox, containerConfig(subject, behaviour, config))
  const start: Bench['start'] = async (sandbox, behaviour, config) => {
    const id = await create(sandbox, behaviour, config)
    await runtime.startContainer(id)
    return id
  }
  return {
    runtime,
    subject,
    context,
    directory: context.directory,
    reopen,
    create,
    start,
    sandbox: async (config) => {
      if (subject.driver.supports.images && !(await runtime.image(subject.image))) {
        await runtime.pullImage(subject.image, AbortSignal.timeout(60_000))
      }
      return runtime.runSandbox(sandboxConfig(config))
    },
    shell: (sandbox, script, config) => start(sandbox, {}, { command: ['/bin/sh', '-c', script], ...config }),
    exited: (id) => eventually(`${id} exited`, () => inState(runtime, id, 'exited')),
    running: (id) => eventually(`${id} running`, () => inState(runtime, id, 'running')),
    log: (id, enough) => readLog(runtime, id, enough),
  }
}

async function inState(runtime: Runtime, id: string, state: Container['state']): Promise<Container | undefined> {
  const container = await runtime.container(id)
  return container?.state === state ? container : undefined
}

export function sandboxConfig(config: Partial<SandboxConfig> = {}): SandboxConfig {
  made += 1
  const uid = `00000000-0000-4000-8000-${String(process.pid).padStart(8, '0')}${String(made).padStart(4, '0')}`
  return {
    pod: { namespace: 'kit', name: `pod-${made}`, uid },
    attempt: 0,
    hostname: `pod-${made}`,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    labels: { 'kit.davit.dev/label': 'one' },
    annotations: { 'kit.davit.dev/annotation': 'a longer value, with "quotes"' },
    dns: { servers: ['192.0.2.53'], searches: [], options: [] },
    portMappings: [],
    sysctls: {},
    ...config,
  }
}

function containerConfig(subject: RuntimeSubject, behaviour: Behaviour, config: Partial<ContainerConfig> = {}): ContainerConfig {
  const base: ContainerConfig = {
    name: 'main',
    attempt: 0,
    image: subject.image,
    command: ['/bin/sh', '-c', scriptOf(behaviour)],
    args: [],
    workingDirectory: '',
    environment: [{ name: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' }],
    mounts: [],
    labels: { 'kit.davit.dev/container': 'yes' },
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
  }
  return { ...base, ...subject.behave?.(behaviour), ...config }
}

function scriptOf(behaviour: Behaviour): string {
  const { onTerminate = 0 } = behaviour
  const steps = [onTerminate === 'ignore' ? "trap '' TERM" : `trap 'exit ${onTerminate}' TERM`]
  for (const line of behaviour.lines ?? []) steps.push(`echo '${line}'`)
  for (const line of behaviour.errorLines ?? []) steps.push(`echo '${line}' >&2`)
  // The shell waits for its child in steps, so that a trap runs at once and an ignored signal ends nothing.
  steps.push(behaviour.exitCode === undefined ? 'while :; do sleep 1000 & wait $!; done' : `exit ${behaviour.exitCode}`)
  return steps.join('\n')
}

async function readLog(runtime: Runtime, id: string, enough?: (text: string) => boolean): Promise<string> {
  const stop = new AbortController()
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of runtime.logs(id, { follow: enough !== undefined, timestamps: false, signal: stop.signal })) {
    text += decoder.decode(chunk, { stream: true })
    if (enough?.(text)) break
  }
  stop.abort()
  return text
}

/** Asks again and again, for what no event announces. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 15_000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
