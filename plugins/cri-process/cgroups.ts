import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@davit/core/kernel'
import type { ContainerResources } from '@davit/core/node'
import type { Controllers } from './controllers.js'
import { killAll } from './processes.js'

/** What stands between the kernel's count and the Pod's: `unshare` and the container's first process. */
const ownProcesses = 2
const period = 100_000

export interface Groups {
  create(id: string, resources: ContainerResources): Promise<void>
  update(id: string, resources: ContainerResources): Promise<void>
  /** Kills what is still in it. Idempotent. */
  remove(id: string): Promise<void>
  /** Removes all groups of the node. */
  clear(): Promise<void>
  /** Leaves nothing behind where no container is left; the groups of those that run stay for the next life. */
  close(): Promise<void>
  usage(id: string): Promise<{ readonly cpuNanoseconds: number; readonly memoryBytes: number } | undefined>
  processes(id: string): Promise<readonly number[]>
  /** The files that a process joins by. */
  joins(id: string): readonly string[]
  /** Where the kernel counts what it killed for want of memory. */
  events(id: string): string
}

export function createGroups(controllers: Controllers, name: string, clock: Clock): Groups {
  const parents = parentsOf(controllers, name)
  const directories = (id: string): string[] => [...parents.all].map((parent) => join(parent, id))
  const processes = async (id: string): Promise<readonly number[]> => readProcesses(join(parents.pids, id))
  let prepared: Promise<void> | undefined

  const remove = async (id: string): Promise<void> => {
    for (const directory of directories(id)) await removeGroup(directory, clock)
  }
  const update = async (id: string, resources: ContainerResources): Promise<void> => {
    for (const [parent, file, value] of settings(controllers, parents, resources)) {
      await writeFile(join(parent, id, file), value)
    }
  }

  return {
    async create(id, resources) {
      prepared ??= prepare(controllers, name)
      await prepared.catch((error: unknown) => {
        prepared = undefined
        throw error
      })
      await Promise.all(directories(id).map((directory) => mkdir(directory, { recursive: true })))
      await update(id, resources)
    },
    update,
    remove,
    async clear() {
      for (const parent of parents.all) {
        for (const id of await groupsIn(parent)) await remove(id)
        await removeEmpty(parent)
      }
    },
    async close() {
      for (const parent of parents.all) await removeEmpty(parent)
    },
    usage: (id) => usage(controllers, parents, id).catch(() => undefined),
    processes,
    joins: (id) => directories(id).map((directory) => join(directory, 'cgroup.procs')),
    events: (id) => join(parents.memory, id, controllers.version === 1 ? 'memory.oom_control' : 'memory.events'),
  }
}

interface Parents {
  readonly cpu: string
  readonly cpuacct: string
  readonly memory: string
  readonly pids: string
  readonly all: ReadonlySet<string>
}

function parentsOf(controllers: Controllers, name: string): Parents {
  const below = (root: string): string => join(root, 'davit', name)
  const roots = controllers.version === 1 ? controllers : undefined
  const of = (controller: 'cpu' | 'cpuacct' | 'memory' | 'pids'): string =>
    below(roots ? roots[controller] : (controllers as { root: string }).root)
  const parts = { cpu: of('cpu'), cpuacct: of('cpuacct'), memory: of('memory'), pids: of('pids') }
  return { ...parts, all: new Set(Object.values(parts)) }
}

/** In version 2 each level passes its controllers on to the next. */
async function prepare(controllers: Controllers, name: string): Promise<void> {
  if (controllers.version === 1) return
  const { root } = controllers
  for (const level of [root, join(root, 'davit'), join(root, 'davit', name)]) {
    await mkdir(level, { recursive: true })
    await writeFile(join(level, 'cgroup.subtree_control'), '+cpu +memory +pids')
  }
}

type Setting = readonly [parent: string, file: string, value: string]

export function settings(
  { version }: Pick<Controllers, 'version'>,
  parents: Pick<Parents, 'cpu' | 'memory' | 'pids'>,
  resources: ContainerResources,
): Setting[] {
  const { cpuShares, cpuLimitMillis, memoryLimit, pidsLimit } = resources
  const list: Setting[] = []
  const quota = cpuLimitMillis === undefined ? undefined : Math.max(1_000, Math.round((cpuLimitMillis * period) / 1000))
  if (version === 1) {
    if (cpuShares !== undefined) list.push([parents.cpu, 'cpu.shares', `${cpuShares}`])
    if (quota !== undefined) list.push([parents.cpu, 'cpu.cfs_quota_us', `${quota}`])
    if (memoryLimit !== undefined) list.push([parents.memory, 'memory.limit_in_bytes', `${memoryLimit}`])
  } else {
    if (cpuShares !== undefined) list.push([parents.cpu, 'cpu.weight', `${weightOf(cpuShares)}`])
    if (quota !== undefined) list.push([parents.cpu, 'cpu.max', `${quota} ${period}`])
    if (memoryLimit !== undefined) list.push([parents.memory, 'memory.max', `${memoryLimit}`])
  }
  if (pidsLimit !== undefined) list.push([parents.pids, 'pids.max', `${pidsLimit + ownProcesses}`])
  return list
}

/** Version 2 counts from 1 to 10000 what version 1 counts from 2 to 262144. */
export function weightOf(shares: number): number {
  return Math.round(1 + ((shares - 2) * 9999) / 262_142)
}

/** The kernel refuses while groups are in it; other nodes have theirs beside it. */
async function removeEmpty(parent: string): Promise<void> {
  await rmdir(parent).catch(() => {})
  await rmdir(join(parent, '..')).catch(() => {})
}

async function groupsIn(parent: string): Promise<string[]> {
  const entries = await readdir(parent, { withFileTypes: true }).catch(() => [])
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
}

async function readProcesses(directory: string): Promise<number[]> {
  const text = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '')
  return text.split('\n').map(Number).filter(Boolean)
}

const patienceMs = 10_000

/** The kernel lets go of a group only when its last process is buried, which takes its time on a busy machine. */
async function removeGroup(directory: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + patienceMs
  for (let pause = 1; ; pause = Math.min(pause * 2, 50)) {
    try {
      return await rmdir(directory)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return
      if (code !== 'EBUSY' || clock.monotonic() > deadline) throw error
    }
    killAll(await readProcesses(directory))
    await clock.sleep(pause)
  }
}

async function usage({ version }: Controllers, parents: Parents, id: string) {
  const read = (parent: string, file: string): Promise<string> => readFile(join(parent, id, file), 'utf8')
  const stat = await read(parents.memory, 'memory.stat')
  if (version === 1) {
    const used = Number(await read(parents.memory, 'memory.usage_in_bytes'))
    const cpuNanoseconds = Number(await read(parents.cpuacct, 'cpuacct.usage'))
    return { cpuNanoseconds, memoryBytes: workingSet(used, field(stat, 'total_inactive_file')) }
  }
  const used = Number(await read(parents.memory, 'memory.current'))
  const cpuNanoseconds = field(await read(parents.cpu, 'cpu.stat'), 'usage_usec') * 1000
  return { cpuNanoseconds, memoryBytes: workingSet(used, field(stat, 'inactive_file')) }
}

/** Without the file pages that the kernel would drop first. */
function workingSet(used: number, inactiveFile: number): number {
  return Math.max(0, used - inactiveFile)
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}
