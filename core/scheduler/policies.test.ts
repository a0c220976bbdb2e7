import { isNotFound, pods } from '../client/contract.js'
import { type AnyPlugin, definePlugin } from '../kernel/contract.js'
import { assert, suite } from '../testing/contract.js'
import {
  Bind,
  type BindPolicy,
  Filter,
  type FilterPolicy,
  Permit,
  type PermitPolicy,
  PostFilter,
  type PostFilterPolicy,
  PreFilter,
  type PreFilterPolicy,
  Reserve,
  type ReservePolicy,
  Score,
} from './contract.js'
import { asking, cluster, conditionOf, fitPlugin } from './testing.js'

interface Policies {
  readonly preFilters?: readonly PreFilterPolicy[]
  readonly filters?: readonly FilterPolicy[]
  readonly postFilters?: readonly PostFilterPolicy[]
  readonly reserves?: readonly ReservePolicy[]
  readonly permits?: readonly PermitPolicy[]
  readonly binds?: readonly BindPolicy[]
}
function plugin(given: Policies): AnyPlugin {
  const { preFilters = [], filters = [], postFilters = [], reserves = [], permits = [], binds = [] } = given
  return definePlugin({
    id: 'test-policies',
    api: '^1.0',
    provides: {
      preFilters: PreFilter,
      filters: Filter,
      postFilters: PostFilter,
      reserves: Reserve,
      permits: Permit,
      binds: Bind,
    },
    setup: async () => ({ provides: { preFilters, filters, postFilters, reserves, permits, binds } }),
  })
}
const big = { containers: [asking({ cpu: '3' })] }

/** Keeps count of what is reserved and not given back. */
function ledger() {
  const held = new Set<string>()
  const said: string[] = []
  const reserve: ReservePolicy = {
    name: 'ledger',
    reserve(_state, { key }, node) {
      held.add(`${key}@${node}`)
      said.push(`reserve ${key}`)
      return undefined
    },
    unreserve(_state, { key }, node) {
      if (held.delete(`${key}@${node}`)) said.push(`unreserve ${key}`)
    },
  }
  return { held, said, reserve }
}

const reserving = suite('reserve')
reserving('is undone in reverse when a later policy refuses, and the Pod is tried again', async (t) => {
  const undone: string[] = []
  let refusals = 1
  const policy = (name: string, refuse = false): ReservePolicy => ({
    name,
    reserve: () => (refuse && refusals-- > 0 ? { reason: `${name} has no room` } : undefined),
    unreserve: () => void undone.push(name),
  })
  const { addNode, run, rest, pod, clock } = await cluster(t, [
    plugin({ reserves: [policy('a'), policy('b'), policy('c', true)] }),
  ])
  await addNode('one')
  await run('web')
  await rest()
  assert.equal(undone, ['b', 'a'])
  assert.is(conditionOf(await pod('web'))?.message, 'c has no room')
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'one')
  assert.equal(undone, ['b', 'a'])
})

reserving('is undone for the policy that threw, too', async (t) => {
  const { reserve, held } = ledger()
  let throws = true
  const broken: ReservePolicy = {
    name: 'broken',
    reserve(...call) {
      reserve.reserve(...call)
      if (throws) throw new Error('oops')
      return undefined
    },
    unreserve: reserve.unreserve,
  }
  const { addNode, run, rest, pod, clock } = await cluster(t, [plugin({ reserves: [broken] })])
  await addNode('one')
  await run('web')
  await rest()
  assert.is(held.size, 0)
  assert.equal(conditionOf(await pod('web')), {
    status: 'False',
    reason: 'SchedulerError',
    message: 'the scheduling policy "broken" threw: oops',
  })
  throws = false
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'one')
})

