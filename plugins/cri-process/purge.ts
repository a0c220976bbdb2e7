import { access, realpath, rm, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { NodeContext } from '@davit/core/node'
import { adopt } from './adopt.js'
import { forget, notice } from './endings.js'
import { watchExits } from './exits.js'
import { release } from './sandboxes.js'
import { createState, type Services } from './state.js'

/** Removes all that was ever made for the node, from processes to files. */
export async function purge(services: Services, node: NodeContext): Promise<void> {
  const directory = await realpath(node.directory).catch(() => node.directory)
  const state = createState(services, { ...node, directory })
  const { places, containers, sandboxes, groups, network } = state
  if (await exists(places.exits)) {
    await adopt(state)
    const stopWatching = watchExits(places.exits, (id) => {
      const entry = containers.get(id)
      if (entry) notice(state, entry)
    })
    try {
      await Promise.all([...containers.values()].map((entry) => forget(state, entry)))
      await Promise.all([...sandboxes.values()].map((record) => release(state, record)))
    } finally {
      stopWatching()
    }
    await rm(places.root, { recursive: true, force: true })
    // Other nodes of the machine may have theirs beside it.
    await rmdir(dirname(places.root)).catch(() => {})
  }
  await groups?.clear()
  await network?.remove()
  await state.claims.clear()
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
