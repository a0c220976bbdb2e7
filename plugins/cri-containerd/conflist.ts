/** The Pod network as CNI plugins read it. Pure. */
import { createHash } from 'node:crypto'

/** The first by name is the one that the runtime uses. */
export const conflistFile = '10-davit.conflist'
export const neededPlugins = ['bridge', 'host-local', 'portmap', 'loopback'] as const

export interface NetworkNames {
  /** Of the network, and of the folder in which host-local keeps the addresses that are in use. */
  readonly network: string
  /** At most 15 characters. */
  readonly bridge: string
  /** Of our chains of rules. */
  readonly chain: string
}

/** Two runtimes of one machine have different ranges, so what belongs to a range is named after it. */
export function namesOf(podCidr: string): NetworkNames {
  const hash = createHash('sha256').update(podCidr).digest('hex').slice(0, 8)
  return { network: `davit-cri-${hash}`, bridge: `davitc-${hash}`, chain: `DAVIT-CRI-${hash.toUpperCase()}` }
}

/**
 * Without the bridge plugin's own masquerading: its four calls of iptables for each Pod are two rules for the whole node
 * (see masquerade.ts).
 */
export function conflistOf(podCidr: string): string {
  const { network, bridge } = namesOf(podCidr)
  const plugins = [
    {
      type: 'bridge',
      bridge,
      isGateway: true,
      // A Pod reaches itself through a service.
      hairpinMode: true,
      ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ]
  return `${JSON.stringify({ cniVersion: '0.4.0', name: network, plugins }, undefined, 2)}\n`
}

/** The range of a configuration that this plugin wrote; undefined: it is somebody else's. */
export function rangeOf(conflist: string): string | undefined {
  try {
    const { name, plugins } = JSON.parse(conflist) as {
      name?: string
      plugins?: readonly { ipam?: { ranges?: readonly (readonly { subnet?: string }[])[] } }[]
    }
    const subnet = plugins?.[0]?.ipam?.ranges?.[0]?.[0]?.subnet
    return subnet !== undefined && name === namesOf(subnet).network ? subnet : undefined
  } catch {
    return undefined
  }
}
