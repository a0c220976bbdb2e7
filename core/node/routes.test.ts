import { assert, test } from '../testing/contract.js'
import { parseRoutes, refuseForeignRoutes } from './routes.js'

type Row = readonly [name: string, destination: string, mask: string]
/** As /proc/net/route has it. */
const table = (...rows: readonly Row[]) =>
  ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT']
    .concat(
      rows.map(([name, to, mask]) => `${name}\t${to}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0`),
      '',
    )
    .join('\n')
const normal: Row = ['eth0', '00000000', '00000000']
const own: Row = ['davit-p1', '0001F40A', '00FFFFFF']
const wide: Row = ['davit-c0ffee', '0000F40A', '0000FFFF']

const refusal = (podCidr: string, networkCidr: string, ...rows: readonly Row[]) =>
  refuseForeignRoutes(podCidr, ['davit-p1'], networkCidr, async () => table(...rows)).then(
    () => '',
    (error: Error) => error.message,
  )

test('routes are read; the way to everywhere is none', () => {
  assert.equal(parseRoutes(table(normal, own, wide)), [
    { interface: 'davit-p1', first: 0x0af40100, bits: 24 },
    { interface: 'davit-c0ffee', first: 0x0af40000, bits: 16 },
  ])
  assert.equal(parseRoutes(''), [])
})

test('another interface with the same range is refused, by its name and with what to do', async () => {
  const message = await refusal('10.244.1.0/24', '10.244.1.0/24', normal, own, ['davitc-1', '0001F40A', '00FFFFFF'])
  assert.is(
    message,
    "the network interface davitc-1 has a route to 10.244.1.0/24, where this node's Pods have their addresses (10.244.1.0/24): " +
      'nobody would reach them. If nothing needs davitc-1 any more, remove it (ip link delete davitc-1); otherwise give the ' +
      'node another range (podCidr)',
  )
})

for (const [name, podCidr, networkCidr, rows, refused] of [
  ['nothing but its own', '10.244.1.0/24', '10.244.1.0/24', [normal, own], false],
  ['one of a single address in it', '10.244.1.0/24', '10.244.1.0/24', [['cali1', '0701F40A', 'FFFFFFFF']], true],
  ['a wider one, which its own goes before', '10.244.1.0/24', '10.244.1.0/24', [wide, own], false],
  ['as wide a one as its network', '10.244.1.0/24', '10.244.0.0/16', [wide], true],
  ['a narrower one that has some of its Pods', '10.244.1.0/24', '10.244.0.0/16', [['davitc-1', '0001F40A', '00FFFFFF']], true],
  ['one for another node of its network', '10.244.1.0/24', '10.244.0.0/16', [['davitc-1', '0002F40A', '00FFFFFF']], false],
  ['one beside it', '10.244.1.0/24', '10.244.1.0/24', [['docker0', '000011AC', '0000FFFF']], false],
  ['a range that is none', '', '', [own], false],
  ['a range of IPv6', 'fd00::/64', 'fd00::/64', [own], false],
] as const) {
  test(`${name}: ${refused ? 'refused' : 'nothing to say'}`, async () => {
    assert.is((await refusal(podCidr, networkCidr, ...rows)) !== '', refused)
  })
}

test('a machine that does not tell its routes has nothing to say', async () => {
  await refuseForeignRoutes('10.244.1.0/24', [], '10.244.1.0/24', () => Promise.reject(new Error('no such file')))
})
