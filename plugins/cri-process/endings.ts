/** How containers end: by themselves, because they are asked to, or because they are removed. */
import { rm } from 'node:fs/promises'
import { readEnding, writeEnding } from './exits.js'
import { isSupervisor, processesOf } from './find-process.js'
import { containerPlaces } from './places.js'
import { killAll } from './processes.js'
import { type ContainerEntry, emit, type State } from './state.js'

/** Looks whether the container has ended, and tells everybody once. */
export async function refresh(state: State, entry: ContainerEntry): Promise<void> {
  if (entry.startedAt === 0 || entry.ending || !state.containers.has(entry.record.id)) return
  const { exit } = containerPlaces(state.places, entry.record.id)
  let ending = await readEnding(exit)
  if (!ending && entry.supervisorPid > 0 && !(await isSupervisor(state, entry))) {
    // It wrote between the two looks, or was killed and never will.
    ending = await readEnding(exit)
    if (!ending) {
      killAll(await processesOf(state, entry))
      await writeEnding(exit)
      ending = await readEnding(exit)
    }
  }
  if (!ending || entry.ending) return
  entry.ending = ending
  for (const wake of [...entry.waiting]) wake()
  await entry.stopMarks()
  const podUid = state.sandboxes.get(entry.record.sandboxId)?.sandbox.pod.uid
  if (podUid !== undefined) emit(state, podUid, 'containerExited')
}

/** For what announces an end. Where the look fails, the next one, at a list or a wait, tells the same. */
export function notice(state: State, entry: ContainerEntry): void {
  refresh(state, entry).catch(() => {})
}

/** False: it goes on running. */
export async function waitForEnd(state: State, entry: ContainerEntry, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const { clock } = state
  const deadline = clock.monotonic() + withinMs
  for (;;) {
    await refresh(state, entry)
    if (entry.ending) return true
    if (signal?.aborted) return false
    const left = deadline - clock.monotonic()
    if (left <= 0) return false
    await wakeOrPause(state, entry, Math.min(left, 1000), signal)
  }
}

/** Ends as soon as the container does; and now and then, for a supervisor that was killed tells nobody. */
function wakeOrPause({ clock }: State, entry: ContainerEntry, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel()
      entry.waiting.delete(finish)
      signal?.removeEventListener('abort', finish)
      resolve()
    }
    const timer = clock.setTimer(ms, finish)
    entry.waiting.add(finish)
    signal?.addEventListener('abort', finish, { once: true })
  })
}

/** Kills all of the container and waits until it is over. */
export async function end(state: State, entry: ContainerEntry): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) {
    if (entry.ending || entry.startedAt === 0) return
    killAll(await processesOf(state, entry))
    if (await waitForEnd(state, entry, 200)) return
  }
  throw new Error(`the processes of container ${entry.record.id} do not end`)
}

/** Kills if need be, and removes all that is of it. */
export async function forget(state: State, entry: ContainerEntry): Promise<void> {
  const { record } = entry
  const { directory, exit } = containerPlaces(state.places, record.id)
  await end(state, entry)
  await entry.stopMarks()
  await state.groups?.remove(record.id)
  await rm(directory, { recursive: true, force: true })
  await rm(exit, { force: true })
  state.containers.delete(record.id)
  for (const wake of [...entry.waiting]) wake()
}
