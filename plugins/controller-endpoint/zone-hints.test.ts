import type { Endpoint, Node } from '@davit/core/kinds'
import { assert, suite } from '@davit/core/testing'
import { makeService } from './testing.js'
import { autoZones, closeZones, hintModeOf } from './zone-hints.js'
import { weighsTheSame, zoneShares } from './zone-shares.js'

const test = suite('zone hints')

const endpoint = (name: string, zone?: string, ready = true): Endpoint => ({
  addresses: [name],
  conditions: { ready },
  ...(zone !== undefined && { zone }),
})
/** "a:3 b:1": so many endpoints in each zone. */
const placed = (text: string): Endpoint[] =>
  text.split(' ').flatMap((part) => {
    const [zone = '', number = '0'] = part.split(':')
    return Array.from({ length: Number(number) }, (_, index) => endpoint(`${zone}${index}`, zone))
  })
const shares = (text: string) => new Map(text.split(' ').map((part) => [part.slice(0, 1), Number(part.slice(2))]))

const node = (zone: string | undefined, cpu: string, more: Partial<Node['metadata']> = {}, ready = 'True'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'n',
    ...more,
    labels: { ...(zone !== undefined && { 'topology.kubernetes.io/zone': zone }), ...more.labels },
  },
  spec: {},
  status: { allocatable: { cpu }, conditions: [{ type: 'Ready', status: ready }] },
})

/** How many endpoints each zone is served by, or why none. */
function dealt(
  endpoints: readonly Endpoint[],
  of: ReturnType<typeof zoneShares>,
  before: ReadonlyMap<string, string> = new Map(),
) {
  const answer = autoZones(endpoints, of, ({ addresses }) => before.get(addresses[0] ?? ''))
  if ('refusal' in answer) return answer.refusal
  const counted = new Map<string, number>()
  for (const zone of answer.zones.values()) counted.set(zone, (counted.get(zone) ?? 0) + 1)
  return [...counted]
    .sort()
    .map(([zone, number]) => `${zone}:${number}`)
    .join(' ')
}

test('the annotation, in both of its names, goes before the field', () => {
  const annotated = (annotations: Record<string, string>, spec = {}) => {
    const service = makeService('web', spec)
    return hintModeOf({ ...service, metadata: { ...service.metadata, annotations } })
  }
  assert.is(hintModeOf(makeService('web')), undefined)
  assert.is(hintModeOf(makeService('web', { trafficDistribution: 'PreferClose' })), 'close')
  assert.is(annotated({ 'service.kubernetes.io/topology-mode': 'Auto' }, { trafficDistribution: 'PreferClose' }), 'auto')
  assert.is(annotated({ 'service.kubernetes.io/topology-mode': 'Disabled' }, { trafficDistribution: 'PreferClose' }), 'close')
  assert.is(annotated({ 'service.kubernetes.io/topology-aware-hints': 'auto' }), 'auto')
  const both = { 'service.kubernetes.io/topology-mode': 'off', 'service.kubernetes.io/topology-aware-hints': 'auto' }
  assert.is(annotated(both), 'auto')
  assert.is(annotated({ ...both, 'service.kubernetes.io/topology-aware-hints': 'off' }), undefined)
})

test('close: each ready endpoint is for its own zone', () => {
  const all = [endpoint('1', 'a'), endpoint('2', 'b'), endpoint('3'), endpoint('4', 'a', false)]
  assert.equal(
    [...closeZones(all)].map(([{ addresses }, zone]) => `${addresses[0]} ${zone}`),
    ['1 a', '2 b'],
  )
})

