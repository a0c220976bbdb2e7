/** Ways of this machine to addresses of Pods that are not the ways to the Pods: what another runtime left behind. */
import { readFile } from 'node:fs/promises'

export interface Route {
  readonly interface: string
  /** Of 32 bits. */
  readonly first: number
  readonly bits: number
}

/**
 * Rejects where a route of another interface than `own` decides over addresses of `podCidr` (IPv4): Pods would run and
 * nobody could reach them. `networkCidr`: what the runtime's own interface stands for, if that is more than the range of
 * the node; the kernel prefers what is narrower. For runtimes, when a node is opened.
 */
export async function refuseForeignRoutes(
  podCidr: string,
  own: readonly string[],
  networkCidr = podCidr,
  read = () => readFile('/proc/net/route', 'utf8'),
): Promise<void> {
  const [range, network] = [rangeOf(podCidr), rangeOf(networkCidr)]
  if (!range || !network) return
  // A machine without the file has none of these runtimes' networks either.
  const routes = parseRoutes(await read().catch(() => ''))
  const foreign = routes.find((route) => {
    return !own.includes(route.interface) && route.bits >= network.bits && overlap(route, range)
  })
  if (!foreign) return
  const name = foreign.interface
  throw new Error(
    `the network interface ${name} has a route to ${textOf(foreign)}, where this node's Pods have their addresses (${podCidr}): nobody would reach them. ` +
      `If nothing needs ${name} any more, remove it (ip link delete ${name}); otherwise give the node another range (podCidr)`,
  )
}

/** Of the text of /proc/net/route; the default route is none. */
export function parseRoutes(text: string): Route[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [name, destination, , , , , , mask] = line.split('\t')
      if (!name || !destination || !mask || /^0*$/.test(mask)) return []
      const bits = ones(wordOf(mask))
      return [{ interface: name, first: wordOf(destination), bits }]
    })
}

/** Hexadecimal, as the machine has its bytes: the last one first. */
function wordOf(text: string): number {
  return Buffer.from(text, 'hex').readUInt32LE(0)
}

function ones(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length
}

function rangeOf(cidr: string): Omit<Route, 'interface'> | undefined {
  const [, a, b, c, d, bits] = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr) ?? []
  if (bits === undefined) return undefined
  const first = [a, b, c, d].reduce((sum, byte) => sum * 256 + Number(byte), 0)
  return { first, bits: Number(bits) }
}

function overlap(one: Omit<Route, 'interface'>, other: Omit<Route, 'interface'>): boolean {
  const size = 2 ** (32 - Math.min(one.bits, other.bits))
  return Math.floor(one.first / size) === Math.floor(other.first / size)
}

function textOf({ first, bits }: Route): string {
  return `${[24, 16, 8, 0].map((shift) => (first >>> shift) & 255).join('.')}/${bits}`
}
