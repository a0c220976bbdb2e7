import { mkdir, realpath } from 'node:fs/promises'
import { release as kernelRelease } from 'node:os'
import { type NodeContext, type Runtime, refuseForeignRoutes } from '@davit/core/node'
import { adopt } from './adopt.js'
import { createContainers } from './containers.js'
import { dial } from './dial.js'
import { notice, refresh } from './endings.js'
import { createExec } from './exec.js'
import { watchExits } from './exits.js'
import { readLog } from './logs.js'
import { createSandboxes } from './sandboxes.js'
import { createState, type Services } from './state.js'

/** Every program of the machine is there: an image says nothing. */
/** What is not told to be somebody else is Davit's own user. */
const machineImage = { id: 'machine', size: 0, user: `${process.getuid?.() ?? 0}` }

export async function openRuntime(services: Services, node: NodeContext): Promise<Runtime> {
  // The kernel names mounts by their real paths.
  const state = createState(services, { ...node, directory: await realpath(node.directory) })
  const { places, containers, listeners, groups, network } = state
  if (network) await refuseForeignRoutes(node.podCidr, [network.bridge])
  for (const directory of [places.root, places.sandboxes, places.containers, places.exits]) {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  }
  await adopt(state)
  const stopWatching = watchExits(places.exits, (id) => {
    const entry = containers.get(id)
    if (entry) notice(state, entry)
  })
  // What ended between the look at the files and the watch.
  for (const entry of containers.values()) await refresh(state, entry)
  return {
    ...createSandboxes(state),
    ...createContainers(state),
    ...createExec(state),
    version: async () => ({ name: 'process', version: kernelRelease() }),
    image: async () => machineImage,
    pullImage: async () => machineImage.id,
    async *logs(id, options) {
      const entry = containers.get(id)
      if (!entry) throw new Error(`no container ${id}`)
      yield* readLog(state, entry, options)
    },
    dial: (sandboxId, port) => dial(state, sandboxId, port),
    subscribe(listener) {
      const own: typeof listener = (event) => listener(event)
      listeners.add(own)
      return () => void listeners.delete(own)
    },
    usage: async (id) => groups?.usage(id),
    async close() {
      stopWatching()
      listeners.clear()
      for (const entry of containers.values()) await entry.stopMarks()
      // What ends from now on is for the next life to tell.
      containers.clear()
      await groups?.close()
    },
  }
}
