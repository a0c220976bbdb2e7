import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext, Runtime } from '@davit/core/node'
import type { Client } from './client.js'
import { bytesOf, type ContainerdConfig } from './config.js'
import { createContainers } from './containers.js'
import { dial } from './dial.js'
import { unlessMissing } from './errors.js'
import { createEvents } from './events.js'
import { createExec } from './exec.js'
import { createImages } from './images.js'
import { createRotation } from './log-rotation.js'
import { readLog } from './logs.js'
import { createSandboxes } from './sandboxes.js'

export interface RuntimeParts {
  readonly client: Client
  readonly node: NodeContext
  readonly clock: Clock
  readonly log: Logger
  readonly config: ContainerdConfig
}

export function createContainerdRuntime(parts: RuntimeParts): Runtime {
  const { client, node, clock, log, config } = parts
  const images = createImages(client)
  const { sharing, sandbox, ...sandboxes } = createSandboxes(parts)
  const maxSize = bytesOf(config.logMaxSize)
  const rotation = createRotation({ client, clock, log, maxSize, maxFiles: config.logMaxFiles })
  const { logFile, ...containers } = createContainers({ client, node, clock, images, sharing, rotation })
  const events = createEvents({ client, nodeName: node.nodeName, clock })

  const isOver = async (id: string): Promise<boolean> => {
    const found = await containers.container(id)
    return found === undefined || found.state === 'exited'
  }
  /** Looks once, and again whenever a container has ended. */
  const ended = (id: string) => (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const done = (): void => {
        unsubscribe()
        resolve()
      }
      // A runtime that is away is heard of again by an event.
      const look = (): void =>
        void isOver(id).then(
          (over) => over && done(),
          () => undefined,
        )
      const unsubscribe = events.subscribe(({ type }) => type !== 'containerStarted' && look())
      signal.addEventListener('abort', done, { once: true })
      look()
    })

  return {
    ...sandboxes,
    ...containers,
    ...createExec(client, clock),
    image: images.image,
    pullImage: images.pullImage,
    async version() {
      const { runtimeName, runtimeVersion } = await client.call('Version', {})
      return { name: runtimeName, version: runtimeVersion }
    },
    async *logs(id, options) {
      const file = await logFile(id)
      if (file) yield* readLog(file, options, ended(id))
    },
    dial: async (sandboxId, port) => dial(client, await sandbox(sandboxId), port),
    subscribe: events.subscribe,
    async usage(id) {
      const stats = (await unlessMissing(client.call('ContainerStats', { containerId: id })))?.stats
      const [cpu, memory] = [stats?.cpu?.usageCoreNanoSeconds?.value, stats?.memory?.workingSetBytes?.value]
      return cpu === undefined || memory === undefined ? undefined : { cpuNanoseconds: cpu, memoryBytes: memory }
    },
    async close() {
      events.close()
      rotation.close()
      client.close()
    },
  }
}
