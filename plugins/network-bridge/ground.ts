/** What the sandboxes of a node share: the bridge and its rules. Made for the first of them, and anew where it is gone. */
import type { Logger } from '@davit/core/kernel'
import { refuseForeignRoutes } from '@davit/core/node'
import type { Range } from './addresses.js'
import { makeBridge } from './bridge.js'
import type { BridgeConfig } from './config.js'
import { changeRules } from './firewall.js'
import { isLink, rejoin } from './links.js'
import type { Names } from './names.js'
import { baseRules } from './rules.js'

export interface GroundParts {
  readonly names: Names
  readonly range: Range
  readonly podCidr: string
  readonly clusterCidr: string
  readonly config: BridgeConfig
  /** The machine has iptables. */
  readonly firewall: boolean
  readonly log: Logger
  /** The addresses of the sandboxes that are connected. */
  addresses(): readonly string[]
}

/** Idempotent; once made, it costs a look. */
export function createGround(parts: GroundParts): () => Promise<void> {
  const { names, range, podCidr, config, firewall, log, addresses } = parts
  let made: Promise<void> | undefined

  const make = async (): Promise<void> => {
    await refuseForeignRoutes(podCidr, [names.bridge])
    await makeBridge(names.bridge, range, config.mtu)
    if (firewall) await changeRules((saved) => baseRules(saved, { ...parts, masquerade: config.masquerade }))
    else log.warn({}, 'Pods do not reach what lies outside the cluster: this machine has no iptables')
    await rejoin(addresses(), names.bridge)
  }
  return async () => {
    const earlier = made
    if (earlier) {
      await earlier
      if (await isLink(names.bridge)) return
      // Somebody removed it. Of all who see that, one makes it anew.
      if (made === earlier) made = undefined
    }
    made ??= make().catch((error: unknown) => {
      made = undefined
      throw error
    })
    await made
  }
}
