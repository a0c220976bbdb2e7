import type { Clock, Random } from '@davit/core/kernel'
import type { NodeContext, Runtime, RuntimeCapabilities, RuntimeDriver } from '@davit/core/node'
import type { HollowConfig } from './config.js'
import { createHollowRuntime, type HollowRuntime } from './runtime.js'

export const supports: RuntimeCapabilities = {
  images: true,
  podNetwork: true,
  exec: true,
  attach: true,
  portForward: true,
  logs: true,
  resourceLimits: false,
  mounts: false,
  users: false,
  capabilities: false,
  readOnlyRootFilesystem: false,
  seccomp: false,
  mountPropagation: false,
  stats: true,
  adoption: false,
  hollow: true,
}

export interface HollowServices {
  readonly clock: Clock
  readonly random: Random
  readonly config: HollowConfig
}

/**
 * A driver whose containers are entries in a map. They live as long as the driver: a node that is opened again in the
 * same process finds them running, after a restart of the process there are none.
 */
export function createHollowDriver(services: HollowServices): RuntimeDriver {
  const nodes = new Map<string, HollowRuntime>()
  return {
    id: 'cri-hollow',
    supports,
    probe: async () => ({ usable: true, version: '0.1.0' }),
    async open(node: NodeContext): Promise<Runtime> {
      const runtime = nodes.get(node.nodeName) ?? createHollowRuntime(services, node)
      nodes.set(node.nodeName, runtime)
      return runtime
    },
    async purge({ nodeName }) {
      const runtime = nodes.get(nodeName)
      for (const sandbox of (await runtime?.listSandboxes()) ?? []) await runtime?.removeSandbox(sandbox.id)
      nodes.delete(nodeName)
    },
  }
}
