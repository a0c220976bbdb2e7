import { ApiHooksToken } from '../api/contract.js'
import { definePlugin, type PluginEntry, Type } from '../kernel/contract.js'
import type { ConfigMap } from '../kinds/contract.js'
import { assert, boot, servers, type TestContext, test } from '../testing/contract.js'
import {
  ClientsToken,
  configMaps,
  events,
  type Informer,
  isExists,
  leaderElectionSchema,
  leadership,
  leases,
  type WhileLeading,
} from './contract.js'

const masters = { name: 'tester', groups: ['system:masters'] }
const map = (name: string): ConfigMap => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

interface Seen {
  readonly terms: WhileLeading[]
  readonly log: string[]
}

/** A plugin that notes what it is told; `broken` makes its starts fail. */
function worker(
  config: object = {},
  seen: Seen = { terms: [], log: [] },
  broken = { is: false },
): { entry: PluginEntry; seen: Seen } {
  const plugin = definePlugin({
    id: 'test-worker',
    api: '^1.0',
    stage: 'control',
    requires: { clients: ClientsToken },
    config: { version: 1, schema: Type.Object(leaderElectionSchema('test-lease')) },
    async setup(context, { clients }) {
      return leadership({
        ...{ context, clients, user: 'system:test-lease' },
        work: (term) => ({
          async start() {
            if (broken.is) throw new Error('it cannot start')
            seen.terms.push(term)
            seen.log.push('start')
          },
          async stop() {
            seen.log.push('stop')
          },
        }),
      })
    },
  })
  return { entry: { plugin, config }, seen }
}

test('over a store that nobody else has it works from its start, and no lease is written', async (t) => {
  const { entry, seen } = worker()
  const plane = await boot({ plugins: [entry] })
  t.defer(() => plane.stop())
  assert.equal(seen.log, ['start'])
  await plane.clock.advance(60_000)
  assert.is((await plane.client.list(leases)).items.length, 0)
  await seen.terms[0]?.clients.as(masters).create(configMaps, map('a'))
  await plane.stop()
  assert.is(seen.log.filter((line) => line === 'start').length, 1)
  assert.is(seen.log.at(-1), 'stop')
})

test('a start that fails there fails the boot', async () => {
  const { entry } = worker({}, { terms: [], log: [] }, { is: true })
  await assert.rejects(() => boot({ plugins: [entry] }), /it cannot start/)
})

test('`always` elects over such a store too, in the background; `never` never does', async (t) => {
  const { entry, seen } = worker({ leaderElect: 'always' })
  const plane = await boot({ plugins: [entry, allowed] })
  t.defer(() => plane.stop())
  assert.equal(seen.log, [], 'the start did not wait for it')
  await plane.clock.advance(1)
  assert.equal(seen.log, ['start'])
  const { spec } = await plane.client.get(leases, 'kube-system', 'test-lease')
  assert.match(spec.holderIdentity ?? '', /^.+_[0-9a-f-]{36}$/)
  const never = worker({ leaderElect: 'never' })
  const all = await servers(t)
  const server = await all.boot([never.entry])
  await all.clock.advance(10_000)
  assert.equal(never.seen.log, ['start'])
  assert.is((await server.client.list(leases)).items.length, 0)
})

/** The election acts under a name of its own. */
const allowed: PluginEntry = {
  plugin: definePlugin({
    id: 'test-allow',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(context, { hooks }) {
      context.tap(hooks.authorize, ({ user }) => ({ allowed: user.name === 'system:test-lease', reason: '' }))
      return {}
    },
  }),
}

for (const [config, message] of [
  [{ leaseDurationMs: 5_000, renewDeadlineMs: 5_000 }, /leaseDurationMs \(5000\) must be greater than renewDeadlineMs/],
  [{ renewDeadlineMs: 2_400 }, /renewDeadlineMs \(2400\) must be greater than retryPeriodMs/],
  [{ leaderElect: 'sometimes' }, /leaderElect/],
] as const) {
  test(`refuses ${JSON.stringify(config)}`, () => assert.rejects(() => boot({ plugins: [worker(config).entry] }), message))
}

async function two(t: TestContext, config: object = {}) {
  const all = await servers(t)
  const [first, second] = [worker(config), worker(config)]
  const one = await all.boot([first.entry, allowed])
  const other = await all.boot([second.entry, allowed])
  await all.clock.advance(1)
  return { clock: all.clock, one, other, first: first.seen, second: second.seen }
}

test('of two servers over one store one works; the other when that one stops, at its next look', async (t) => {
  const { clock, one, first, second } = await two(t)
  assert.equal([first.log, second.log], [['start'], []])
  await clock.advance(30_000)
  assert.equal([first.log, second.log], [['start'], []])
  await Promise.all([one.stop(), clock.advance(1)])
  await clock.advance(2_400)
  assert.equal([first.log, second.log], [['start', 'stop'], ['start']])
})

test('who leads is told by Events of the lease', async (t) => {
  const { clock, one, other } = await two(t)
  await clock.advance(1_000)
  await Promise.all([one.stop(), clock.advance(1)])
  await clock.advance(3_000)
  const { items } = await other.client.list(events, { namespace: 'kube-system' })
  const told = items.filter(({ involvedObject: { kind, name } }) => kind === 'Lease' && name === 'test-lease')
  assert.equal(
    told.map(({ type, reason, message = '' }) => `${type} ${reason} ${message.replace(/^\S+_[0-9a-f-]{36} /, '')}`),
    ['Normal LeaderElection became leader', 'Normal LeaderElection stopped leading', 'Normal LeaderElection became leader'],
  )
  assert.is(new Set(told.map(({ message = '' }) => message.split(' ')[0])).size, 2)
})

test('what an old leader still wants to write is refused before the new one begins, and for good', async (t) => {
  const { clock, one, first, second } = await two(t)
  const old = first.terms[0]?.clients.as(masters)
  assert.ok(old)
  await old.create(configMaps, map('a'))
  one.pause()
  const late = old.create(configMaps, map('late')).then(
    () => 'written',
    (error: Error) => error.message,
  )
  await clock.advance(14_500)
  assert.equal(second.log, ['start'])
  one.resume()
  await clock.advance(1)
  assert.match(await late, /the lease test-lease is no longer as its holder left it|no longer holds the lease/)
  await clock.advance(10_000)
  assert.equal(first.log, ['start', 'stop'])
  await assert.rejects(() => old.create(configMaps, map('later')), /no longer holds the lease/)
})

test('a new leader sees all that the one before wrote, though its own watch is behind', async (t) => {
  const { clock, one, other, first, second } = await two(t)
  const informer = other.clients.informer(configMaps) as Informer<ConfigMap>
  await informer.whenSynced()
  await first.terms[0]?.clients.as(masters).create(configMaps, map('a'))
  one.pause()
  await clock.advance(14_500)
  const [term] = second.terms
  assert.ok(term)
  await term.settled(informer as never, new AbortController().signal)
  assert.ok(informer.get('default', 'a'))
  await assert.rejects(() => term.clients.as(masters).create(configMaps, map('a')), isExists)
})
