import { readFile } from 'node:fs/promises'
import type { Clock } from '@davit/core/kernel'
import { type Container, type ContainerConfig, type NodeContext, type Runtime, RuntimeError } from '@davit/core/node'
import type { ContainerInfo, ContainerInspectInfo } from 'dockerode'
import type { DockerConfig } from './config.js'
import { inspectEnded } from './ending.js'
import { type Engine, problem, statusOf, unless } from './engine.js'
import type { Images } from './images.js'
import { filterOf, isOwnedBy, label, parse } from './labels.js'
import { containerOptions } from './options.js'
import { removeContainer, removeLeftover } from './remove.js'
import { limitsUpdate } from './resources.js'
import type { Sandboxes } from './sandboxes.js'

export type Containers = Pick<
  Runtime,
  'createContainer' | 'startContainer' | 'stopContainer' | 'removeContainer' | 'updateContainer' | 'listContainers' | 'container'
> & {
  /** Of a running container, on the host. */
  pid(id: string): Promise<number | undefined>
  hasTerminal(id: string): Promise<boolean>
}

/** What a look at a container gave; a container goes from created to running to exited and never back. */
interface Seen {
  readonly container: Container
  readonly pid: number
  readonly tty: boolean
}

export interface ContainerParts {
  readonly engine: Engine
  readonly node: NodeContext
  readonly config: DockerConfig
  readonly images: Images
  readonly sharing: Sandboxes['sharing']
  readonly clock: Clock
}

export function createContainers({ engine, node, config: log, images, sharing: sharingOf, clock }: ContainerParts): Containers {
  const { docker } = engine
  const seen = new Map<string, Seen>()
  /** Killed by this process: nobody has to ask Docker why. */
  const killed = new Set<string>()

  const look = async (id: string): Promise<Seen | undefined> => {
    const inspect = () => unless([404], docker.getContainer(id).inspect())
    const found = await (killed.has(id) ? inspect() : inspectEnded(inspect, clock, node.signal))
    if (!found || !isOwnedBy(node, found.Config.Labels) || found.Config.Labels[label.type] !== 'container') {
      seen.delete(id)
      killed.delete(id)
      return undefined
    }
    const container = containerOf(found, await images.identity(found.Image))
    const result: Seen = { container, pid: found.State.Pid, tty: found.Config.Tty }
    seen.set(id, result)
    return result
  }
  /** Docker's list lacks times and codes: a container is looked at once for each state. */
  const fromList = async ({ Id, State }: ContainerInfo): Promise<Container | undefined> => {
    const known = seen.get(Id)
    return known?.container.state === stateOf(State) ? known.container : (await look(Id))?.container
  }

  return {
    async createContainer(sandbox, config) {
      const sharing = await sharingOf(sandbox.id)
      const { runAsGroup, runAsUser } = config.security
      const askUser = runAsGroup !== undefined && runAsUser === undefined
      const imageUser = askUser ? { imageUser: (await images.image(config.image))?.user ?? '' } : {}
      const facts = {
        owner: node,
        sandbox,
        sharing,
        config,
        createdAt: clock.now(),
        ...imageUser,
        ...(await seccompProfile(config)),
      }
      const options = containerOptions(facts, log)
      const create = async (): Promise<string> => (await docker.createContainer(options)).id
      try {
        return await create().catch(async (error: unknown) => {
          if (statusOf(error) !== 409 || !(await removeLeftover(engine, options.name ?? '', node))) throw error
          return create()
        })
      } catch (error) {
        throw problem('CreateContainerError', error)
      }
    },
    async startContainer(id) {
      try {
        await unless([304], docker.getContainer(id).start())
      } catch (error) {
        throw problem('RunContainerError', error)
      }
    },
    async stopContainer(id, graceSeconds) {
      const container = docker.getContainer(id)
      killed.add(id)
      if (graceSeconds > 0) await unless([304, 404], container.stop({ t: Math.ceil(graceSeconds) }))
      else await unless([404, 409], container.kill())
    },
    async removeContainer(id) {
      await removeContainer(docker, id)
      seen.delete(id)
      killed.delete(id)
    },
    async updateContainer(id, resources) {
      try {
        await docker.getContainer(id).update(limitsUpdate(resources))
      } catch (error) {
        throw problem('RunContainerError', error)
      }
    },
    async listContainers() {
      const filters = filterOf(node, { [label.type]: 'container' })
      const listed = await docker.listContainers({ all: true, filters })
      const here = new Set(listed.map(({ Id }) => Id))
      for (const known of [seen, killed]) for (const id of known.keys()) if (!here.has(id)) known.delete(id)
      return (await Promise.all(listed.map(fromList))).filter((container) => container !== undefined)
    },
    container: async (id) => (await look(id))?.container,
    async pid(id) {
      const known = seen.get(id) ?? (await look(id))
      const current = known?.container.state === 'created' ? await look(id) : known
      return current?.container.state === 'running' ? current.pid : undefined
    },
    hasTerminal: async (id) => (seen.get(id) ?? (await look(id)))?.tty ?? false,
  }
}

export function containerOf({ Id, State, Config: { Labels } }: ContainerInspectInfo, imageId: string): Container {
  const state = stateOf(State.Status)
  const exited = state === 'exited'
  const startedAt = timeOf(State.StartedAt)
  return {
    id: Id,
    sandboxId: Labels[label.sandbox] ?? '',
    name: Labels[label.container] ?? '',
    attempt: Number(Labels[label.attempt]),
    image: Labels[label.image] ?? '',
    imageId,
    state,
    createdAt: Number(Labels[label.createdAt]),
    startedAt,
    // Docker notes the end of a program that ends at once before it notes its start.
    finishedAt: exited ? Math.max(startedAt, timeOf(State.FinishedAt)) : 0,
    exitCode: exited ? State.ExitCode : 0,
    reason: !exited ? '' : State.OOMKilled ? 'OOMKilled' : State.ExitCode === 0 ? 'Completed' : 'Error',
    message: State.Error,
    labels: parse(Labels[label.labels]),
    annotations: parse(Labels[label.annotations]),
  }
}

export function stateOf(word: string): Container['state'] {
  if (word === 'created') return 'created'
  if (word === 'running' || word === 'paused' || word === 'restarting') return 'running'
  return word === 'exited' || word === 'dead' ? 'exited' : 'unknown'
}

/** Docker writes the year 1 for never. */
function timeOf(text: string): number {
  return Math.max(0, Date.parse(text))
}

/** Docker wants the text of a profile: a path is for its command, which reads it. */
async function seccompProfile({ security: { seccomp } }: ContainerConfig): Promise<{ readonly seccompProfile?: string }> {
  if (seccomp?.type !== 'Localhost') return {}
  try {
    return { seccompProfile: await readFile(seccomp.path, 'utf8') }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new RuntimeError('CreateContainerError', `cannot load the seccomp profile: ${reason}`, { cause })
  }
}
