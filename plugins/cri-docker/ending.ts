import type { Clock } from '@davit/core/kernel'
import type { ContainerInspectInfo } from 'dockerode'

/** How long, and how often in it, Docker is asked again, in milliseconds. */
const [waitMs, lookMs] = [500, 25]

/**
 * A container as Docker knows it once it knows how it ended. That the kernel killed it for lack of memory Docker hears
 * beside the end of its process, and now and then after that: until then it would seem to have been killed by somebody.
 */
export async function inspectEnded(
  inspect: () => Promise<ContainerInspectInfo | undefined>,
  clock: Clock,
): Promise<ContainerInspectInfo | undefined> {
  let found = await inspect()
  for (let waited = 0; waited < waitMs && found && mayLackMemory(found); waited += lookMs) {
    await clock.sleep(lookMs)
    found = await inspect()
  }
  return found
}

function mayLackMemory({ State, HostConfig }: ContainerInspectInfo): boolean {
  return State.Status === 'exited' && State.ExitCode === 137 && !State.OOMKilled && (HostConfig.Memory ?? 0) > 0
}
