import { assert, type Booted, boot, createTestServices, suite } from '../testing/contract.js'
import { leases } from './contract.js'
import { LeaderElection, microTime } from './leader.js'

const test = suite('leader')
let plane: Booted
test.beforeEach(async () => {
  plane = await boot()
})
test.afterEach(() => plane.stop())

function candidate(identity: string) {
  const led: AbortSignal[] = []
  const { random, log } = createTestServices(identity)
  const election = new LeaderElection({
    ...{ client: plane.client, clock: plane.clock, random, log },
    ...{ namespace: 'default', name: 'the-lease', identity },
    lead: (signal) => void led.push(signal),
  })
  return { election, led, terms: () => led.length }
}
const close = async (election: LeaderElection): Promise<void> => {
  const closing = election.close()
  await plane.clock.settle()
  await closing
}

test('the first to come leads, writes so, and renews', async () => {
  const { election, terms } = candidate('one')
  await plane.clock.advance(1)
  assert.ok(election.leading)
  const first = await plane.client.get(leases, 'default', 'the-lease')
  assert.is(first.spec?.holderIdentity, 'one')
  assert.is(first.spec?.leaseDurationSeconds, 15)
  assert.is(first.spec?.leaseTransitions, 0)
  await plane.clock.advance(20_000)
  const later = await plane.client.get(leases, 'default', 'the-lease')
  assert.ok((later.spec?.renewTime ?? '') > (first.spec?.renewTime ?? ''))
  assert.is(later.spec?.acquireTime, first.spec?.acquireTime)
  assert.is(terms(), 1)
  await close(election)
})

test('there is one leader; when it closes, the next takes over at once', async () => {
  const one = candidate('one')
  await plane.clock.advance(1)
  const two = candidate('two')
  await plane.clock.advance(30_000)
  assert.equal([one.election.leading, two.election.leading], [true, false])
  assert.is(two.election.leader, 'one')
  await close(one.election)
  assert.ok(one.led[0]?.aborted)
  await plane.clock.advance(3_000)
  assert.ok(two.election.leading)
  const lease = await plane.client.get(leases, 'default', 'the-lease')
  assert.is(lease.spec?.holderIdentity, 'two')
  assert.is(lease.spec?.leaseTransitions, 1)
  await close(two.election)
})

test('a leader that dies is respected for the time of its lease, and no longer', async () => {
  const dead = { holderIdentity: 'dead', leaseDurationSeconds: 15, renewTime: microTime(0), leaseTransitions: 3 }
  const metadata = { name: 'the-lease', namespace: 'default' }
  await plane.client.create(leases, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec: dead })
  const { election } = candidate('next')
  await plane.clock.advance(14_000)
  assert.not(election.leading)
  await plane.clock.advance(5_000)
  assert.ok(election.leading)
  assert.is((await plane.client.get(leases, 'default', 'the-lease')).spec?.leaseTransitions, 4)
  await close(election)
})

test('a leader whose lease is taken from it stops leading', async () => {
  const { election, led } = candidate('one')
  await plane.clock.advance(1)
  await plane.client.patch(leases, 'default', 'the-lease', 'merge', { spec: { holderIdentity: 'thief' } })
  await plane.clock.advance(3_000)
  assert.not(election.leading)
  assert.match(String(led[0]?.reason), /another has the lease/)
  await close(election)
})

test('a leader that cannot reach its lease stops before anybody else may take it', async () => {
  let down = false
  const never = new Promise<never>(() => undefined)
  const client = new Proxy(plane.client, {
    get: (target, name) => {
      const method = Reflect.get(target, name, target).bind(target)
      return (...given: unknown[]) => (down ? never : method(...given))
    },
  })
  const { random, log } = createTestServices()
  const led: AbortSignal[] = []
  const election = new LeaderElection({
    ...{ client, clock: plane.clock, random, log, namespace: 'default', name: 'the-lease', identity: 'one' },
    lead: (signal) => void led.push(signal),
  })
  await plane.clock.advance(1)
  assert.ok(election.leading)
  down = true
  await plane.clock.advance(9_000)
  assert.ok(election.leading)
  await plane.clock.advance(1_100)
  assert.not(election.leading)
  assert.match(String(led[0]?.reason), /in time/)
})

test('times have six digits of a second', () => {
  assert.is(microTime(Date.UTC(2024, 0, 2, 3, 4, 5, 678)), '2024-01-02T03:04:05.678000Z')
})
