/** Which control group hierarchies there are. Version 1 has one for each controller, version 2 one for all. */
import { accessSync, constants, readFileSync } from 'node:fs'

export type Controllers =
  | { readonly version: 1; readonly cpu: string; readonly cpuacct: string; readonly memory: string; readonly pids: string }
  | { readonly version: 2; readonly root: string }

const needed = ['cpu', 'cpuacct', 'memory', 'pids'] as const

/** undefined: a controller is missing, or its files may not be written. */
export function findControllers(mounts = readFileSync('/proc/self/mountinfo', 'utf8')): Controllers | undefined {
  const version1 = new Map<string, string>()
  let version2: string | undefined
  for (const line of mounts.split('\n')) {
    const [before = '', after = ''] = line.split(' - ')
    const mountPoint = before.split(' ')[4]
    const [type, , options = ''] = after.split(' ')
    if (!mountPoint) continue
    if (type === 'cgroup2') version2 ??= mountPoint
    if (type === 'cgroup') for (const option of options.split(',')) version1.set(option, mountPoint)
  }
  const [cpu, cpuacct, memory, pids] = needed.map((name) => version1.get(name))
  if (cpu && cpuacct && memory && pids) {
    return [cpu, cpuacct, memory, pids].every(writable) ? { version: 1, cpu, cpuacct, memory, pids } : undefined
  }
  return version2 !== undefined && canDelegate(version2) ? { version: 2, root: version2 } : undefined
}

/** Only the real root of the hierarchy may have processes and pass its controllers on; it alone has no type. */
function canDelegate(root: string): boolean {
  const passed = readWords(`${root}/cgroup.subtree_control`)
  if (['cpu', 'memory', 'pids'].every((name) => passed.includes(name))) return writable(root)
  const present = readWords(`${root}/cgroup.controllers`)
  return ['cpu', 'memory', 'pids'].every((name) => present.includes(name)) && !exists(`${root}/cgroup.type`) && writable(root)
}

function readWords(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(/\s+/)
  } catch {
    return []
  }
}

function exists(path: string, mode = constants.F_OK): boolean {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

function writable(path: string): boolean {
  return exists(`${path}/cgroup.procs`, constants.W_OK)
}
