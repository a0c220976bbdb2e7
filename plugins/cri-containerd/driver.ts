import { rm } from 'node:fs/promises'
import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext, RuntimeCapabilities, RuntimeDriver } from '@davit/core/node'
import { connectClient } from './client.js'
import type { ContainerdConfig } from './config.js'
import { unlessMissing } from './errors.js'
import { selectorOf } from './labels.js'
import { removeNetwork } from './network.js'
import { filesOf } from './options.js'
import { removePauseImage } from './pause-image.js'
import { probe } from './probe.js'
import { createContainerdRuntime } from './runtime.js'

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

export interface ContainerdServices {
  readonly clock: Clock
  readonly log: Logger
  readonly config: ContainerdConfig
}

export function createContainerdDriver({ clock, log, config }: ContainerdServices): RuntimeDriver {
  return {
    id: 'cri-containerd',
    supports,
    probe: () => probe(config.socket),
    async open(node: NodeContext) {
      return createContainerdRuntime({ client: await connectClient(config.socket), node, clock, log, config })
    },
    async purge(node: NodeContext) {
      const client = await connectClient(config.socket)
      try {
        const { items } = await client.call('ListPodSandbox', { filter: selectorOf(node.nodeName) })
        await Promise.all(
          items.map(async ({ id }) => {
            await unlessMissing(client.call('StopPodSandbox', { podSandboxId: id }))
            await unlessMissing(client.call('RemovePodSandbox', { podSandboxId: id }))
          }),
        )
        await removeNetwork({ client, clock, log, config })
        const { items: others } = await client.call('ListPodSandbox', {})
        if (others.length === 0) await removePauseImage(client)
        await rm(filesOf(node.directory), { recursive: true, force: true })
      } finally {
        client.close()
      }
    },
  }
}
