import type { PortMapping } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { createPool, hardwareAddress, parseRange } from './addresses.js'
import { addressOfLink, linkOf, namesOf, ownerOf, parseTag, tagOf } from './names.js'
import { createOnce } from './once.js'
import { baseRules, portOwners, portRemoval, portRules, removalRules, takenPort } from './rules.js'
import { createTurns } from './turns.js'

const podCidr = '10.244.3.0/24'
const names = namesOf(podCidr)
const facts = { names, podCidr, clusterCidr: '10.244.0.0/16', masquerade: true }
const one = { owner: '0123456789abcdef', id: 'one' }
const two = { owner: 'fedcba9876543210', id: 'two' }

function mapping(hostPort: number, more: Partial<PortMapping> = {}): PortMapping {
  return { containerPort: 80, hostPort, hostIp: '', protocol: 'TCP', ...more }
}
/** As iptables-save prints what was restored. */
function saved(...restored: string[]): string {
  return restored
    .join('\n')
    .split('\n')
    .map((line) => line.replace(/"(davit:[^"]+)"/, '$1'))
    .join('\n')
}

test('names belong to a range, and fit where they go', () => {
  assert.equal(namesOf(podCidr), names)
  assert.is.not(namesOf('10.244.4.0/24').bridge, names.bridge)
  assert.ok(names.bridge.length <= 15 && linkOf('255.255.255.255').length <= 15, 'the kernel allows 15 characters')
  for (const chain of [names.masquerade, names.ports, names.forward]) assert.ok(chain.length <= 28, 'iptables allows 28')
})

test('a link says its address, and its alias whose it is', () => {
  assert.is(addressOfLink(linkOf('10.244.3.17')), '10.244.3.17')
  for (const other of ['davit-vxyz', 'davit-d0af40311', 'eth0', 'davit-v']) assert.is(addressOfLink(other), undefined)
  assert.equal(parseTag(tagOf(one.owner, 'a-B-3')), { owner: one.owner, id: 'a-B-3' })
  for (const other of ['', 'davit:1:x', `davit:${one.owner}:`, `davit:${one.owner}:a b`, `other:${one.owner}:x`])
    assert.is(parseTag(other), undefined)
  const owner = ownerOf({ nodeName: 'a', directory: '/data/nodes/a' })
  assert.is(ownerOf({ nodeName: 'a', directory: '/data/./nodes/a/' }), owner)
  assert.is.not(ownerOf({ nodeName: 'b', directory: '/data/nodes/a' }), owner)
  assert.is.not(ownerOf({ nodeName: 'a', directory: '/other/nodes/a' }), owner)
})

test('ranges are read strictly, and addresses rest before they are given again', () => {
  for (const wrong of ['', '10.0.0.0', '10.0.0.0/31', '10.0.0.256/24', 'fd00::/64', '10.0.0.0/7', ' 10.0.0.0/24'])
    assert.throws(() => parseRange(wrong), /not a range/)
  assert.equal(parseRange('10.1.2.77/24'), parseRange('10.1.2.0/24'))
  assert.is(hardwareAddress('10.244.0.17'), '02:da:0a:f4:00:11')
  const pool = createPool(parseRange('10.1.2.0/29'))
  const take = (): string | undefined => {
    const [address] = pool.candidates()
    if (address !== undefined) pool.use(address)
    return address
  }
  assert.equal([take(), take(), take()], ['10.1.2.2', '10.1.2.3', '10.1.2.4'])
  pool.release('10.1.2.2')
  assert.equal([take(), take(), take(), take()], ['10.1.2.5', '10.1.2.6', '10.1.2.2', undefined])
})

