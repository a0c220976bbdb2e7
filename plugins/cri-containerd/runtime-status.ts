/** What the runtime says of itself beyond the interface: JSON for people, of which each runtime gives what it likes. */
import type { Client } from './client.js'

export interface RuntimeFacts {
  /** "" where Pods can be connected; else the runtime's reason why not. */
  readonly networkProblem: string
  /** The text of the network configuration that is in use; undefined: it does not say. */
  readonly cniConfig: string | undefined
  readonly cniDirectory: string | undefined
  readonly pluginDirectory: string | undefined
  readonly sandboxImage: string | undefined
}

export async function askRuntime(client: Client): Promise<RuntimeFacts> {
  const { status, info } = await client.call('Status', { verbose: true })
  const network = status?.conditions.find(({ type }) => type === 'NetworkReady')
  const config = parse(info.config)
  const cni = (config.cni ?? {}) as Record<string, unknown>
  return {
    networkProblem: network?.status === false ? network.message || network.reason : '',
    cniConfig: info.cniconfig,
    cniDirectory: text(cni.confDir),
    pluginDirectory: text(cni.binDir) ?? (Array.isArray(cni.binDirs) ? text(cni.binDirs[0]) : undefined),
    sandboxImage: text(config.sandboxImage) ?? text((config.pinnedImages as Record<string, unknown> | undefined)?.sandbox),
  }
}

function parse(json: string | undefined): Record<string, unknown> {
  try {
    return JSON.parse(json ?? '{}') as Record<string, unknown>
  } catch {
    return {}
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
