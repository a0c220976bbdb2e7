import { release } from 'node:os'
import type { NodeContext, RuntimeDriver } from '@davit/core/node'
import { onPath, readMachine } from './machine.js'
import { purge } from './purge.js'
import { openRuntime } from './runtime.js'
import type { Services } from './state.js'

/** What a machine must have even where Davit has no privileges. */
const needed = ['dd', 'env', 'mkfifo', 'mv', 'rm', 'wc', 'cat']

export interface DriverServices extends Omit<Services, 'machine'> {
  /** Default: what this machine allows. */
  readonly machine?: Services['machine']
}

export function createProcessDriver({ machine = readMachine(), ...services }: DriverServices): RuntimeDriver {
  return {
    id: 'cri-process',
    supports: machine.supports,
    async probe() {
      if (process.platform !== 'linux')
        return { usable: false, reason: `processes of ${process.platform} are not supported, only of Linux` }
      const lacking = needed.filter((name) => onPath(name) === undefined)
      if (lacking.length > 0) return { usable: false, reason: `missing on the path: ${lacking.join(', ')}` }
      return { usable: true, version: release() }
    },
    open: (node: NodeContext) => openRuntime({ ...services, machine }, node),
    purge: (node: NodeContext) => purge({ ...services, machine }, node),
  }
}
