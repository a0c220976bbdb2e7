import type { Bag, Logger } from '../kernel/contract.js'
import { DavitError } from '../kernel/contract.js'
import type { AgentConfig, NodeConfig } from './config.js'
import type { RuntimeDriver } from './contract.js'
import { noteRuntime, usedRuntimes } from './used-runtimes.js'

/** A node whose runtime is decided. */
export type DecidedNode = Omit<NodeConfig, 'runtime'> & { readonly runtime: string }
type Probe = (driver: RuntimeDriver) => ReturnType<RuntimeDriver['probe']>

/**
 * One named runtime is taken as it is: the agent waits for it. Of several, the one in which a former life of the node may
 * have left containers, usable or not: another would run every Pod a second time. A new node takes the first that is
 * usable now; the others, with their reasons, are logged.
 */
export async function chooseRuntimes(
  { nodes, dataDirectory }: Pick<AgentConfig, 'nodes' | 'dataDirectory'>,
  runtimes: Bag<RuntimeDriver>,
  log: Logger,
): Promise<DecidedNode[]> {
  const probes = new Map<string, ReturnType<RuntimeDriver['probe']>>()
  const probe: Probe = (driver) => {
    const running = probes.get(driver.id) ?? driver.probe()
    probes.set(driver.id, running)
    return running
  }
  const driverOf = (id: string) => runtimes.all().find((candidate) => candidate.id === id)
  const decided: DecidedNode[] = []
  for (const node of nodes) {
    const wanted = typeof node.runtime === 'string' ? [node.runtime] : node.runtime
    const runtime = wanted.length === 1 ? (wanted[0] ?? '') : await choose(node.name, wanted, dataDirectory, driverOf, probe, log)
    // Simulated containers end with the process: nothing of them is found again.
    if (driverOf(runtime)?.supports.hollow === false) await note(dataDirectory, node.name, runtime, log)
    decided.push({ ...node, runtime })
  }
  return decided
}

async function choose(
  node: string,
  wanted: readonly string[],
  dataDirectory: string,
  driverOf: (id: string) => RuntimeDriver | undefined,
  probe: Probe,
  log: Logger,
): Promise<string> {
  const former = (await usedRuntimes(dataDirectory, node)).filter((id) => wanted.includes(id)).at(-1)
  const verdictOf = async (id: string) => {
    const driver = driverOf(id)
    return driver ? probe(driver) : { usable: false as const, reason: 'there is no such runtime plugin' }
  }
  if (former !== undefined) {
    const verdict = await verdictOf(former)
    if (!verdict.usable) {
      log.warn(
        { node },
        `the containers of node ${node} run in ${former}, which cannot be used now (${verdict.reason}): the node is not ready until it can be. To change the runtime, remove them first with \`davit down\`, or name another with --runtime`,
      )
    }
    return former
  }
  const reasons: string[] = []
  for (const id of wanted) {
    const verdict = await verdictOf(id)
    if (verdict.usable) {
      if (reasons.length > 0) log.warn({ node }, `running containers with ${id}, because ${reasons.join('; ')}`)
      return id
    }
    reasons.push(`${id}: ${verdict.reason}`)
  }
  throw new DavitError('DAVIT_RUNTIME_UNUSABLE', `node "${node}" has no usable container runtime (${reasons.join('; ')})`)
}

/** The agent says itself what is wrong with a directory that it cannot use. */
async function note(dataDirectory: string, node: string, runtime: string, log: Logger): Promise<void> {
  try {
    await noteRuntime(dataDirectory, node, runtime)
  } catch (error) {
    log.warn({ node }, `cannot note that node ${node} uses ${runtime}: ${(error as Error).message}`)
  }
}
