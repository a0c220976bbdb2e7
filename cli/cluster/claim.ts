import { CliError } from '../output/cli-error.js'
import type { Composition } from './compose.js'
import { isAlive, type Made, readState, removeState, writeState } from './state.js'

export interface Claim {
  /** What this cluster makes, and what former lives of it left behind. */
  made(): Made
  /** Tells others where it answers. */
  publish(url: string): Promise<void>
  /** A node got its range of addresses, which whoever clears up after it must know. */
  learn(node: string, podCidr: string): void
  /** Everything that was made is gone. */
  end(): Promise<void>
}

/** One `davit up` for each data directory. */
export async function claim(composition: Composition): Promise<Claim> {
  const { dataDirectory } = composition
  await refuseSecond(dataDirectory)
  let made = together(await readState(dataDirectory), composition)
  let url = ''
  let writing: Promise<void> | undefined
  let changed = false
  // One write at a time; what changes meanwhile goes into the next.
  const write = async () => {
    while (changed) {
      changed = false
      await writeState(dataDirectory, { ...made, url })
    }
    writing = undefined
  }
  const change = () => {
    changed = true
    writing ??= write()
    return writing
  }
  await change()
  return {
    made: () => made,
    publish(known) {
      url = known
      return change()
    },
    learn(name, podCidr) {
      const known = made.nodes.find((node) => node.name === name)
      if (!known || known.podCidr === podCidr) return
      made = { ...made, nodes: made.nodes.map((node) => (node === known ? { ...node, podCidr } : node)) }
      // The note only helps to clear up: a disk that is full must not end the cluster.
      change().catch(() => undefined)
    },
    async end() {
      await writing
      await removeState(dataDirectory)
    },
  }
}

/** Throws when a process runs the cluster of this directory. */
export async function refuseSecond(dataDirectory: string): Promise<void> {
  const running = await readState(dataDirectory)
  if (running && running.pid !== process.pid && (await isAlive(running))) {
    throw new CliError(
      `a cluster of ${dataDirectory} runs already, as process ${running.pid}${running.url ? ` at ${running.url}` : ''}`,
      {
        hint: `stop it with \`davit down --data-dir ${dataDirectory}\`, or choose another --data-dir`,
      },
    )
  }
}

/** Nodes that are no longer there may have left containers: `davit down` clears up after them too. */
function together(before: Made | undefined, { nodes, drivers, podCidr }: Made): Made {
  const plain = nodes.map(({ name, runtimes, proxies, directory }) => ({
    name,
    runtimes,
    proxies,
    ...(directory && { directory }),
  }))
  const all = new Map(before?.nodes.map((node) => [node.name, node]))
  for (const node of plain) {
    const old = all.get(node.name)
    const runtimes = [...new Set([...node.runtimes, ...(old?.runtimes ?? [])])]
    const proxies = [...new Set([...node.proxies, ...(old?.proxies ?? [])])]
    all.set(node.name, { ...node, runtimes, proxies, ...(old?.podCidr && { podCidr: old.podCidr }) })
  }
  const byId = new Map([...(before?.drivers ?? []), ...drivers].map((driver) => [driver.id, driver]))
  return { nodes: [...all.values()], drivers: [...byId.values()], podCidr }
}
