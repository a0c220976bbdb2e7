import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { type Container, type ContainerConfig, type Runtime, RuntimeError, runTool, type Sandbox } from '@davit/core/node'
import { end, forget, notice, refresh, waitForEnd } from './endings.js'
import { writeEnding } from './exits.js'
import { initProcess, mainProcess } from './find-process.js'
import { hasInput, launch, markOf, wordsOf } from './launch.js'
import { startMarks } from './marks.js'
import { type ContainerPlaces, containerPlaces, sandboxPlaces } from './places.js'
import { signal } from './processes.js'
import { type ContainerRecord, type SandboxRecord, writeRecord } from './records.js'
import { rightsOf, type User, userOf } from './rights.js'
import { makeTree } from './root-tree.js'
import { type ContainerEntry, emit, newId, type State } from './state.js'
import { viewOf } from './view.js'

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

type Verbs = Pick<
  Runtime,
  'createContainer' | 'startContainer' | 'stopContainer' | 'removeContainer' | 'updateContainer' | 'listContainers' | 'container'
>

export function createContainers(state: State): Verbs {
  const { containers, places, groups, random, clock } = state
  const found = (id: string): ContainerEntry => {
    const entry = containers.get(id)
    if (!entry) throw new Error(`no container ${id}`)
    return entry
  }
  return {
    async createContainer(sandbox, config) {
      refuse(config, state)
      const record = sandboxOf(state, sandbox)
      const user = await userOf(config.security)
      const rights = rightsOf(config.security, user, state.machine)
      const id = await newId(random, (name) => mkdir(containerPlaces(places, name).directory, { mode: 0o700 }))
      try {
        const environment = environmentOf(config, user, record, id, state)
        const container = { id, sandboxId: sandbox.id, createdAt: clock.now(), config, rights, environment }
        await prepare(state, container, record)
        containers.set(id, newEntry(container))
        return id
      } catch (error) {
        await groups?.remove(id)
        await rm(containerPlaces(places, id).directory, { recursive: true, force: true })
        throw error
      }
    },
    startContainer: (id) => start(state, found(id)),
    async stopContainer(id, graceSeconds) {
      const entry = containers.get(id)
      if (!entry || entry.startedAt === 0 || entry.ending) return
      if (graceSeconds > 0) {
        const main = await mainProcess(entry)
        if (main !== undefined && signal(main, 'SIGTERM')) {
          if (await waitForEnd(state, entry, graceSeconds * 1000)) return
        }
      }
      await end(state, entry)
    },
    async removeContainer(id) {
      const entry = containers.get(id)
      if (!entry) return
      await forget(state, entry)
      const podUid = state.sandboxes.get(entry.record.sandboxId)?.sandbox.pod.uid
      if (podUid !== undefined) emit(state, podUid, 'containerRemoved')
    },
    async updateContainer(id, resources) {
      if (!groups) throw new RuntimeError('RunContainerError', 'limits cannot be set: control groups are not writable here')
      const { record } = found(id)
      await groups.update(record.id, resources)
    },
    async listContainers() {
      const views: Container[] = []
      for (const entry of [...containers.values()]) {
        if (!entry.own) await refresh(state, entry)
        views.push(viewOf(entry))
      }
      return views
    },
    async container(id) {
      const entry = containers.get(id)
      if (entry && !entry.own) await refresh(state, entry)
      return entry && viewOf(entry)
    },
  }
}

/** What this runtime cannot do is said before anything is made. */
function refuse({ command, args, environment, mounts, security }: ContainerConfig, { machine }: State): void {
  const refusal = (reason: string): RuntimeError => new RuntimeError('CreateContainerError', reason)
  const [program] = command
  if (program === undefined || program === '') throw refusal('processes have no image that names a program: give `command`')
  if (program.includes('=')) throw refusal(`${program}: the name of a program must not have "=" in it`)
  const texts = [...command, ...args, ...environment.flatMap(({ name, value }) => [name, value])]
  if (texts.some((text) => text.includes('\0'))) throw refusal('commands and variables must not have a zero byte in them')
  if (machine.namespaces) return
  if (mounts.length > 0) throw refusal('volumes cannot be mounted: Davit runs without the privileges for it')
  if (security.readOnlyRootFilesystem) throw refusal('the root file system cannot be made read-only without privileges')
}

function sandboxOf({ sandboxes }: State, { id }: Sandbox): SandboxRecord {
  const record = sandboxes.get(id)
  if (record?.sandbox.state !== 'ready') throw new Error(`the sandbox ${id} is not ready`)
  return record
}