const half = shares('a:0.5 b:0.5')
const cases: readonly [string, string, ReturnType<typeof shares>, string][] = [
  ['all in place', 'a:3 b:3', half, 'a:3 b:3'],
  ['an odd one goes, as in Kubernetes', 'a:6 b:5', half, 'a:5 b:6'],
  ['one gives to the other', 'a:6 b:2', half, 'a:4 b:4'],
  ['one that has none gets some', 'a:6', half, 'a:3 b:3'],
  ['in proportion', 'a:4 b:4', shares('a:0.75 b:0.25'), 'a:6 b:2'],
  ['of three, the largest gives first', 'a:8 b:3 c:1', shares('a:0.34 b:0.33 c:0.33'), 'a:4 b:4 c:4'],
  ['a zone without ready nodes gives all', 'a:2 b:2 z:2', half, 'a:3 b:3'],
  ['too few for the zones', 'a:1', half, 'Insufficient number of endpoints (1 endpoints, 2 zones)'],
  [
    'too few to share out fairly',
    'a:2 b:1',
    half,
    'Unable to allocate minimum required endpoints to each zone without exceeding overload threshold (3 endpoints, 2 zones)',
  ],
]
for (const [what, endpoints, of, expected] of cases)
  test(`auto: ${what}`, () => assert.is(dealt(placed(endpoints), of), expected))

test('auto: what is not ready neither counts nor is dealt out', () => {
  const unready = [endpoint('x', 'a', false), endpoint('y', undefined, false)]
  assert.is(dealt([...placed('a:2 b:2'), ...unready], half), 'a:2 b:2')
})

test('auto: without a zone of one, or what the nodes can do, nobody is dealt out', () => {
  assert.is(dealt([...placed('a:2 b:3'), endpoint('x')], half), 'One or more endpoints do not have a zone specified')
  assert.match(String(dealt(placed('a:2 b:2'), undefined)), /^Insufficient Node information: allocatable CPU or zone/)
})

test('auto: what serves all zones well enough stays, and who was given before is given again', () => {
  const before = new Map([
    ['a0', 'b'],
    ['a1', 'a'],
    ['b0', 'a'],
    ['b1', 'b'],
  ])
  const answer = autoZones(placed('a:2 b:2'), half, ({ addresses }) => before.get(addresses[0] ?? ''))
  assert.equal('zones' in answer && [...answer.zones.values()], ['b', 'a', 'a', 'b'])
  const given = new Map([
    ['a5', 'b'],
    ['a4', 'b'],
  ])
  const again = autoZones(placed('a:6 b:2'), half, ({ addresses }) => given.get(addresses[0] ?? ''))
  assert.ok('zones' in again)
  if ('zones' in again) {
    const moved = [...again.zones].filter(([{ zone }, hint]) => zone !== hint)
    assert.equal(
      moved.map(([{ addresses }]) => addresses[0]),
      ['a4', 'a5'],
    )
  }
  assert.is(
    dealt(
      placed('a:2 b:2'),
      half,
      new Map([
        ['a0', 'z'],
        ['a1', 'z'],
        ['b0', 'b'],
        ['b1', 'b'],
      ]),
    ),
    'a:2 b:2',
  )
})

test('shares of zones are those of the CPUs of ready, ordinary nodes', () => {
  const controls = node('c', '64', { labels: { 'node-role.kubernetes.io/control-plane': '' } })
  const all = [node('a', '2'), node('a', '1'), node('b', '500m'), node('b', '500m'), node('c', '8', {}, 'False'), controls]
  assert.equal(
    [...(zoneShares(all) ?? [])],
    [
      ['a', 0.75],
      ['b', 0.25],
    ],
  )
  assert.is(zoneShares([node('a', '2'), node('a', '2')]), undefined, 'one zone alone')
  assert.is(zoneShares([node('a', '2'), node('b', '2'), node(undefined, '2')]), undefined, 'a node without a zone')
  assert.is(zoneShares([node('a', '2'), node('b', '0')]), undefined, 'a node without CPUs')
  assert.is(zoneShares([]), undefined)
})

test('a node that reports the same weighs the same', () => {
  assert.ok(weighsTheSame(node('a', '2'), node('a', '2000m', { annotations: { beat: '7' } })))
  assert.not(weighsTheSame(node('a', '2'), node('b', '2')))
  assert.not(weighsTheSame(node('a', '2'), node('a', '3')))
  assert.not(weighsTheSame(node('a', '2'), node('a', '2', {}, 'False')))
  assert.not(weighsTheSame(node('a', '2', {}, 'False'), node('b', '2', {}, 'False')), 'the zone is told, ready or not')
})
