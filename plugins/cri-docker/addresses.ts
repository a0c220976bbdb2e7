/** IPv4 ranges, and the addresses of one node out of its own. */

export interface Range {
  readonly first: number
  readonly size: number
}

/** undefined: not "a.b.c.d/n". */
export function parseRange(cidr: string): Range | undefined {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  if (!match) return undefined
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number)
  if ([a, b, c, d].some((byte) => byte > 255) || bits > 30) return undefined
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { first: address - (address % size), size }
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

export function formatRange({ first, size }: Range): string {
  return `${formatAddress(first)}/${32 - Math.log2(size)}`
}

export function contains(outer: Range, inner: Range): boolean {
  return inner.first >= outer.first && inner.first + inner.size <= outer.first + outer.size
}

/** The bridge's own. */
export function gatewayOf({ first }: Range): string {
  return formatAddress(first + 1)
}

export interface Addresses {
  /** The next free one, in turn, so that an address rests before it is used again; undefined: all are in use. */
  take(owner: string): string | undefined
  use(address: string, owner: string): void
  /** Only its owner's word counts: the address may be another's by now. */
  free(address: string | undefined, owner: string): void
}

/** The first two of a range and the last are nobody's: the network's, its gateway's and the broadcast address. */
export function createAddresses(range: Range): Addresses {
  const owners = new Map<string, string>()
  const usable = range.size - 3
  let next = 0
  return {
    take(owner) {
      for (let tried = 0; tried < usable; tried += 1) {
        const address = formatAddress(range.first + 2 + next)
        next = (next + 1) % usable
        if (owners.has(address)) continue
        owners.set(address, owner)
        return address
      }
      return undefined
    },
    use: (address, owner) => void owners.set(address, owner),
    free(address, owner) {
      if (address !== undefined && owners.get(address) === owner) owners.delete(address)
    },
  }
}