/** What the Pod says, and a few that programs take for granted. Nothing of Davit's own. */
function environmentOf(
  config: ContainerConfig,
  { home }: User,
  sandbox: SandboxRecord,
  id: string,
  { machine }: State,
): string[] {
  const variables = new Map([
    ['PATH', usualPath],
    ['HOME', home],
    ['HOSTNAME', sandbox.hostname],
    ...(config.tty ? [['TERM', 'xterm'] as const] : []),
    ...config.environment.map(({ name, value }) => [name, value] as const),
    // Without mounts a program must be told where to say why it ended.
    ...(machine.namespaces || !config.terminationMessageFile
      ? []
      : [['DAVIT_TERMINATION_MESSAGE_FILE', config.terminationMessageFile] as const]),
  ])
  return [...[...variables].map(([name, value]) => `${name}=${value}`), ...(machine.namespaces ? [] : [markOf(id)])]
}

async function prepare(state: State, container: ContainerRecord, sandbox: SandboxRecord): Promise<void> {
  const { config, id } = container
  const own = containerPlaces(state.places, id)
  await Promise.all([
    mkdir(own.log),
    mkdir(own.marks),
    writeFile(own.words, wordsOf(container, [...config.command, ...config.args], state.machine), { mode: 0o600 }),
    hasInput(config) ? runTool('mkfifo', ['-m', '0600', own.stdin]) : undefined,
    state.groups?.create(id, config.resources),
    state.machine.namespaces ? prepareTree(state, own, config, sandbox) : undefined,
  ])
  await writeRecord(own.record, container)
}

function prepareTree(state: State, own: ContainerPlaces, config: ContainerConfig, record: SandboxRecord): Promise<void> {
  const { resolvConf, sharedMemory } = sandboxPlaces(state.places, record.sandbox.id)
  const names = config.mounts.some(({ containerPath }) => containerPath === '/etc/resolv.conf')
  const resolver = { hostPath: resolvConf, containerPath: '/etc/resolv.conf', readOnly: false }
  return makeTree({
    places: own,
    mounts: record.resolvConf && !names ? [resolver, ...config.mounts] : config.mounts,
    sharedMemory: record.hostIpc ? undefined : sharedMemory,
    hidden: state.node.directory,
    readOnly: config.security.readOnlyRootFilesystem,
    privileged: config.security.privileged,
  })
}

export function newEntry(record: ContainerRecord): ContainerEntry {
  return {
    record,
    startedAt: 0,
    supervisorPid: 0,
    own: true,
    ending: undefined,
    failure: undefined,
    waiting: new Set(),
    stopMarks: async () => {},
  }
}

/** The first process of the namespace that the container's processes join; undefined: they have one of their own. */
async function holderOf(state: State, { config }: ContainerRecord, sandbox: SandboxRecord): Promise<number | undefined> {
  if (!state.machine.namespaces || sandbox.hostPid) return undefined
  if (sandbox.shareProcessNamespace)
    return Number(await readFile(sandboxPlaces(state.places, sandbox.sandbox.id).pausePid, 'utf8'))
  if (config.sharesProcessesOf === undefined) return undefined
  const target = state.containers.get(config.sharesProcessesOf)
  const first = target && (await initProcess(target))
  if (first === undefined) throw new RuntimeError('RunContainerError', `container ${config.sharesProcessesOf} does not run`)
  return first
}

async function start(state: State, entry: ContainerEntry): Promise<void> {
  const { record } = entry
  const sandbox = state.sandboxes.get(record.sandboxId)
  if (sandbox?.sandbox.state !== 'ready') throw new Error(`the sandbox ${record.sandboxId} is not ready`)
  if (entry.startedAt > 0) return
  const own = containerPlaces(state.places, record.id)
  const shared = sandboxPlaces(state.places, sandbox.sandbox.id)
  const parts = {
    machine: state.machine,
    config: state.config,
    container: record,
    places: own,
    sandbox,
    sandboxPlaces: shared,
    holderPid: await holderOf(state, record, sandbox),
    joins: state.groups?.joins(record.id) ?? [],
    events: state.groups?.events(record.id),
  }
  entry.startedAt = state.clock.now()
  entry.stopMarks = startMarks(own, state.clock)
  try {
    await launch(parts, {
      spawned: (pid) => (entry.supervisorPid = pid),
      ended: () => notice(state, entry),
    })
    entry.startedAt = Math.floor((await stat(own.pid)).mtimeMs)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    entry.failure = reason
    await writeFile(own.failure, reason)
    if (entry.supervisorPid === 0) await writeEnding(own.exit)
    await end(state, entry)
    throw error
  }
  emit(state, sandbox.sandbox.pod.uid, 'containerStarted')
  await refresh(state, entry)
}
