import type Docker from 'dockerode'
import { type Engine, statusOf, unless } from './engine.js'
import { isOwnedBy, type Owner } from './labels.js'

/** Kills if need be, and resolves when it is gone, whoever removes it. */
export async function removeContainer(docker: Docker, id: string): Promise<void> {
  const container = docker.getContainer(id)
  try {
    await container.remove({ force: true, v: true })
  } catch (error) {
    if (statusOf(error) === 404) return
    if (statusOf(error) !== 409) throw error
    await unless([404], container.wait({ condition: 'removed' }))
  }
}

/** What was made under this name just before a crash, so that the agent never heard of it, gives way. */
export async function removeLeftover({ docker }: Engine, name: string, owner: Owner): Promise<boolean> {
  const found = await unless([404], docker.getContainer(name).inspect())
  if (!found) return true
  if (!isOwnedBy(owner, found.Config.Labels) || found.State.Running) return false
  await removeContainer(docker, found.Id)
  return true
}
