import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'
import type { Driver } from './compose.js'
import { directoryError, makeDirectory, problems } from './data-directory.js'

/** What a cluster may have made on this machine, so that it can be removed without its configuration. */
export interface Made {
  readonly nodes: readonly MadeNode[]
  readonly drivers: readonly Driver[]
  readonly podCidr: string
}

interface MadeNode {
  readonly name: string
  readonly runtimes: readonly string[]
  readonly proxies: readonly string[]
  /** The range of its Pods, once it has one. */
  readonly podCidr?: string
  /** Where its files are, if not below the data directory. */
  readonly directory?: string
}

/** What a running `davit up` leaves in its data directory, so that `davit down` finds it. */
export interface RunningState extends Made {
  readonly pid: number
  readonly url: string
  /** Clock ticks since boot when the process began: tells a reused pid from the same process. */
  readonly startTicks: string
}

export function statePath(dataDirectory: string): string {
  return path.join(dataDirectory, 'running.json')
}

export async function writeState(dataDirectory: string, state: Omit<RunningState, 'pid' | 'startTicks'>): Promise<void> {
  try {
    makeDirectory(dataDirectory)
    await replaceState(dataDirectory, state)
  } catch (error) {
    throw directoryError(dataDirectory, error)
  }
}

async function replaceState(dataDirectory: string, state: Omit<RunningState, 'pid' | 'startTicks'>): Promise<void> {
  const full: RunningState = { ...state, pid: process.pid, startTicks: (await startTicks(process.pid)) ?? '' }
  const file = statePath(dataDirectory)
  // A process may be killed between any two lines; half a file would keep the next one from starting.
  await writeFile(`${file}.new`, `${JSON.stringify(full, null, 2)}\n`, { mode: 0o600 })
  await rename(`${file}.new`, file)
}

export async function readState(dataDirectory: string): Promise<RunningState | undefined> {
  const file = statePath(dataDirectory)
  try {
    return JSON.parse(await readFile(file, 'utf8')) as RunningState
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    if (code in problems) throw directoryError(dataDirectory, error)
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`, {
      hint: 'it says which process runs the cluster; if none does, remove the file',
      cause: error,
    })
  }
}

export async function isAlive(state: RunningState): Promise<boolean> {
  return (await startTicks(state.pid)) === state.startTicks
}

export function removeState(dataDirectory: string): Promise<void> {
  return rm(statePath(dataDirectory), { force: true })
}

/** Field 22 of /proc/PID/stat; undefined when there is no such process, or only what its parent has not yet taken note of. */
async function startTicks(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return state === 'Z' || state === 'X' ? undefined : fields[18]
  } catch {
    return undefined
  }
}
