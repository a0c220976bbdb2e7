import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@davit/core/kernel'
import type { Container, ContainerResources, NodeContext, Runtime } from '@davit/core/node'
import type { Client } from './client.js'
import { problem, reservedFor, unlessMissing } from './errors.js'
import type { Images } from './images.js'
import { containerOf, label, selectorOf, stateOf } from './labels.js'
import { rotatedFiles } from './log-files.js'
import type { Rotation } from './log-rotation.js'
import type { Received } from './messages.js'
import { containerOptions, logDirectory, logPath } from './options.js'
import { isUnified, limitProcesses } from './process-limit.js'
import { limitsUpdate } from './resources.js'
import type { Sandboxes } from './sandboxes.js'

export type Containers = Pick<
  Runtime,
  'createContainer' | 'startContainer' | 'stopContainer' | 'removeContainer' | 'updateContainer' | 'listContainers' | 'container'
> & {
  /** Where the runtime writes the container's log. */
  logFile(id: string): Promise<string | undefined>
}

export interface ContainerParts {
  readonly client: Client
  readonly node: NodeContext
  readonly clock: Clock
  readonly images: Images
  readonly sharing: Sandboxes['sharing']
  /** Told what is seen of each container: whether its log may grow. */
  readonly rotation: Pick<Rotation, 'follow' | 'stop'>
}

interface Seen {
  readonly container: Container
  readonly logFile: string
}

/** The runtime hears of a lack of memory beside the end of the process, and sometimes later. */
const reasonDelay = 50

export function createContainers({ client, node, clock, images, sharing: sharingOf, rotation }: ContainerParts): Containers {
  const seen = new Map<string, Seen>()
  const processLimits = new Map<string, number>()
  const unified = isUnified()

  const ask = async (id: string): Promise<Received<'ContainerStatus'> | undefined> => {
    const found = (await unlessMissing(client.call('ContainerStatus', { containerId: id })))?.status
    return found && found.labels[label.node] === node.nodeName ? found : undefined
  }
  const look = async (id: string): Promise<Seen | undefined> => {
    let found = await ask(id)
    if (found && wasKilledJustNow(found, clock.now())) {
      await clock.sleep(reasonDelay)
      found = await ask(id)
    }
    if (found?.state === 'CONTAINER_RUNNING') rotation.follow(id, found.logPath)
    else rotation.stop(id)
    if (!found) {
      seen.delete(id)
      return undefined
    }
    const sandboxId = seen.get(id)?.container.sandboxId ?? (await sandboxOf(client, id))
    const result = { container: containerOf(sandboxId, found), logFile: found.logPath }
    seen.set(id, result)
    return result
  }
  /** The list lacks times and codes: a container is looked at once for each state. */
  const fromList = async ({ id, state }: Received<'Container'>): Promise<Container | undefined> => {
    const known = seen.get(id)?.container
    return known?.state === stateOf(state) ? known : (await look(id))?.container
  }
  const remove = async (id: string): Promise<void> => {
    const logFile = (seen.get(id) ?? (await look(id)))?.logFile
    await unlessMissing(client.call('RemoveContainer', { containerId: id }))
    seen.delete(id)
    processLimits.delete(id)
    if (logFile) await removeLogs(logFile)
  }
  /** Of a running container. */
  const limit = async (id: string, count: number | undefined): Promise<void> => {
    const { info } = await client.call('ContainerStatus', { containerId: id, verbose: true })
    const { pid } = JSON.parse(info.info ?? '{}') as { pid?: number }
    if (!pid) throw new Error(`the runtime does not name the process of the container ${id}`)
    try {
      await limitProcesses(pid, count)
    } catch (error) {
      // What has ended has no group any more.
      if ((await look(id))?.container.state === 'running') throw error
    }
  }

  return {
    async createContainer(sandbox, config) {
      const { runAsGroup, runAsUser } = config.security
      try {
        const askUser = runAsGroup !== undefined && runAsUser === undefined
        const imageUser = askUser ? { imageUser: await images.user(config.image) } : {}
        const facts = { nodeName: node.nodeName, directory: node.directory, sandbox, config, unified: await unified }
        const request = containerOptions({ ...facts, ...imageUser, sharing: await sharingOf(sandbox.id) })
        // Not every runtime makes it.
        await mkdir(dirname(join(logDirectory(node.directory, sandbox), logPath(config))), { recursive: true })
        const create = () => client.call('CreateContainer', request)
        const { containerId } = await create().catch(async (error: unknown) => {
          // What a crash left under this name, so that the agent never heard of it, gives way; what runs does not.
          const holder = reservedFor(error)
          if (holder === undefined || (await look(holder))?.container.state === 'running') throw error
          await remove(holder)
          return create()
        })
        const { pidsLimit } = config.resources
        if (pidsLimit !== undefined && !(await unified)) processLimits.set(containerId, pidsLimit)
        return containerId
      } catch (error) {
        throw problem('CreateContainerError', error)
      }
    },
    async startContainer(id) {
      try {
        await client.call('StartContainer', { containerId: id })
        const count = processLimits.get(id)
        if (count !== undefined) await limit(id, count)
      } catch (error) {
        throw problem('RunContainerError', error)
      }
    },
    async stopContainer(id, graceSeconds) {
      const timeout = Math.ceil(graceSeconds)
      await unlessMissing(client.call('StopContainer', { containerId: id, timeout }, { timeoutMs: (timeout + 60) * 1000 }))
    },
    removeContainer: remove,
    async updateContainer(id, resources: ContainerResources) {
      try {
        await client.call('UpdateContainerResources', { containerId: id, linux: limitsUpdate(resources, await unified) })
        if (!(await unified)) await limit(id, resources.pidsLimit)
      } catch (error) {
        throw problem('RunContainerError', error)
      }
    },
    async listContainers() {
      const { containers } = await client.call('ListContainers', { filter: selectorOf(node.nodeName) })
      const here = new Set(containers.map(({ id }) => id))
      for (const id of seen.keys()) if (!here.has(id)) seen.delete(id)
      return (await Promise.all(containers.map(fromList))).filter((container) => container !== undefined)
    },
    container: async (id) => (await look(id))?.container,
    logFile: async (id) => (seen.get(id) ?? (await look(id)))?.logFile,
  }
}

/** The status of a container does not say where it belongs. */
async function sandboxOf(client: Client, id: string): Promise<string> {
  const { containers } = await client.call('ListContainers', { filter: { id } })
  return containers[0]?.podSandboxId ?? ''
}

function wasKilledJustNow({ state, exitCode, reason, finishedAt }: Received<'ContainerStatus'>, now: number): boolean {
  return state === 'CONTAINER_EXITED' && exitCode === 137 && reason !== 'OOMKilled' && now - finishedAt / 1e6 < 2 * reasonDelay
}

/** The log of one attempt, with what was rotated. */
async function removeLogs(file: string): Promise<void> {
  await Promise.all([file, ...(await rotatedFiles(file))].map((path) => rm(path, { force: true })))
}
