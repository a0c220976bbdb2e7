import type { Clock, Random } from '@davit/core/kernel'
import type { RuntimeCapabilities, RuntimeDriver } from '@davit/core/node'
import { createRuntime, type EchoRuntime } from './runtime.js'

/** What it cannot do, the agent does not ask of it, and says so to the user. */
export const supports: RuntimeCapabilities = {
  ...{ images: false, podNetwork: false, exec: false, attach: false, portForward: false, logs: true },
  ...{
    resourceLimits: false,
    mounts: false,
    users: false,
    capabilities: false,
    readOnlyRootFilesystem: false,
    seccomp: false,
    mountPropagation: false,
  },
  ...{ stats: false, adoption: false, hollow: true },
}

/** A driver serves all nodes of a process; what it opens for one never sees what it made for another. */
export function createDriver(clock: Clock, random: Random): RuntimeDriver {
  const nodes = new Map<string, EchoRuntime>()
  return {
    id: 'runtime-echo',
    supports,
    // It runs anywhere. A real runtime looks for its socket here, and says what it misses.
    probe: async () => ({ usable: true, version: '0.1.0' }),
    async open({ nodeName }) {
      const runtime = nodes.get(nodeName) ?? createRuntime(clock, random)
      nodes.set(nodeName, runtime)
      return runtime
    },
    async purge({ nodeName }) {
      await nodes.get(nodeName)?.clear()
      nodes.delete(nodeName)
    },
  }
}
