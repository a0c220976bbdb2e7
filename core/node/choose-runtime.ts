import type { Bag, Logger } from '../kernel/contract.js'
import { DavitError } from '../kernel/contract.js'
import type { NodeConfig } from './config.js'
import type { RuntimeDriver } from './contract.js'

/** A node whose runtime is decided. */
export type DecidedNode = Omit<NodeConfig, 'runtime'> & { readonly runtime: string }

/**
 * One named runtime is taken as it is: the agent waits for it. Of several the first that is usable now is taken; the
 * others, with their reasons, are logged.
 */
export async function chooseRuntimes(
  nodes: readonly NodeConfig[],
  runtimes: Bag<RuntimeDriver>,
  log: Logger,
): Promise<DecidedNode[]> {
  const probes = new Map<string, ReturnType<RuntimeDriver['probe']>>()
  const probe = (driver: RuntimeDriver) => {
    const running = probes.get(driver.id) ?? driver.probe()
    probes.set(driver.id, running)
    return running
  }
  const decided: DecidedNode[] = []
  for (const node of nodes) {
    const wanted = typeof node.runtime === 'string' ? [node.runtime] : node.runtime
    decided.push({
      ...node,
      runtime: wanted.length === 1 ? (wanted[0] ?? '') : await firstUsable(node.name, wanted, runtimes, probe, log),
    })
  }
  return decided
}

async function firstUsable(
  node: string,
  wanted: readonly string[],
  runtimes: Bag<RuntimeDriver>,
  probe: (driver: RuntimeDriver) => ReturnType<RuntimeDriver['probe']>,
  log: Logger,
): Promise<string> {
  const reasons: string[] = []
  for (const id of wanted) {
    const driver = runtimes.all().find((candidate) => candidate.id === id)
    const verdict = driver ? await probe(driver) : { usable: false as const, reason: 'there is no such runtime plugin' }
    if (verdict.usable) {
      if (reasons.length > 0) log.warn({ node }, `running containers with ${id}, because ${reasons.join('; ')}`)
      return id
    }
    reasons.push(`${id}: ${verdict.reason}`)
  }
  throw new DavitError('DAVIT_RUNTIME_UNUSABLE', `node "${node}" has no usable container runtime (${reasons.join('; ')})`)
}
