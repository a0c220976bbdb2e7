import type { Lease } from '../kinds/contract.js'
import { assert, type Booted, boot, createTestServices, suite } from '../testing/contract.js'
import { ApiError, type Client, configMaps, LeaderElection, type LeaderElectionOptions, leases, type Term } from './contract.js'
import { microTime } from './leader.js'

const test = suite('leader')
let plane: Booted
test.beforeEach(async () => {
  plane = await boot()
})
test.afterEach(() => plane.stop())

/** Works, as a leader, until its signal aborts and then for as long as `ending` takes. */
function candidate(identity: string, more: Partial<LeaderElectionOptions> = {}) {
  const led: Term[] = []
  const { random, log, lines } = createTestServices(identity)
  const election = new LeaderElection({
    ...{ client: plane.client, clock: plane.clock, random, log },
    ...{ namespace: 'default', name: 'the-lease', identity },
    lead: (term) => {
      led.push(term)
      return aborted(term.signal)
    },
    ...more,
  })
  return { election, led, lines, terms: () => led.length }
}
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
const close = async (election: LeaderElection): Promise<void> => {
  const closing = election.close()
  await plane.clock.settle()
  await closing
}
const theLease = (): Promise<Lease> => plane.client.get(leases, 'default', 'the-lease')

/** A client whose calls reach the API only while the returned switch is on. */
function reachable() {
  const line = { up: true }
  const client = new Proxy(plane.client, {
    get: (target, name) => {
      const method = Reflect.get(target, name, target).bind(target)
      return (...given: unknown[]) => (line.up ? method(...given) : new Promise<never>(() => undefined))
    },
  })
  return { line, client }
}

/** A client of which, from `hold` to `answer`, the answers to one method are on their way. */
function held(method: 'create' | 'update') {
  let answer: () => void = () => undefined
  let wait: Promise<void> | undefined
  const client = new Proxy(plane.client, {
    get: (target, name) => {
      const call = Reflect.get(target, name, target).bind(target)
      return async (...given: unknown[]) => {
        const result = await call(...given)
        if (name === method) await wait
        return result
      }
    },
  })
  const hold = () => {
    wait = new Promise((resolve) => {
      answer = () => {
        wait = undefined
        resolve()
      }
    })
  }
  return { client, hold, answer: () => answer() }
}

test('the first to come leads, writes so, and renews', async () => {
  const { election, terms } = candidate('one')
  await plane.clock.advance(1)
  assert.ok(election.leading)
  const first = await plane.client.get(leases, 'default', 'the-lease')
  assert.is(first.spec?.holderIdentity, 'one')
  assert.is(first.spec?.leaseDurationSeconds, 12)
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
  assert.ok(one.led[0]?.signal.aborted)
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
  await plane.clock.advance(14_900)
  assert.not(election.leading)
  await plane.clock.advance(200)
  assert.ok(election.leading, 'at the moment at which it may')
  assert.is((await plane.client.get(leases, 'default', 'the-lease')).spec?.leaseTransitions, 4)
  await close(election)
})

test('a leader whose lease is taken from it stops leading', async () => {
  const { election, led } = candidate('one')
  await plane.clock.advance(1)
  await plane.client.patch(leases, 'default', 'the-lease', 'merge', { spec: { holderIdentity: 'thief' } })
  await plane.clock.advance(3_000)
  assert.not(election.leading)
  assert.match(String(led[0]?.signal.reason), /another has the lease/)
  await close(election)
})

test('a leader that cannot reach its lease stops before anybody else may take it, and leads again when it can', async () => {
  const { line, client } = reachable()
  const { election, led } = candidate('one', { client: failing(client, line) })
  await plane.clock.advance(1)
  assert.ok(election.leading)
  line.up = false
  await plane.clock.advance(5_500)
  assert.ok(election.leading)
  await plane.clock.advance(2_600)
  assert.not(election.leading)
  assert.match(String(led[0]?.signal.reason), /in time/)
  line.up = true
  await plane.clock.advance(2_400)
  assert.ok(election.leading)
  assert.is(led.length, 2)
  assert.is((await theLease()).spec?.leaseTransitions, 0, 'nobody else had it')
  await close(election)
})

