/** The addresses of one node, handed out in turn: one that was just given back comes last. */
export interface AddressPool {
  /** undefined: all are taken. */
  take(): string | undefined
  give(address: string): void
}

/** Without the network's own address, the gateway's (the first) and the broadcast address. */
export function createAddressPool(cidr: string): AddressPool {
  const [base = '', bits = ''] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const network = Math.floor(toNumber(base) / size) * size
  const [first, last] = [network + 2, network + size - 2]
  const taken = new Set<number>()
  let next = first
  return {
    take() {
      if (taken.size >= last - first + 1) return undefined
      while (taken.has(next)) next = next >= last ? first : next + 1
      const address = next
      taken.add(address)
      next = next >= last ? first : next + 1
      return toText(address)
    },
    give: (address) => void taken.delete(toNumber(address)),
  }
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.')
}
