/** What a node and its containers have used, read when somebody asks. */
import { cpus, freemem, totalmem } from 'node:os'
import type { ContainerUsage, NodeUsage, Usage } from '../api/contract.js'
import type { Clock } from '../kernel/contract.js'
import type { Container, Runtime } from './contract.js'
import type { PodWorker } from './pod-worker.js'

export interface UsageContext {
  readonly runtime: Pick<Runtime, 'usage'>
  readonly hollow: boolean
  readonly clock: Clock
  workers(): Iterable<Pick<PodWorker, 'current' | 'containers'>>
}

export async function nodeUsage(context: UsageContext): Promise<NodeUsage> {
  const { hollow, clock, workers } = context
  const at = clock.now()
  const asked = [...workers()].map(async ({ current, containers }) => {
    const { namespace = '', name, uid = '' } = current.metadata
    const running = containers.filter(({ state }) => state === 'running')
    const used = await Promise.all(running.map((container) => containerUsage(context, container)))
    return { namespace, name, uid, containers: used.filter((one) => one !== undefined) }
  })
  const pods = (await Promise.all(asked)).filter(({ containers }) => containers.length > 0)
  return { at, ...(hollow ? {} : { node: machineUsage(at) }), pods }
}

async function containerUsage({ runtime, clock }: UsageContext, container: Container): Promise<ContainerUsage | undefined> {
  const { name, id, startedAt } = container
  const used = await runtime.usage(id)
  return used && { ...used, name, id, startedAt, at: clock.now() }
}

/** All that is not idle counts, whoever it runs for. */
function machineUsage(at: number): Usage {
  const milliseconds = cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0)
  return { at, cpuNanoseconds: milliseconds * 1_000_000, memoryBytes: totalmem() - freemem() }
}
