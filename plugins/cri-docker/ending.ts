import type { Clock } from '@davit/core/kernel'
import type { ContainerInspectInfo } from 'dockerode'

/** How long after the end, and how often in it, Docker is asked again, in milliseconds. */
const [waitMs, lookMs] = [500, 25]

/**
 * A container as Docker knows it once it knows how it ended. That the kernel killed it for lack of memory Docker hears
 * beside the end of its process, and now and then after that: until then it would seem to have been killed by somebody.
 * One that ended long ago is as it will stay. Rejects when the signal aborts.
 */
export async function inspectEnded(
  inspect: () => Promise<ContainerInspectInfo | undefined>,
  clock: Clock,
  signal: AbortSignal,
): Promise<ContainerInspectInfo | undefined> {
  let found = await inspect()
  // Counted too: the clock of a Docker on another machine may be ahead.
  for (let waited = 0; waited < waitMs && found && mayLackMemory(found, clock.now()); waited += lookMs) {
    await clock.sleep(lookMs, signal)
    found = await inspect()
  }
  return found
}

function mayLackMemory({ State, HostConfig }: ContainerInspectInfo, now: number): boolean {
  const isKilled = State.Status === 'exited' && State.ExitCode === 137 && !State.OOMKilled && (HostConfig.Memory ?? 0) > 0
  return isKilled && now - Date.parse(State.FinishedAt) < waitMs
}
