import type { Endpoint, EndpointSlice } from '@davit/core/kinds'
import { assert, createTestServices, test } from '@davit/core/testing'
import { type EndpointGroup, planSlices, type SlicePlan, type SliceWish } from './slice-plan.js'

const http = [{ name: '', port: 80, protocol: 'TCP' }]
const metadata = { namespace: 'default', generateName: 'web-', labels: { app: 'web' } }

const endpoint = (name: string, ready = true): Endpoint => ({
  addresses: [`10.0.0.${name}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', name, uid: name },
})
const group = (names: readonly string[], ports = http): EndpointGroup => ({
  addressType: 'IPv4',
  ports,
  endpoints: names.map((name) => endpoint(name)),
})
const wish = (groups: readonly EndpointGroup[], limit = 3): SliceWish => ({ groups, placeholders: ['IPv4'], metadata, limit })

/** What lies in the store after a plan. */
let made = 0
function apply(existing: readonly EndpointSlice[], { create, update, remove }: SlicePlan): EndpointSlice[] {
  const named = create.map((slice) => ({ ...slice, metadata: { ...slice.metadata, name: `web-${++made}`, uid: `${made}` } }))
  const changed = new Map(update.map((slice) => [slice.metadata.name, slice]))
  const gone = new Set(remove.map((slice) => slice.metadata.name))
  return [...existing, ...named]
    .filter(({ metadata: { name } }) => !gone.has(name))
    .map((each) => changed.get(each.metadata.name) ?? each)
}
const names = (slices: readonly EndpointSlice[]) =>
  slices.map(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.name).join(''))
const writes = ({ create, update, remove }: SlicePlan) => [create.length, update.length, remove.length]

test('nobody to answer: one slice that says so', () => {
  const plan = planSlices(wish([]), [])
  assert.equal(writes(plan), [1, 0, 0])
  assert.equal(plan.create[0]?.endpoints, [])
  assert.equal(writes(planSlices(wish([]), apply([], plan))), [0, 0, 0])
})

test('endpoints are cut into slices, and a settled state needs no write', () => {
  const wanted = wish([group(['1', '2', '3', '4', '5', '6', '7'])])
  const slices = apply([], planSlices(wanted, []))
  assert.equal(names(slices), ['123', '456', '7'])
  assert.equal(writes(planSlices(wanted, slices)), [0, 0, 0])
})

test('one change writes one slice, whatever it is', () => {
  const before = apply([], planSlices(wish([group(['1', '2', '3', '4', '5'])]), []))
  const turned = wish([{ ...group([]), endpoints: ['1', '2', '3', '4', '5'].map((name) => endpoint(name, name !== '4')) }])
  assert.equal(writes(planSlices(turned, before)), [0, 1, 0])
  const left = planSlices(wish([group(['1', '3', '4', '5'])]), before)
  assert.equal(writes(left), [0, 1, 0])
  assert.equal(names(apply(before, left)), ['13', '45'])
  const came = planSlices(wish([group(['1', '2', '3', '4', '5', '6'])]), before)
  assert.equal(names(apply(before, came)), ['123', '456'])
  assert.equal(writes(came), [0, 1, 0])
  const replaced = planSlices(wish([group(['1', '2', '4', '5', '6'])]), before)
  assert.equal(names(apply(before, replaced)), ['126', '45'], 'what comes goes where something left')
  assert.equal(writes(replaced), [0, 1, 0])
})

test('a slice that empties goes, unless it is the last', () => {
  const before = apply([], planSlices(wish([group(['1', '2', '3', '4'])]), []))
  const plan = planSlices(wish([group(['1', '2', '3'])]), before)
  assert.equal(writes(plan), [0, 0, 1])
  const empty = planSlices(wish([]), apply(before, plan))
  assert.equal(writes(empty), [0, 1, 0])
  assert.equal(empty.update[0]?.ports ?? [], [])
})

test('all of one set replaced by another reuses the slices', () => {
  const before = apply([], planSlices(wish([group(['1', '2', '3', '4'])]), []))
  const plan = planSlices(wish([group(['5', '6', '7', '8'])]), before)
  assert.equal(writes(plan), [0, 2, 0])
  assert.equal(names(apply(before, plan)).sort(), ['567', '8'])
})

test('other ports are another slice, and take over one that is left', () => {
  const https = [{ name: '', port: 443, protocol: 'TCP' }]
  const before = apply([], planSlices(wish([group(['1'])]), []))
  const both = planSlices(wish([group(['1']), group(['2'], https)]), before)
  assert.equal(writes(both), [1, 0, 0])
  const moved = planSlices(wish([group(['1'], https)]), before)
  assert.equal(writes(moved), [0, 1, 0])
  assert.equal(moved.update[0]?.ports, https)
})

test('a change of labels alone writes every slice, of annotations alone none', () => {
  const groups = [group(['1', '2', '3', '4'])]
  const before = apply([], planSlices(wish(groups), []))
  const labelled = { ...wish(groups), metadata: { ...metadata, labels: { app: 'new' } } }
  assert.equal(writes(planSlices(labelled, before)), [0, 2, 0])
  const annotated = { ...wish(groups), metadata: { ...metadata, annotations: { time: 'later' } } }
  assert.equal(writes(planSlices(annotated, before)), [0, 0, 0])
})

test('families have slices of their own, also empty ones', () => {
  const six = { ...group([]), addressType: 'IPv6', endpoints: [{ addresses: ['fd00::1'], conditions: { ready: true } }] }
  const both = { ...wish([group(['1']), six]), placeholders: ['IPv4', 'IPv6'] }
  const before = apply([], planSlices(both, []))
  assert.equal(
    before.map(({ addressType }) => addressType),
    ['IPv4', 'IPv6'],
  )
  const plan = planSlices({ ...both, groups: [group(['1'])] }, before)
  assert.equal(writes(plan), [0, 1, 0])
  assert.is(plan.update[0]?.addressType, 'IPv6')
})

test('whatever comes and goes: all are there once, no slice is over the limit, and nothing moves without need', () => {
  const { random } = createTestServices(7)
  let slices: EndpointSlice[] = []
  let present: string[] = []
  for (let round = 0; round < 300; round += 1) {
    const leaving = random.integer(4) === 0 ? random.integer(6) : random.integer(2)
    for (let index = 0; index < leaving && present.length > 0; index += 1) present.splice(random.integer(present.length), 1)
    const coming = random.integer(3)
    for (let index = 0; index < coming; index += 1) present = [...present, `${round}-${index}`]
    const before = slices
    const wanted = wish([group(present)], 5)
    const plan = planSlices(wanted, before)
    slices = apply(before, plan)
    const all = slices.flatMap(({ endpoints }) => endpoints.map(({ targetRef }) => targetRef?.uid))
    assert.equal([...all].sort(), [...present].sort())
    assert.ok(slices.every(({ endpoints }) => endpoints.length <= 5))
    assert.equal(writes(planSlices(wanted, slices)), [0, 0, 0])
    if (leaving === 0 && coming === 0) assert.equal(writes(plan), round === 0 ? [1, 0, 0] : [0, 0, 0])
    const homes = new Map(
      before.flatMap(({ metadata, endpoints }) => endpoints.map(({ targetRef }) => [targetRef?.uid, metadata.name])),
    )
    for (const { metadata, endpoints } of slices) {
      for (const { targetRef } of endpoints)
        assert.is(homes.get(targetRef?.uid) ?? metadata.name, metadata.name, 'it stays where it is')
    }
  }
})
