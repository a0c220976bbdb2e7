/** Addresses that mean something else on each machine, or no machine at all. */
import { BlockList, isIPv6 } from 'node:net'
import type { FieldError } from '../contract.js'
import { invalid } from '../field-error.js'

const ranges: readonly (readonly [text: string, v4: string, bits4: number, v6: string, bits6: number])[] = [
  ['may not be unspecified (0.0.0.0 or ::)', '0.0.0.0', 32, '::', 128],
  ['may not be in the loopback range (127.0.0.0/8, ::1/128)', '127.0.0.0', 8, '::1', 128],
  ['may not be in the link-local range (169.254.0.0/16, fe80::/10)', '169.254.0.0', 16, 'fe80::', 10],
  ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', '224.0.0.0', 24, 'ff02::', 16],
]
const lists = ranges.map(([text, v4, bits4, v6, bits6]) => {
  const list = new BlockList()
  list.addSubnet(v4, bits4, 'ipv4')
  list.addSubnet(v6, bits6, 'ipv6')
  return { text, list }
})

/** `address` is a valid one. */
export function checkNotSpecial(errors: FieldError[], path: string, address: string): void {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4'
  for (const { text, list } of lists) if (list.check(address, family)) errors.push(invalid(path, address, text))
}

/** Whether `inner` lies in `outer` and is smaller; both are valid ranges. */
export function isStrictSubset(inner: string, outer: string): boolean {
  const [innerBase = '', innerBits] = inner.split('/')
  const [outerBase = '', outerBits] = outer.split('/')
  const family = isIPv6(outerBase) ? 'ipv6' : 'ipv4'
  if (isIPv6(innerBase) !== (family === 'ipv6') || Number(innerBits) <= Number(outerBits)) return false
  const list = new BlockList()
  list.addSubnet(outerBase, Number(outerBits), family)
  return list.check(innerBase, family)
}
