/** Which of the machine's processes are a container's. */
import { initName, markOf, supervisorName } from './launch.js'
import { containerPlaces } from './places.js'
import { argumentsOf, childrenOf, findByEnvironment, findProcesses, isAlive, treeOf } from './processes.js'
import type { ContainerEntry, State } from './state.js'

/** Pids are used again: a supervisor is known by its arguments. */
export async function isSupervisor({ places }: State, entry: ContainerEntry): Promise<boolean> {
  const { supervisorPid, record } = entry
  if (supervisorPid === 0 || !isAlive(supervisorPid)) return false
  const [, , , name, directory] = await argumentsOf(supervisorPid)
  return name === supervisorName && directory === containerPlaces(places, record.id).directory
}

/** The first process in the container's namespaces. */
export async function initProcess({ record, supervisorPid }: ContainerEntry): Promise<number | undefined> {
  for (const pid of await treeOf(supervisorPid)) if (isInitOf(await argumentsOf(pid), record.id)) return pid
  return undefined
}

/** The container's program: what signals are for. */
export async function mainProcess(entry: ContainerEntry): Promise<number | undefined> {
  const first = await initProcess(entry)
  const child = first === undefined ? undefined : (await childrenOf(first))[0]
  // With a terminal there is the program that holds its other end in between.
  return child === undefined || !entry.record.config.tty ? child : (await childrenOf(child))[0]
}

/**
 * All that runs for the container but the supervisor and what passes its output on, which end by themselves. The
 * supervisor's first child is the container's side of the pipe.
 */
export async function processesOf(state: State, entry: ContainerEntry): Promise<readonly number[]> {
  const { record, supervisorPid } = entry
  const [first] = (await isSupervisor(state, entry)) ? await childrenOf(supervisorPid) : []
  const below = first === undefined ? [] : await treeOf(first)
  const grouped = (await state.groups?.processes(record.id)) ?? []
  const orphans = first === undefined ? await findProcesses((words) => isInitOf(words, record.id)) : []
  const strays = state.machine.namespaces ? [] : await findByEnvironment(markOf(record.id))
  return [...new Set([...below, ...grouped, ...orphans, ...strays])]
}

function isInitOf(words: readonly string[], id: string): boolean {
  return words[3] === initName && words[4] === id
}
