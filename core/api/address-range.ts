/** IPv4 ranges as numbers. */
import { isIPv4 } from 'node:net'
import { DavitError } from '../kernel/contract.js'

export interface AddressRange {
  readonly text: string
  /** Addresses that may be given out: neither the network's own nor the broadcast address. */
  readonly size: number
  /** 0 is the first address that may be given out. */
  address(index: number): string
  /** Undefined for what is outside. */
  index(address: string): number | undefined
}

/** `name`: of the setting that it comes from. */
export function parseRange(text: string, name = 'serviceCidr'): AddressRange {
  const [base = '', bits = ''] = text.split('/')
  const length = Number(bits)
  if (!isIPv4(base) || !/^\d+$/.test(bits) || length < 8 || length > 30) {
    throw new DavitError('DAVIT_CONFIG_INVALID', `${name}: "${text}" is no IPv4 range with a prefix of 8 to 30 bits`)
  }
  const count = 2 ** (32 - length)
  const network = Math.floor(toNumber(base) / count) * count
  const size = count - 2
  return {
    text: `${toText(network)}/${length}`,
    size,
    address: (index) => toText(network + 1 + index),
    index(address) {
      if (!isIPv4(address)) return undefined
      const index = toNumber(address) - network - 1
      return index >= 0 && index < size ? index : undefined
    },
  }
}

const toNumber = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
const toText = (value: number): string => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
