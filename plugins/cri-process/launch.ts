/** The chain of commands from Davit to a container's program, and the start of it. */
import { spawn } from 'node:child_process'
import { open } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { type ContainerConfig, RuntimeError, toolEnvironment } from '@davit/core/node'
import type { ProcessConfig } from './config.js'
import { type Machine, shell } from './machine.js'
import type { ContainerPlaces, SandboxPlaces } from './places.js'
import type { ContainerRecord, SandboxRecord } from './records.js'
import { reuid } from './rights.js'
import { init, inTerminal, supervise } from './scripts.js'
import { encodeWords } from './words.js'

/** The name by which a container's first process is found: its fourth argument; the fifth is the container's id. */
export const initName = 'davit-init'
export const supervisorName = 'davit-supervisor'

export interface LaunchParts {
  readonly machine: Machine
  readonly config: ProcessConfig
  readonly container: ContainerRecord
  readonly places: ContainerPlaces
  readonly sandbox: SandboxRecord
  readonly sandboxPlaces: SandboxPlaces
  /** The first process of a process namespace that is not the container's own: the sandbox's, or another container's. */
  readonly holderPid: number | undefined
  readonly joins: readonly string[]
  readonly events: string | undefined
}

/** What `script` needs of its environment: the shell that it runs its command with. */
export const terminalEnvironment = { ...toolEnvironment, SHELL: shell }

export function terminalTool({ tools }: Machine): string {
  if (!tools.script) throw new RuntimeError('RunContainerError', 'a terminal needs the program script')
  return tools.script
}

/** A terminal without input still needs one that never ends: the end of its input would be the end of the terminal. */
export function hasInput({ stdin, tty }: ContainerConfig): boolean {
  return stdin || tty
}

/** A variable by which all that a container started is found where it has no process namespace that would end it. */
export function markOf(id: string): string {
  return `DAVIT_CONTAINER=${id}`
}

/** What the last step reads: who, where, which program, and then what it becomes. */
export function wordsOf(container: ContainerRecord, command: readonly string[], { tools }: Machine): string {
  const { config, environment, rights } = container
  const path = environment.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? ''
  const withRights = rights.length > 0 && tools.setpriv ? [tools.setpriv, ...rights, '--'] : []
  const becomes = [...withRights, tools.env, '-i', '--', ...environment, ...command]
  const user = rights.find((right) => right.startsWith(reuid))?.slice(reuid.length) ?? ''
  return encodeWords([user, config.workingDirectory || '/', path, command[0] ?? '', ...becomes])
}

function chainOf(parts: LaunchParts): readonly string[] {
  const { machine, container, places, sandbox, sandboxPlaces, holderPid } = parts
  const { namespaces } = sandboxPlaces
  const tree = machine.namespaces ? [places.root, places.table] : ['', '']
  const terminal = container.config.tty ? [terminalTool(machine), inTerminal] : []
  const first = [shell, '-c', init, initName, container.id, ...tree, ...terminal]
  if (!machine.namespaces) return first
  const joined = [
    ...(sandbox.hostNetwork ? [] : [`--net=${namespaces.net}`, `--uts=${namespaces.uts}`]),
    ...(sandbox.hostIpc ? [] : [`--ipc=${namespaces.ipc}`]),
    ...(holderPid === undefined ? [] : [`--pid=/proc/${holderPid}/ns/pid`]),
  ]
  const own = ownProcesses(parts) ? ['--pid', '--fork', '--kill-child'] : []
  const namespaced = ['unshare', '--mount', ...own, '--', ...first]
  return joined.length > 0 ? ['nsenter', ...joined, '--', ...namespaced] : namespaced
}

/** Whether the container's processes are in a namespace of their own, and so end with its first one. */
export function ownProcesses({ machine, sandbox, holderPid }: LaunchParts): boolean {
  return machine.namespaces && !sandbox.hostPid && holderPid === undefined
}

export interface LaunchObserver {
  spawned(supervisorPid: number): void
  /** The supervisor has ended, while this process lived. */
  ended(): void
}

/** Resolves when the program runs; rejects, with the reason, when it never will. */
export async function launch(parts: LaunchParts, observer: LaunchObserver): Promise<void> {
  const { machine, config, container, places, events, joins } = parts
  const chain = chainOf(parts)
  const group = ownProcesses(parts) ? '' : (joins.at(-1) ?? '')
  const sizes = [`${config.logMaxBytes}`, `${config.logMaxFiles}`]
  const mark = machine.namespaces ? '' : markOf(container.id)
  const own = ['-c', supervise, supervisorName, places.directory, places.exit, ...sizes, events ?? '', group, mark]
  const files = await Promise.all([
    hasInput(container.config) ? open(places.stdin, 'r+') : open('/dev/null', 'r'),
    open(places.words, 'r'),
  ])
  try {
    const [stdin, words] = files.map((file) => file.fd)
    const child = spawn(shell, [...own, `${joins.length}`, ...joins, ...chain], {
      detached: true,
      cwd: '/',
      env: container.config.tty ? terminalEnvironment : toolEnvironment,
      stdio: [stdin as number, 'ignore', 'ignore', 'pipe', words as number],
    })
    child.unref()
    child.once('exit', () => observer.ended())
    if (child.pid !== undefined) observer.spawned(child.pid)
    const said = await firstWords(child.stdio[3] as Readable, child)
    if (!/(^|\n)ready\n/.test(said)) throw new RuntimeError('RunContainerError', said.trim() || 'ended before it began')
  } finally {
    for (const file of files) await file.close()
  }
}

function firstWords(status: Readable, child: ReturnType<typeof spawn>): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const finish = (): void => {
      status.destroy()
      resolve(said)
    }
    child.once('error', (error) => {
      status.destroy()
      reject(error)
    })
    status.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (/(^|\n)ready\n/.test(said)) finish()
    })
    status.once('end', finish)
    status.once('error', finish)
  })
}