/** Refuses, where the other one would not answer. */
function failing(client: Client, line: { readonly up: boolean }): Client {
  return new Proxy(client, {
    get: (target, name) => {
      const method = Reflect.get(target, name, target)
      return (...given: unknown[]) => (line.up ? method(...given) : Promise.reject(ApiError.serviceUnavailable('down')))
    },
  })
}

test('an answer that comes after the deadline makes no leader', async () => {
  const { client, hold, answer } = held('create')
  hold()
  const { election, terms } = candidate('one', { client })
  await plane.clock.advance(9_000)
  answer()
  await plane.clock.settle()
  assert.not(election.leading)
  await plane.clock.advance(2_400)
  assert.is(terms(), 1, 'the next attempt does')
  await close(election)
})

test('candidates that start at once: one leads', async () => {
  const all = ['one', 'two', 'three'].map((identity) => candidate(identity))
  await plane.clock.advance(1)
  assert.is(all.filter(({ election }) => election.leading).length, 1)
  await plane.clock.advance(30_000)
  assert.is(
    all.reduce((sum, { terms }) => sum + terms(), 0),
    1,
  )
  await Promise.all(all.map(({ election }) => close(election)))
})

for (const phase of [0, 700, 1_500, 2_300, 4_100]) {
  test(`whoever leads is followed in less than 15 s after it was killed (${phase} ms after the others began)`, async () => {
    const { line, client } = reachable()
    const dead = candidate('dead', { client })
    await plane.clock.advance(1)
    const next = candidate('next')
    await plane.clock.advance(30_000 + phase)
    line.up = false
    await plane.clock.advance(9_500)
    assert.equal([dead.election.leading, next.election.leading], [false, false], 'nobody leads while either may')
    await plane.clock.advance(4_900)
    assert.ok(next.election.leading)
    await Promise.all([close(next.election), dead.election.close(), plane.clock.advance(10_000)])
  })
}

test('the lease is given free only when the work of the leader has ended', async () => {
  let finish: () => void = () => undefined
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  const { election } = candidate('one', { lead: (term) => aborted(term.signal).then(() => work) })
  await plane.clock.advance(1)
  const closing = election.close()
  await plane.clock.settle()
  assert.not(election.leading)
  assert.is((await theLease()).spec?.holderIdentity, 'one')
  finish()
  await plane.clock.settle()
  await closing
  assert.is((await theLease()).spec?.holderIdentity, '')
})

for (const [how, endsAfterMs] of [
  ['until its work has ended', 1_000],
  ['as long as its lease is good for, and no longer', 9_000],
] as const) {
  test(`a leader that closes while it renews may write ${how}`, async () => {
    const { client, hold, answer } = held('update')
    const terms: Term[] = []
    const lead = (term: Term) => {
      terms.push(term)
      return aborted(term.signal).then(() => plane.clock.sleep(endsAfterMs))
    }
    const { election } = candidate('one', { client, lead })
    await plane.clock.advance(1)
    const [term] = terms
    assert.ok(term)
    hold()
    await plane.clock.advance(2_500)
    const closing = election.close()
    assert.ok(term.signal.aborted)
    const metadata = { name: 'late', namespace: 'default' }
    const writer = plane.clients.as({ name: 'tester', groups: ['system:masters'] }, term.fence)
    const writing = writer.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata })
    await plane.clock.settle()
    answer()
    await writing
    await plane.clock.advance(900)
    term.fence.check()
    await plane.clock.advance(endsAfterMs - 950)
    const refused = () => term.fence.check()
    if (endsAfterMs > 8_000) assert.throws(refused, /no longer holds the lease/)
    else refused()
    await plane.clock.advance(100)
    await closing
    assert.throws(refused, /no longer holds the lease/)
    assert.is((await theLease()).spec?.holderIdentity, '')
  })
}

