import { assert, test } from '@davit/core/testing'
import {
  cidr,
  configKey,
  dns1035Label,
  dnsLabel,
  dnsSubdomain,
  environmentName,
  ipAddress,
  isIPv4,
  isIPv6,
  labelValue,
  type NameCheck,
  pathSegment,
  portName,
  qualifiedName,
} from './names.js'

const long = (count: number) => 'x'.repeat(count)
const cases: [name: string, check: NameCheck, good: string[], bad: string[]][] = [
  ['label', dnsLabel, ['a', '1', 'a-b', long(63)], ['', 'A', '-a', 'a-', 'a.b', 'a_b', long(64)]],
  ['subdomain', dnsSubdomain, ['a', 'a.b-c.1', long(253)], ['', 'a..b', '.a', 'a.', 'A', 'a/b', long(254)]],
  ['1035 label', dns1035Label, ['a', 'a1', 'a-1'], ['1a', '', 'a.', 'A', long(64)]],
  ['path segment', pathSegment, ['system:node', 'A b', '...'], ['.', '..', 'a/b', 'a%b']],
  ['qualified', qualifiedName, ['a', 'A.b_c-1', 'x.io/Y', `${long(253)}/y`], ['', '/a', 'a/', 'a/b/c', 'X/y', '-a', long(64)]],
  ['label value', labelValue, ['', 'a', 'A.b_c', long(63)], ['-a', 'a b', 'ä', long(64)]],
  ['config key', configKey, ['a', '.a', 'A_b-c.d', '...a'.slice(2)], ['', '.', '..', '..a', 'a/b', 'a b', long(254)]],
  ['environment', environmentName, ['a', '1a', 'a.b c', '~'], ['', 'a=b', 'ä', '\t']],
  ['port', portName, ['http', 'a-1', '1a'], ['', 'HTTP', '1', 'a--b', '-a', 'a-', long(16)]],
  ['ip', ipAddress, ['1.2.3.4', '::1', 'fe80::1:2', '1:2:3:4:5:6:7:8'], ['', '1.2.3', '01.2.3.4', '256.1.1.1', ':::', '1:2:3']],
  ['cidr', cidr, ['10.0.0.0/8', '::/0', '0.0.0.0/0'], ['10.0.0.0', '10.0.0.0/33', '::/129', 'x/8', '10.0.0.0/08', '1.2.3.4/']],
]
for (const [name, check, good, bad] of cases) {
  for (const text of good) test(`${name}: "${text}" is good`, () => assert.is(check(text), undefined))
  for (const text of bad) test(`${name}: "${text}" is bad`, () => assert.type(check(text), 'string'))
}

test('what was found good stays good when asked again, and bad stays bad', () => {
  for (let round = 0; round < 2; round++) {
    assert.is(qualifiedName('again'), undefined)
    assert.is(labelValue('again'), undefined)
    assert.type(qualifiedName('-again'), 'string')
    assert.type(labelValue('-again'), 'string')
  }
})

test('the memory of good names is bounded', () => {
  for (let index = 0; index < 10_000; index++) {
    assert.is(qualifiedName(`k${index}`), undefined)
    assert.is(labelValue(`v${index}`), undefined)
  }
})

test('the sentences are those of Kubernetes', () => {
  assert.match(dnsLabel('A') ?? '', /^a lowercase RFC 1123 label must consist of/)
  assert.match(dnsSubdomain('A') ?? '', /^a lowercase RFC 1123 subdomain must consist of/)
  assert.match(dns1035Label('1') ?? '', /^a DNS-1035 label must consist of/)
  assert.is(dnsLabel(long(64)), 'must be no more than 63 characters')
  assert.is(labelValue(long(64)), 'must be no more than 63 characters')
})

test('IPv6 forms', () => {
  for (const good of ['::', '::ffff:1.2.3.4', '2001:db8::', 'a:b:c:d:e:f:1.2.3.4']) assert.ok(isIPv6(good), good)
  for (const bad of ['1.2.3.4', 'g::', '1::2::3', '12345::', '1:2:3:4:5:6:7:8:9', '::1.2.3']) assert.not.ok(isIPv6(bad), bad)
  assert.not.ok(isIPv4('::'))
})
