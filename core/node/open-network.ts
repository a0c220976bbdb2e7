import type { Logger } from '../kernel/contract.js'
import type { NetworkContext, NetworkDriver, NodeContext, PodNetwork, RuntimeCapabilities } from './contract.js'

/** Of `nodes[].network`: the runtime connects Pods itself. */
const nobody = 'none'

export interface NetworkChoice {
  readonly config: { readonly network?: string }
  readonly log: Logger
  networks(): readonly NetworkDriver[]
}

/** One that is named must be usable; else the first by plugin id that is, if any. For runtimes whose sandboxes have one. */
export async function openNetwork(
  { config: { network: wanted }, log, networks }: NetworkChoice,
  { nodeName, directory, podCidr, clusterCidr = podCidr, signal }: NodeContext,
  { hollow, podNetwork }: Pick<RuntimeCapabilities, 'hollow' | 'podNetwork'>,
): Promise<PodNetwork | undefined> {
  if (hollow || !podNetwork || wanted === nobody) return undefined
  const node: NetworkContext = { nodeName, directory, podCidrs: [podCidr], clusterCidrs: [clusterCidr], signal }
  if (wanted !== undefined) {
    const driver = networks().find(({ id }) => id === wanted)
    if (!driver) throw new Error(`no plugin "${wanted}" provides a Pod network`)
    const verdict = await driver.probe()
    if (!verdict.usable) throw new Error(`the Pod network ${wanted} cannot be used: ${verdict.reason}`)
    return driver.open(node)
  }
  for (const driver of networks()) {
    const verdict = await driver.probe()
    if (verdict.usable) return driver.open(node)
    log.info({ node: nodeName }, `the Pod network ${driver.id} cannot be used here: ${verdict.reason}`)
  }
  return undefined
}