test('as long as the work of a term that was lost has not ended, it does not lead again, but others may', async () => {
  let finish: () => void = () => undefined
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  let terms = 0
  const one = candidate('one', {
    lead: async ({ signal }) => {
      terms += 1
      await aborted(signal)
      if (terms === 1) await work
    },
  })
  await plane.clock.advance(1)
  await plane.client.patch(leases, 'default', 'the-lease', 'merge', {
    spec: { holderIdentity: 'thief', leaseDurationSeconds: 1 },
  })
  await plane.clock.advance(30_000)
  assert.not(one.election.leading)
  const two = candidate('two')
  await plane.clock.advance(3_000)
  assert.ok(two.election.leading)
  finish()
  await close(two.election)
  await plane.clock.advance(3_000)
  assert.ok(one.election.leading)
  assert.is(terms, 2)
  await close(one.election)
})

test('a renewal that is answered after the term was lost begins no second one while the work of the first is ending', async () => {
  const { client, hold, answer } = held('update')
  let [terms, working, most] = [0, 0, 0]
  const endings: (() => void)[] = []
  const { election } = candidate('one', {
    client,
    lead: async ({ signal }) => {
      terms += 1
      working += 1
      most = Math.max(most, working)
      await aborted(signal)
      await new Promise<void>((resolve) => void endings.push(resolve))
      working -= 1
    },
  })
  await plane.clock.advance(1)
  await plane.clock.advance(5_500)
  hold()
  await plane.clock.advance(7_600)
  assert.equal([election.leading, working], [false, 1], 'its deadline has ended the term, and not yet the work')
  answer()
  await plane.clock.advance(3_000)
  assert.equal([terms, most, election.leading], [1, 1, false])
  endings.shift()?.()
  await plane.clock.advance(2_500)
  assert.equal([terms, most, election.leading], [2, 1, true])
  const closing = election.close()
  await plane.clock.settle()
  assert.is((await theLease()).spec?.holderIdentity, 'one', 'the second is waited for')
  endings.shift()?.()
  await plane.clock.settle()
  await closing
  assert.is((await theLease()).spec?.holderIdentity, '')
})

test('a leader whose work fails makes room for another, says why, and tries again', async () => {
  let broken = true
  const one = candidate('one', {
    lead: async ({ signal }) => {
      if (broken) throw new Error('no controller starts here')
      await aborted(signal)
    },
  })
  await plane.clock.advance(1)
  assert.not(one.election.leading)
  assert.is((await theLease()).spec?.holderIdentity, '')
  assert.ok(one.lines.some(({ level, message }) => level === 'error' && /another may try/.test(message)))
  broken = false
  await plane.clock.advance(2_400)
  assert.ok(one.election.leading)
  await close(one.election)
})

test('an API that does not answer keeps no candidate from closing', async () => {
  const { line, client } = reachable()
  const { election } = candidate('one', { client })
  await plane.clock.advance(1)
  line.up = false
  await plane.clock.advance(3_000)
  const closing = election.close()
  await plane.clock.advance(4_100)
  await closing
  assert.not(election.leading)
})

test('wall clocks that are set back or forward make nobody lead and nobody stop', async () => {
  let skew = 0
  const clock = { ...plane.clock, now: () => plane.clock.now() + skew }
  const one = candidate('one', { clock })
  await plane.clock.advance(1)
  const two = candidate('two', { clock })
  for (const jump of [3_600_000, -7_200_000, 0]) {
    skew = jump
    await plane.clock.advance(20_000)
    assert.equal([one.terms(), one.election.leading, two.election.leading], [1, true, false])
    one.led[0]?.fence.check()
  }
  await close(two.election)
  await close(one.election)
})

test('times have six digits of a second', () => {
  assert.is(microTime(Date.UTC(2024, 0, 2, 3, 4, 5, 678)), '2024-01-02T03:04:05.678000Z')
})
