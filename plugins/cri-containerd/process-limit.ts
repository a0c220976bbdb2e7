/**
 * The limit of processes on machines with control groups of version 1: the interface has no field for it, so it is
 * written into the container's group.
 */
import { access, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const mountPoint = '/sys/fs/cgroup'

/** Whether the machine has control groups of version 2 alone. */
export async function isUnified(): Promise<boolean> {
  return access(join(mountPoint, 'cgroup.controllers')).then(
    () => true,
    () => false,
  )
}

/** `pid`: a process of the container. undefined: no limit. */
export async function limitProcesses(pid: number, limit: number | undefined): Promise<void> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8')
  const path = /^\d+:pids:(.*)$/m.exec(groups)?.[1]
  if (path === undefined) throw new Error('this machine cannot limit the number of processes')
  await writeFile(join(mountPoint, 'pids', path, 'pids.max'), limit === undefined ? 'max' : String(limit))
}