const following = suite('follow')
following('what a policy hears from elsewhere lets the Pods that it helps be tried again, as long as it is there', async (t) => {
  const closed = new Set(['a', 'b'])
  let retry: ((helped: (pod: { key: string }) => boolean) => void) | undefined
  const doors: PreFilterPolicy = {
    name: 'doors',
    preFilter: (_state, { pod: { metadata } }) =>
      closed.has(metadata.name) ? { rejection: { reason: `the door is closed` } } : undefined,
    follow(listener) {
      retry = listener
      return () => {
        retry = undefined
      }
    },
  }
  const policies = plugin({ preFilters: [doors] })
  const { addNode, run, rest, pod, clock, kernel } = await cluster(t, [policies])
  await addNode('one')
  for (const name of closed) await run(name)
  await rest()
  closed.clear()
  await clock.advance(60_000)
  await rest()
  assert.is((await pod('a')).spec.nodeName, undefined, 'nobody said that anything changed')
  retry?.(({ key }) => key === 'default/a')
  await rest()
  assert.equal([(await pod('a')).spec.nodeName, (await pod('b')).spec.nodeName], ['one', undefined])
  const first = retry
  await kernel.reload('test-policies', { plugin: policies })
  assert.ok(retry)
  assert.is.not(retry, undefined)
  await kernel.reload('test-policies', { plugin: plugin({}) })
  assert.is(retry, undefined, 'it is told that nobody listens any more')
  assert.type(first, 'function')
})

const permitting = suite('permit')
permitting('keeps one Pod waiting while the next are placed, however many wait', async (t) => {
  const waiting: (() => void)[] = []
  const gang: PermitPolicy = {
    name: 'gang',
    async permit(_state, { pod: { metadata } }) {
      if (!metadata.name?.startsWith('gang')) return undefined
      await new Promise<void>((resolve) => waiting.push(resolve))
      return undefined
    },
  }
  const { addNode, run, rest, pod } = await cluster(t, [plugin({ permits: [gang] })], { bindsAtOnce: 2 })
  await addNode('one')
  for (const name of ['gang-1', 'gang-2', 'gang-3', 'gang-4']) await run(name)
  await run('single')
  await rest()
  assert.is((await pod('single')).spec.nodeName, 'one')
  assert.is(waiting.length, 4)
  assert.is((await pod('gang-1')).spec.nodeName, undefined)
  for (const release of waiting) release()
  await rest()
  for (const name of ['gang-1', 'gang-2', 'gang-3', 'gang-4']) assert.is((await pod(name)).spec.nodeName, 'one')
})

permitting('is asked about the Pods that it concerns alone', async (t) => {
  const asked: string[] = []
  const choosy: PermitPolicy = {
    name: 'choosy',
    concerns: (_state, { key }) => key === 'default/mine',
    async permit(_state, { key }) {
      asked.push(key)
      return undefined
    },
  }
  const { addNode, run, rest, pod } = await cluster(t, [plugin({ permits: [choosy] })])
  await addNode('one')
  for (const name of ['mine', 'other']) await run(name)
  await rest()
  assert.equal([asked, (await pod('mine')).spec.nodeName, (await pod('other')).spec.nodeName], [['default/mine'], 'one', 'one'])
})

permitting('a policy that throws when it is asked whom it concerns is named', async (t) => {
  const broken: PermitPolicy = {
    name: 'broken',
    concerns: () => {
      throw new Error('no idea')
    },
    permit: async () => undefined,
  }
  const { addNode, run, rest, pod } = await cluster(t, [plugin({ permits: [broken] })])
  await addNode('one')
  await run('web')
  await rest()
  assert.equal(conditionOf(await pod('web')), {
    status: 'False',
    reason: 'SchedulerError',
    message: 'the scheduling policy "broken" threw: no idea',
  })
})

permitting('ends at its deadline also where the policy does not listen; what was reserved is given back', async (t) => {
  const { reserve, held } = ledger()
  let asked = 0
  const stubborn: PermitPolicy = {
    name: 'stubborn',
    permit: () => (asked++ === 0 ? new Promise(() => undefined) : Promise.resolve(undefined)),
  }
  const policies = plugin({ reserves: [reserve], permits: [stubborn] })
  const { addNode, run, rest, pod, clock } = await cluster(t, [policies], { permitDeadlineMs: 5000 })
  await addNode('one')
  await run('web')
  await rest()
  assert.is(held.size, 1)
  await clock.advance(5000)
  await rest()
  assert.is(conditionOf(await pod('web'))?.message, 'stubborn did not permit it in 5000 ms')
  assert.is(held.size, 0)
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'one')
})

