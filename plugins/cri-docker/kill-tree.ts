import { readFile } from 'node:fs/promises'

/**
 * Kills a process of the host and all that it has started: Docker ends what it exec'd only with the container. Needs the
 * rights for it; without them the processes stay until the container ends.
 */
export async function killTree(pid: number): Promise<void> {
  // Stopped first, so that it does not start another child while its children are looked up.
  signal(pid, 'SIGSTOP')
  const children = await childrenOf(pid)
  signal(pid, 'SIGKILL')
  await Promise.all(children.map(killTree))
}

function signal(pid: number, name: 'SIGSTOP' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended, or is not ours to end.
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  try {
    const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text
      .split(' ')
      .map(Number)
      .filter((child) => child > 1)
  } catch {
    return []
  }
}
