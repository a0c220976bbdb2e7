/** What a process's control groups have used, read from the kernel: Docker's own figures take a second to come. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export interface Usage {
  readonly cpuNanoseconds: number
  readonly memoryBytes: number
}

const mountPoint = '/sys/fs/cgroup'

/** undefined: the process has ended (its number may be another's by now), or its groups are not where they are looked for. */
export async function usageOf(pid: number, containerId: string, root = ''): Promise<Usage | undefined> {
  try {
    const groups = parseGroups(await readFile(`${root}/proc/${pid}/cgroup`, 'utf8'))
    const mounted = join(root, mountPoint)
    if (![...groups.values()].some((path) => path.includes(containerId))) return undefined
    const [cpu, memory] = [groups.get('cpuacct'), groups.get('memory')]
    if (cpu !== undefined && memory !== undefined) {
      return await readVersion1(join(mounted, 'cpuacct', cpu), join(mounted, 'memory', memory))
    }
    const unified = groups.get('')
    return unified === undefined ? undefined : await readVersion2(join(mounted, unified))
  } catch {
    return undefined
  }
}

/** Of /proc/<pid>/cgroup: each controller's group, under '' that of the unified hierarchy. */
export function parseGroups(text: string): Map<string, string> {
  const groups = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers === undefined || path === undefined) continue
    for (const controller of controllers.split(',')) groups.set(controller, path)
  }
  return groups
}

async function readVersion1(cpu: string, memory: string): Promise<Usage> {
  const [nanoseconds, used, stat] = await Promise.all([
    readFile(join(cpu, 'cpuacct.usage'), 'utf8'),
    readFile(join(memory, 'memory.usage_in_bytes'), 'utf8'),
    readFile(join(memory, 'memory.stat'), 'utf8'),
  ])
  return { cpuNanoseconds: Number(nanoseconds), memoryBytes: inUse(Number(used), field(stat, 'total_inactive_file')) }
}

async function readVersion2(group: string): Promise<Usage> {
  const [cpu, used, stat] = await Promise.all([
    readFile(join(group, 'cpu.stat'), 'utf8'),
    readFile(join(group, 'memory.current'), 'utf8'),
    readFile(join(group, 'memory.stat'), 'utf8'),
  ])
  return { cpuNanoseconds: field(cpu, 'usage_usec') * 1000, memoryBytes: inUse(Number(used), field(stat, 'inactive_file')) }
}

/** The working set: without the file pages that the kernel would drop first. */
function inUse(used: number, inactiveFile: number): number {
  return Math.max(0, used - inactiveFile)
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0)
}
