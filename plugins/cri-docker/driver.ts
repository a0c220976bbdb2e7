import { rm } from 'node:fs/promises'
import type { Clock } from '@davit/core/kernel'
import type { NodeContext, RuntimeCapabilities, RuntimeDriver } from '@davit/core/node'
import { parseRange } from './addresses.js'
import type { DockerConfig } from './config.js'
import { connectEngine, unless } from './engine.js'
import { filterOf } from './labels.js'
import { refuseForeign, removeNetworks } from './network.js'
import { pauseImage } from './options.js'
import { probe } from './probe.js'
import { removeContainer } from './remove.js'
import { filesOf } from './resolv-conf.js'
import { createDockerRuntime } from './runtime.js'

export const supports: RuntimeCapabilities = {
  images: true,
  podNetwork: true,
  exec: true,
  attach: true,
  portForward: true,
  logs: true,
  resourceLimits: true,
  mounts: true,
  users: true,
  capabilities: true,
  readOnlyRootFilesystem: true,
  seccomp: true,
  mountPropagation: true,
  stats: true,
  adoption: true,
  hollow: false,
}

export interface DockerServices {
  readonly clock: Clock
  readonly config: DockerConfig
}

export function createDockerDriver({ clock, config }: DockerServices): RuntimeDriver {
  return {
    id: 'cri-docker',
    supports,
    probe: () => probe(config.socketPath),
    async open(node: NodeContext) {
      const engine = await connectEngine(config.socketPath)
      try {
        await refuseForeign(engine, node)
      } catch (error) {
        engine.close()
        throw error
      }
      return createDockerRuntime({ engine, node, clock, config })
    },
    async purge(node: NodeContext) {
      const engine = await connectEngine(config.socketPath)
      const { docker } = engine
      try {
        const listed = await docker.listContainers({ all: true, filters: filterOf(node) })
        await Promise.all(listed.map(({ Id }) => removeContainer(docker, Id)))
        const range = parseRange(node.podCidr)
        if (range) await removeNetworks(engine, range)
        // 409: another node uses it.
        await unless([404, 409], docker.getImage(pauseImage).remove())
        await rm(filesOf(node.directory), { recursive: true, force: true })
      } finally {
        engine.close()
      }
    },
  }
}
