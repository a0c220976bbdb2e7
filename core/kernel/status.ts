import type { PluginStatus, TapInfo, TokenMap } from './contract.js'
import type { Instance } from './lifecycle.js'

/** What the API and the command line show of one plugin. */
export function statusOf(instance: Instance): PluginStatus {
  const { plugin, optional = false } = instance.entry
  return {
    id: instance.id,
    version: instance.version,
    stage: instance.stage,
    state: instance.state,
    reason: instance.reason,
    optional,
    setupMs: instance.setupMs,
    startMs: instance.startMs,
    requires: tokenIds({ ...plugin.optional, ...plugin.requires }),
    provides: tokenIds(plugin.provides ?? {}),
    taps: tapsOf(instance),
    supports: plugin.supports ?? {},
  }
}

function tokenIds(tokens: TokenMap): string[] {
  return Object.values(tokens)
    .map((token) => token.id)
    .sort()
}

function tapsOf(instance: Instance): (TapInfo & { readonly slot: string })[] {
  return [...instance.tapped].flatMap((slot) =>
    slot.taps.filter((tap) => tap.owner === instance.id).map((tap) => ({ ...tap, slot: slot.name })),
  )
}
