import { assert, test } from '@davit/core/testing'
import { contains, createAddresses, formatRange, gatewayOf, parseRange, type Range } from './addresses.js'

const range = (cidr: string): Range => {
  const parsed = parseRange(cidr)
  if (!parsed) throw new Error(cidr)
  return parsed
}

test('ranges are read and written, from their first address on', () => {
  for (const cidr of ['10.244.0.0/16', '192.168.255.128/25', '0.0.0.0/1', '10.1.2.4/30'])
    assert.is(formatRange(range(cidr)), cidr)
  assert.is(formatRange(range('10.244.7.9/24')), '10.244.7.0/24')
  assert.is(gatewayOf(range('10.244.0.0/16')), '10.244.0.1')
})

test('what is no range of IPv4 addresses is none', () => {
  for (const text of ['', '10.244.0.0', '10.244.0/24', '10.244.0.256/24', '10.0.0.0/31', '10.0.0.0/33', 'fd00::/64']) {
    assert.is(parseRange(text), undefined, text)
  }
})

test('a range lies in another or it does not', () => {
  const cluster = range('10.244.0.0/16')
  assert.is(contains(cluster, range('10.244.255.0/24')), true)
  assert.is(contains(cluster, cluster), true)
  assert.is(contains(cluster, range('10.245.0.0/24')), false)
  assert.is(contains(range('10.244.1.0/24'), cluster), false)
})

test('addresses are given in turn, without the first two and the last', () => {
  const addresses = createAddresses(range('10.0.0.0/29'))
  const taken = Array.from({ length: 5 }, (_, index) => addresses.take(`pod-${index}`))
  assert.equal(taken, ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6'])
  assert.is(addresses.take('one too many'), undefined)
  addresses.free('10.0.0.4', 'pod-2')
  addresses.free('10.0.0.2', 'pod-0')
  assert.is(addresses.take('later'), '10.0.0.2')
  assert.is(addresses.take('latest'), '10.0.0.4')
})

test('an address that was freed rests until the others had their turn', () => {
  const addresses = createAddresses(range('10.0.0.0/29'))
  const first = addresses.take('a')
  addresses.free(first, 'a')
  assert.is.not(addresses.take('b'), first)
})

test('an address in use is passed over, and only its owner frees it', () => {
  const addresses = createAddresses(range('10.0.0.0/29'))
  addresses.use('10.0.0.2', 'adopted')
  assert.is(addresses.take('a'), '10.0.0.3')
  addresses.free('10.0.0.2', 'somebody else')
  addresses.free(undefined, 'adopted')
  for (const owner of ['b', 'c', 'd']) assert.is.not(addresses.take(owner), '10.0.0.2')
  assert.is(addresses.take('e'), undefined)
  addresses.free('10.0.0.2', 'adopted')
  assert.is(addresses.take('e'), '10.0.0.2')
})
