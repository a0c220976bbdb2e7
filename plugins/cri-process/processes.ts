/** Finding and ending processes, by what /proc says of them. */
import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'

export async function argumentsOf(pid: number): Promise<readonly string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').slice(0, -1)
}

/** In the order in which they were started, adopted ones last. */
export async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').map(Number).filter(isPid)
}

export async function treeOf(pid: number): Promise<readonly number[]> {
  const below = await Promise.all((await childrenOf(pid)).map(treeOf))
  return [pid, ...below.flat()]
}

/** All processes, with what `pick` makes of each one's arguments. */
export async function findProcesses(pick: (processArguments: readonly string[]) => boolean): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(isPid)
  const picked = await Promise.all(pids.map(async (pid) => (pick(await argumentsOf(pid)) ? [pid] : [])))
  return picked.flat()
}

/** Processes whose environment has `entry`, however far they strayed from their parents. */
export async function findByEnvironment(entry: string): Promise<readonly number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(isPid)
  const picked = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
      return `\0${text}`.includes(`\0${entry}\0`) ? [pid] : []
    }),
  )
  return picked.flat()
}

/** False: it has ended, or may not be signalled. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

export function killAll(pids: readonly number[]): void {
  for (const pid of pids) signal(pid, 'SIGKILL')
}

/** A process that has ended and waits for its parent counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text[text.lastIndexOf(')') + 2] !== 'Z'
  } catch {
    return false
  }
}

function isPid(value: number): boolean {
  return Number.isInteger(value) && value > 0
}
