/** Which node has which range of Pod addresses. A range is known by its place in the cluster's. No I/O. */
import { isIPv4 } from 'node:net'
import { DavitError } from '@davit/core/kernel'

export interface RangeOptions {
  readonly clusterCidr: string
  readonly nodeMask: number
}
interface Block {
  /** As a number, both ends included. */
  readonly first: number
  readonly last: number
}

export class Ranges {
  readonly #network: number
  readonly #count: number
  readonly #mask: number
  /** Who has the range of a place. Ranges of other sizes may take several. */
  readonly #owners = new Map<number, string>()
  readonly #places = new Map<string, readonly number[]>()
  /** Where the search for a free one begins, so that a range rests before it is given out again. */
  #next = 0

  constructor(network: number, count: number, mask: number) {
    this.#network = network
    this.#count = count
    this.#mask = mask
  }

  /** Places that nobody has. */
  get free(): number {
    return this.#count - this.#owners.size
  }

  /** The node has this range, whoever gave it. A place that another node has already stays that one's. Idempotent. */
  occupy(node: string, cidr: string): void {
    const block = blockOf(cidr)
    if (!block) return
    const size = 2 ** (32 - this.#mask)
    const first = Math.max(0, Math.floor((block.first - this.#network) / size))
    const last = Math.min(this.#count - 1, Math.floor((block.last - this.#network) / size))
    const places = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index)
    this.release(node)
    const taken = places.filter((place) => !this.#owners.has(place))
    for (const place of taken) this.#owners.set(place, node)
    if (taken.length > 0) this.#places.set(node, taken)
  }

  /** A free range; undefined where there is none. */
  allocate(node: string): string | undefined {
    for (let tried = 0; tried < this.#count; tried += 1) {
      const place = (this.#next + tried) % this.#count
      if (this.#owners.has(place)) continue
      this.#next = (place + 1) % this.#count
      this.#owners.set(place, node)
      this.#places.set(node, [place])
      return `${toText(this.#network + place * 2 ** (32 - this.#mask))}/${this.#mask}`
    }
    return undefined
  }

  /** True where the node had one. */
  release(node: string): boolean {
    const places = this.#places.get(node)
    for (const place of places ?? []) this.#owners.delete(place)
    return this.#places.delete(node)
  }
}

export function rangesOf({ clusterCidr, nodeMask }: RangeOptions): Ranges {
  const block = blockOf(clusterCidr)
  const bits = Number(clusterCidr.split('/')[1])
  if (!block || nodeMask < bits) {
    const fault = block ? `a range of ${nodeMask} bits does not fit into it` : 'it is no IPv4 range'
    throw new DavitError('DAVIT_CONFIG_INVALID', `controller-node: clusterCidr "${clusterCidr}": ${fault}`)
  }
  return new Ranges(block.first, 2 ** (nodeMask - bits), nodeMask)
}

function blockOf(cidr: string): Block | undefined {
  const [address = '', bits = ''] = cidr.split('/')
  const mask = Number(bits)
  if (!isIPv4(address) || !/^\d+$/.test(bits) || mask > 32) return undefined
  const size = 2 ** (32 - mask)
  const first = Math.floor(toNumber(address) / size) * size
  return { first, last: first + size - 1 }
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
