import type { Clock } from '@davit/core/kernel'
import type { NodeContext, Runtime } from '@davit/core/node'
import type { DockerConfig } from './config.js'
import { createContainers } from './containers.js'
import { dial } from './dial.js'
import type { Engine } from './engine.js'
import { createEvents } from './events.js'
import { createExec } from './exec.js'
import { createImages } from './images.js'
import { readLog } from './logs.js'
import { createSandboxes } from './sandboxes.js'
import { usageOf } from './usage.js'

export interface RuntimeParts {
  readonly engine: Engine
  readonly node: NodeContext
  readonly clock: Clock
  readonly config: DockerConfig
}

export function createDockerRuntime({ engine, node, clock, config }: RuntimeParts): Runtime {
  const now = (): number => clock.now()
  const images = createImages(engine)
  const { sharing, checkNetwork, died, ...sandboxes } = createSandboxes({ engine, node, config, now })
  const { pid, hasTerminal, ...containers } = createContainers({ engine, node, config, images, sharing, clock })
  const events = createEvents(engine, node, clock, { checkNetwork, sandboxDied: died })
  return {
    ...sandboxes,
    ...containers,
    ...createExec(engine, clock),
    image: images.image,
    pullImage: images.pullImage,
    version: async () => ({ name: 'docker', version: (await engine.version()).Version }),
    async *logs(id, options) {
      yield* readLog(engine, id, await hasTerminal(id), options)
    },
    dial: (sandboxId, port) => dial(engine, sandboxId, port),
    subscribe: events.subscribe,
    async usage(id) {
      const process = await pid(id)
      return process === undefined ? undefined : usageOf(process, id)
    },
    async close() {
      events.close()
      engine.close()
    },
  }
}
