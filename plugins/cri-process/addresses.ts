/** IPv4 ranges, and the addresses of one node out of its own. */
import { RuntimeError } from '@davit/core/node'

export interface Range {
  readonly first: number
  readonly bits: number
  readonly size: number
}

export function parseRange(cidr: string): Range {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(cidr)
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = (match ?? []).slice(1).map(Number)
  if (!match || [a, b, c, d].some((byte) => byte > 255) || bits < 8 || bits > 30) {
    throw new Error(`not a range of addresses for Pods: ${cidr}`)
  }
  const size = 2 ** (32 - bits)
  const address = ((a * 256 + b) * 256 + c) * 256 + d
  return { first: address - (address % size), bits, size }
}

export function addressText(address: number): string {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255].join('.')
}

/** The node's own address in its range: what its Pods' traffic goes through. */
export function gatewayOf({ first }: Range): string {
  return addressText(first + 1)
}

export interface AddressPool {
  /** The next free one: a released address rests as long as there are others. */
  take(): string
  /** For addresses of a former life. */
  claim(address: string): void
  release(address: string): void
}

export function createPool({ first, size }: Range): AddressPool {
  const taken = new Set<string>()
  // The range itself, the gateway and the broadcast address are nobody's.
  const usable = size - 3
  let next = 0
  return {
    take() {
      for (let turn = 0; turn < usable; turn += 1) {
        const address = addressText(first + 2 + ((next + turn) % usable))
        if (taken.has(address)) continue
        next = (next + turn + 1) % usable
        taken.add(address)
        return address
      }
      throw new RuntimeError('FailedCreatePodSandBox', `all ${usable} addresses of the node are in use`)
    },
    claim: (address) => void taken.add(address),
    release: (address) => void taken.delete(address),
  }
}