permitting('a policy that throws when its signal aborts is no bug of its own', async (t) => {
  const listening: PermitPolicy = {
    name: 'listening',
    permit: (_state, _pod, _node, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }
  const { addNode, run, rest, pod, clock } = await cluster(t, [plugin({ permits: [listening] })], { permitDeadlineMs: 100 })
  await addNode('one')
  await run('web')
  await rest()
  await clock.advance(100)
  await rest()
  assert.equal(conditionOf(await pod('web'))?.reason, 'Unschedulable')
})

permitting('does not keep the scheduler from stopping', async (t) => {
  const { reserve, held } = ledger()
  const forever: PermitPolicy = { name: 'forever', permit: () => new Promise(() => undefined) }
  const { addNode, run, rest, stop } = await cluster(t, [plugin({ reserves: [reserve], permits: [forever] })])
  await addNode('one')
  await run('web')
  await rest()
  assert.is(held.size, 1)
  await stop()
  assert.is(held.size, 0)
})

const binding = suite('bind')
binding('the first policy that does not skip ends it', async (t) => {
  const asked: string[] = []
  const policy = (name: string, verdict: 'skip' | { reason: string }): BindPolicy => ({
    name,
    async bind() {
      asked.push(name)
      return verdict
    },
  })
  const binds = [policy('a', 'skip'), policy('b', { reason: 'not today' }), policy('c', 'skip')]
  const { addNode, run, rest, pod } = await cluster(t, [plugin({ binds })])
  await addNode('one')
  await run('web')
  await rest()
  assert.equal(asked, ['a', 'b'])
  assert.is(conditionOf(await pod('web'))?.message, 'not today')
})

binding('a Pod that is deleted meanwhile leaves no trace in the cache', async (t) => {
  let release: () => void = () => undefined
  const hold: BindPolicy = {
    name: 'hold',
    async bind({ pod: { metadata } }) {
      if (metadata.name === 'first')
        await new Promise<void>((resolve) => {
          release = resolve
        })
      return 'skip'
    },
  }
  const { addNode, run, rest, pod, client, lines } = await cluster(t, [fitPlugin, plugin({ binds: [hold] })])
  await addNode('one')
  await run('first', big)
  await rest()
  await client.delete(pods, 'default', 'first', { gracePeriodSeconds: 0 })
  await rest()
  release()
  await rest()
  assert.ok(isNotFound(await assert.rejects(pod('first'))))
  await run('second', big)
  await rest()
  assert.is((await pod('second')).spec.nodeName, 'one')
  assert.equal(
    lines.filter(({ level }) => level === 'warn' || level === 'error').map(({ message }) => message),
    [],
  )
})

binding('a Pod that somebody else binds meanwhile stays there', async (t) => {
  let release: () => void = () => undefined
  const hold: BindPolicy = {
    name: 'hold',
    async bind() {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return 'skip'
    },
  }
  const { addNode, run, rest, pod, client } = await cluster(t, [plugin({ binds: [hold] })])
  await addNode('one')
  await run('web')
  await rest()
  const elsewhere = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'two' } }
  await client.createSubresource(pods, 'default', 'web', 'binding', elsewhere)
  await rest()
  release()
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'two')
  assert.equal(conditionOf(await pod('web')), { status: 'True' })
})

binding('is tried again when it failed', async (t) => {
  let failures = 1
  const flaky: BindPolicy = {
    name: 'flaky',
    async bind() {
      if (failures-- > 0) throw new Error('no connection')
      return 'skip'
    },
  }
  const { addNode, run, rest, pod, clock } = await cluster(t, [fitPlugin, plugin({ binds: [flaky] })])
  await addNode('one')
  await run('web', big)
  await rest()
  assert.is(conditionOf(await pod('web'))?.reason, 'SchedulerError')
  await clock.advance(1000)
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'one', 'the room it was given first is free again')
  assert.equal(conditionOf(await pod('web')), { status: 'True' })
})

const failing = suite('a policy that throws')
failing('keeps its Pod waiting and no other', async (t) => {
  const picky: FilterPolicy = {
    name: 'picky',
    filter(_state, { pod: { metadata } }) {
      if (metadata.name === 'cursed') throw new Error('cannot read it')
      return undefined
    },
  }
  const { addNode, run, rest, pod, events, lines } = await cluster(t, [plugin({ filters: [picky] })])
  await addNode('one')
  await run('cursed')
  await run('plain')
  await rest()
  assert.is((await pod('plain')).spec.nodeName, 'one')
  assert.is(conditionOf(await pod('cursed'))?.reason, 'SchedulerError')
  assert.equal(await events('cursed'), ['FailedScheduling: the scheduling policy "picky" threw: cannot read it ×1'])
  assert.is(lines.filter(({ message }) => message === 'scheduling failed; the Pod is tried again').length, 1)
})

