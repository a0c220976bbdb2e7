/** IPv4 ranges, and which of a node's addresses are in use. Pure. */

export interface Range {
  readonly first: number
  readonly bits: number
  readonly size: number
}

/** Throws for what is no IPv4 range with room for a Pod. */
export function parseRange(cidr: string): Range {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = (match ?? []).slice(1).map(Number)
  if (!match || [a, b, c, d].some((byte) => byte > 255) || bits < 8 || bits > 30) {
    throw new Error(`not a range of IPv4 addresses for Pods: ${cidr}`)
  }
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { first: address - (address % size), bits, size }
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}

/** The node's own address in its range: what its Pods' traffic goes through. */
export function gatewayOf({ first }: Range): string {
  return formatAddress(first + 1)
}

/** Eight digits. */
export function hexOf(address: string): string {
  return bytesOf(address).join('')
}

/** The address of a card follows from the Pod's: a neighbour that remembers the last owner is right. */
export function hardwareAddress(address: string): string {
  return ['02', 'da', ...bytesOf(address)].join(':')
}

/** undefined: not the eight digits of an address. */
export function addressOfHex(hex: string): string | undefined {
  return /^[0-9a-f]{8}$/.test(hex) ? formatAddress(Number.parseInt(hex, 16)) : undefined
}

function bytesOf(address: string): string[] {
  return address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))
}

export interface AddressPool {
  readonly size: number
  /** Free ones as far as is known, each at most once: a released address rests as long as there are others. */
  candidates(): Generator<string>
  use(address: string): void
  release(address: string): void
}

/** The range itself, the gateway and the broadcast address are nobody's. */
export function createPool({ first, size }: Range): AddressPool {
  const used = new Set<string>()
  const usable = size - 3
  let next = 0
  return {
    size: usable,
    *candidates() {
      for (let turn = 0; turn < usable; turn += 1) {
        const address = formatAddress(first + 2 + next)
        next = (next + 1) % usable
        if (!used.has(address)) yield address
      }
    },
    use: (address) => void used.add(address),
    release: (address) => void used.delete(address),
  }
}