test('what is there already is not entered twice, and what stays in the cluster keeps its address', () => {
  const first = baseRules('', facts)
  assert.match(first, `-A ${names.masquerade} -s ${podCidr} ! -d 10.244.0.0/16 -j MASQUERADE`)
  const jumps = (text: string) => text.split('\n').filter((line) => /^-A (POSTROUTING|PREROUTING|OUTPUT|FORWARD) /.test(line))
  assert.is(jumps(first).length, 4)
  const again = baseRules(first, facts)
  assert.equal(jumps(again), [])
  assert.not.match(again, `:${names.ports}`, 'a chain that is declared is emptied')
  assert.not.match(baseRules('', { ...facts, masquerade: false }), `-s ${podCidr}`)
})

test('a host port leads to its Pod, from itself too, and outlives the base rules that are made again', () => {
  const rules = portRules(names, one, '10.244.3.2', [mapping(8080), mapping(53, { protocol: 'UDP', hostIp: '127.0.0.1' })])
  assert.match(rules, `-A ${names.ports} -p tcp -m tcp --dport 8080`)
  assert.match(rules, `-A ${names.ports} -d 127.0.0.1/32 -p udp -m udp --dport 53`)
  assert.match(rules, '-j DNAT --to-destination 10.244.3.2:80')
  assert.match(rules, `-A ${names.masquerade} -s 10.244.3.2/32 -d 10.244.3.2/32`)
  const present = saved(baseRules('', facts), rules)
  assert.equal(portOwners(present, names), [one, one])
  assert.match(baseRules(present, facts), '-s 10.244.3.2/32 -d 10.244.3.2/32')
  const removal = portRemoval(present, names, ({ id }) => id === 'one')
  assert.is(removal.split('\n').filter((line) => line.startsWith('-D ')).length, 3)
  assert.is(
    portRemoval(present, names, ({ id }) => id === 'two'),
    '',
  )
})

test('a port is taken by another sandbox of any node, at the same protocol and address', () => {
  const present = saved(
    portRules(namesOf('10.244.9.0/24'), one, '10.244.9.2', [mapping(80, { hostIp: '127.0.0.1' }), mapping(81)]),
  )
  const taken = (wanted: PortMapping, who = two) => takenPort(present, who, [wanted])?.hostPort
  assert.is(taken(mapping(80)), 80)
  assert.is(taken(mapping(80, { hostIp: '127.0.0.1' })), 80)
  assert.is(taken(mapping(80, { hostIp: '127.0.0.2' })), undefined)
  assert.is(taken(mapping(81, { hostIp: '127.0.0.2' })), 81)
  assert.is(taken(mapping(81, { protocol: 'UDP' })), undefined)
  assert.is(taken(mapping(8)), undefined)
  assert.is(taken(mapping(80), one), undefined, 'its own is its own')
})

test('removal takes away what is there, and nothing of another range', () => {
  const other = namesOf('10.244.4.0/24')
  const present = saved(baseRules('', facts), baseRules('', { ...facts, names: other, podCidr: '10.244.4.0/24' }))
  const removal = removalRules(present, names)
  assert.is(removal.split('\n').filter((line) => line.startsWith('-D ')).length, 4)
  for (const chain of [names.masquerade, names.ports, names.forward]) assert.match(removal, `-X ${chain}`)
  for (const chain of [other.masquerade, other.ports, other.forward]) assert.not.match(removal, chain)
  assert.is(removalRules('', names), '')
})

test('what is done once is done anew after it failed, and by one of all who ask', async () => {
  let tries = 0
  const load = createOnce(async () => {
    tries += 1
    if (tries === 1) throw new Error('the first fails')
  })
  await assert.rejects(load())
  await Promise.all([load(), load()])
  await load()
  assert.is(tries, 2)
})

test('turns of one thing follow each other whatever becomes of them; those of others do not wait', async () => {
  const turns = createTurns()
  const order: string[] = []
  let finish = (): void => {}
  const first = turns.run('a', async () => {
    await new Promise<void>((resolve) => (finish = resolve))
    order.push('first')
    throw new Error('first fails')
  })
  const second = turns.run('a', async () => order.push('second'))
  await turns.run('b', async () => order.push('other'))
  finish()
  await assert.rejects(first)
  await second
  assert.equal(order, ['other', 'first', 'second'])
})