failing('a score out of range is clamped and reported once', async (t) => {
  const boasting = definePlugin({
    id: 'test-score',
    api: '^1.0',
    provides: { scores: Score },
    setup: async () => ({
      provides: { scores: { name: 'boasting', score: (_state, _pod, node) => (node.name === 'b' ? 7000 : -3) } },
    }),
  })
  const { addNode, run, rest, pod, lines } = await cluster(t, [boasting])
  for (const name of ['a', 'b', 'c']) await addNode(name)
  await run('web')
  await run('other')
  await rest()
  assert.is((await pod('web')).spec.nodeName, 'b')
  assert.is(lines.filter(({ message }) => message.includes('outside 0 to 100')).length, 1)
})

const helping = suite('helpedBy')
helping('another Pod that comes to a node wakes those that the policy says, and no others', async (t) => {
  const cycles: string[] = []
  const near: FilterPolicy = {
    name: 'near',
    filter(_state, { pod: { metadata } }, { pods: there }) {
      cycles.push(metadata.name ?? '')
      if (!metadata.name?.startsWith('needs')) return undefined
      return there.some((other) => other.pod.metadata.name === 'friend') ? undefined : { reason: 'no friend here' }
    },
    helpedBy: ({ pod: { metadata } }, other) => metadata.name === 'needs-a-friend' && other.pod.metadata.name === 'friend',
  }
  const { addNode, run, rest, pod, clock } = await cluster(t, [plugin({ filters: [near] })])
  await addNode('one')
  await run('needs-a-friend')
  await run('needs-nobody')
  await rest()
  await clock.advance(20_000)
  await run('stranger')
  await rest()
  assert.equal(cycles, ['needs-a-friend', 'needs-nobody', 'stranger'])
  await run('friend')
  await rest()
  assert.is((await pod('needs-a-friend')).spec.nodeName, 'one')
  assert.equal(cycles.slice(3), ['friend', 'needs-a-friend'])
})

const making = suite('postFilter')
const preempt: PostFilterPolicy = {
  name: 'preempt',
  postFilter(_state, { priority }, { nodes }) {
    for (const { name, pods: there } of nodes) {
      const victims = there.filter((victim) => victim.priority < priority)
      if (victims.length > 0) return { node: name, victims }
    }
    return undefined
  },
}
making('a victim says why it goes before it is told to, and keeps what it said before', async (t) => {
  const { addNode, run, rest, pod, client } = await cluster(t, [fitPlugin, plugin({ postFilters: [preempt] })])
  await addNode('one')
  await run('low', { ...big, terminationGracePeriodSeconds: 30 })
  await rest()
  const ready = { type: 'Ready', status: 'True' }
  await client.patch(pods, 'default', 'low', 'strategic', { status: { conditions: [ready] } }, { subresource: 'status' })
  await run('high', { ...big, priorityClassName: 'system-cluster-critical' })
  await rest()
  const { metadata, status } = await pod('low')
  assert.is(metadata.deletionGracePeriodSeconds, 30)
  const told = status?.conditions?.find(({ type }) => type === 'DisruptionTarget')
  assert.equal(
    [told?.status, told?.reason, told?.message],
    ['True', 'PreemptionByScheduler', 'default-scheduler: preempting to accommodate a higher priority pod'],
  )
  assert.ok(told?.lastTransitionTime)
  assert.ok(status?.conditions?.some(({ type }) => type === 'Ready'))
})
making('its victims end, and the Pod takes their place', async (t) => {
  const { addNode, run, rest, pod, client, clock, events } = await cluster(t, [fitPlugin, plugin({ postFilters: [preempt] })])
  await addNode('one')
  await run('low', { ...big, terminationGracePeriodSeconds: 0 })
  await rest()
  await run('high', { ...big, priorityClassName: 'system-cluster-critical' })
  await rest()
  assert.is((await pod('high')).status?.nominatedNodeName, 'one')
  assert.ok((await events('low')).includes('Preempted: Preempted by default/high on node one ×1'))
  await client.delete(pods, 'default', 'low', { gracePeriodSeconds: 0 }).catch((error) => assert.ok(isNotFound(error)))
  await clock.advance(1000)
  await rest()
  assert.is((await pod('high')).spec.nodeName, 'one')
})
