import { endpointSlices, endpoints } from '../client/contract.js'
import { DavitError } from '../kernel/contract.js'
import { prefixEnd, type Store, StoreToken, type WatchSink } from '../store/contract.js'
import { assert, type Booted, boot, createTestServices, servers, type TestContext, test } from '../testing/contract.js'
import { ApiPipelineToken } from './contract.js'
import { tokenIssuer } from './host.js'
import { ServerAddresses } from './server-addresses.js'
import { addressed } from './testing.js'

/** Servers with the same keys, but for those that a test gives another `dataDirectory`. */
async function plane(t: TestContext) {
  const all = await servers(t)
  const common = await t.directory()
  const boot = (host: string, port: number, ca = '', dataDirectory = common) =>
    all.boot([{ plugin: tokenIssuer, config: { dataDirectory } }, ...addressed(host, port, ca)])
  return { all, boot }
}

/** "host:port" of what Pods find, by the slices and by the Endpoints. */
async function published({ client }: Pick<Booted, 'client'>): Promise<readonly string[]> {
  const labelSelector = 'kubernetes.io/service-name=kubernetes'
  const { items } = await client.list(endpointSlices, { namespace: 'default', labelSelector })
  const bySlices = items.flatMap(({ endpoints: hosts, ports }) =>
    hosts.flatMap(({ addresses }) => addresses.map((address) => `${address}:${ports?.[0]?.port}`)),
  )
  const { items: all } = await client.list(endpoints, { namespace: 'default' })
  const byEndpoints = all.flatMap(({ subsets = [] }) =>
    subsets.flatMap(({ addresses = [], ports }) => addresses.map(({ ip }) => `${ip}:${ports?.[0]?.port}`)),
  )
  assert.equal(bySlices.sort(), byEndpoints.sort())
  return bySlices
}

const keys = { from: '/davit.dev/servers//', to: prefixEnd('/davit.dev/servers//') }

/** Servers of which the test holds the addresses alone, over one store, which `through` may change. */
async function alone(t: TestContext, through: (store: Store) => Partial<Store> = () => ({})) {
  const plane = await boot()
  t.defer(() => plane.stop())
  const engine = plane.kernel.get(StoreToken)
  const changed = through(engine)
  const store = new Proxy(engine, {
    get(target, property) {
      const value = Reflect.get(changed, property) ?? Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const server = (host: string, tokenKeys: readonly string[] = ['key'], ca = '') => {
    const { ids, log } = createTestServices(host)
    const address = { url: `https://${host}:6443`, ca, endpoint: { host, port: 6443 } }
    const pipeline = plane.kernel.get(ApiPipelineToken)
    const made = new ServerAddresses({
      ...{ store, pipeline, clock: plane.clock, ids, log, address },
      tokenKeys: async () => tokenKeys,
    })
    t.defer(() => made.stop())
    return made
  }
  return { plane, engine, server }
}

test('all servers stand behind default/kubernetes; one that stops goes at once, one that dies a lease later', async (t) => {
  const { all, boot } = await plane(t)
  const one = await boot('10.1.2.3', 6443)
  assert.equal(await published(one), ['10.1.2.3:6443'])
  const two = await boot('10.1.2.4', 6443)
  await all.clock.advance(1)
  assert.equal(await published(one), ['10.1.2.3:6443', '10.1.2.4:6443'])
  const three = await boot('10.1.2.5', 6443)
  await all.clock.advance(60_000)
  assert.is((await published(one)).length, 3)
  await three.stop()
  await all.clock.advance(1)
  assert.equal(await published(one), ['10.1.2.3:6443', '10.1.2.4:6443'])
  two.pause()
  await all.clock.advance(9_000)
  assert.is((await published(one)).length, 2)
  await all.clock.advance(7_000)
  assert.equal(await published(one), ['10.1.2.3:6443'])
  two.resume()
  await all.clock.advance(6_000)
  assert.equal(await published(one), ['10.1.2.3:6443', '10.1.2.4:6443'], 'it stood still, and is back')
})

test('while none comes or goes nothing is written', async (t) => {
  const { all, boot } = await plane(t)
  const one = await boot('10.1.2.3', 6443)
  await boot('10.1.2.4', 6443)
  await all.clock.advance(1)
  const version = async () => (await one.client.list(endpoints, { namespace: 'default' })).resourceVersion
  const before = await version()
  await all.clock.advance(600_000)
  assert.is(await version(), before)
})

test('servers at several ports have a slice each; one that Pods do not reach is in none', async (t) => {
  const { all, boot } = await plane(t)
  const one = await boot('10.1.2.3', 6443)
  const two = await boot('10.1.2.3', 7443)
  await boot('', 0)
  await all.clock.advance(1)
  assert.equal(await published(one), ['10.1.2.3:6443', '10.1.2.3:7443'])
  const names = async () => (await one.client.list(endpointSlices)).items.map(({ metadata }) => metadata.name)
  assert.equal(await names(), ['kubernetes', 'kubernetes-7443'])
  await two.stop()
  await all.clock.advance(1)
  assert.equal([await published(one), await names()], [['10.1.2.3:6443'], ['kubernetes']])
})

test('servers that start at the same moment are all there', async (t) => {
  const { all, boot } = await plane(t)
  const one = await boot('10.1.2.3', 6443)
  await Promise.all(['10.1.2.4', '10.1.2.5', '10.1.2.6'].map((host) => boot(host, 6443)))
  await all.clock.advance(5_000)
  assert.is((await published(one)).length, 4)
})

test('a server with another CA is refused as long as a server with the first is there', async (t) => {
  const { all, boot } = await plane(t)
  const one = await boot('10.1.2.3', 6443, 'first')
  await assert.rejects(() => boot('10.1.2.4', 6443, 'second'), /have different CAs/)
  await one.stop()
  const two = await boot('10.1.2.4', 6443, 'second')
  await all.clock.advance(1)
  assert.equal(await published(two), ['10.1.2.4:6443'])
})

test('so is one with another key for tokens, which is there from the first start', async (t) => {
  const { boot } = await plane(t)
  await boot('10.1.2.3', 6443)
  const other = await t.directory()
  await assert.rejects(() => boot('10.1.2.4', 6443, '', other), /have different keys for tokens of service accounts/)
})

test('one that lost its key, and could not write it at first, is there again afterwards', async (t) => {
  const refusals: DavitError[] = []
  const { plane, engine, server } = await alone(t, (store) => ({
    async transact(transaction) {
      const own = transaction.operations.some(({ key }) => key.startsWith(keys.from))
      const refusal = own ? refusals.shift() : undefined
      if (refusal) throw refusal
      return store.transact(transaction)
    },
  }))
  await server('10.1.2.3').start()
  assert.equal(await published(plane), ['10.1.2.3:6443'])
  refusals.push(new DavitError('DAVIT_STORE_UNAVAILABLE', 'it does not answer'))
  const { entries } = await engine.range(keys)
  await engine.revokeLease(entries[0]?.lease ?? '')
  await plane.clock.advance(6_000)
  assert.is(refusals.length, 0)
  assert.equal(await published(plane), [])
  await plane.clock.advance(5_000)
  assert.equal(await published(plane), ['10.1.2.3:6443'])
  await plane.clock.advance(60_000)
  assert.equal(await published(plane), ['10.1.2.3:6443'])
})

test('a first attempt to write it again that comes late does not tie it to a lease that nobody keeps', async (t) => {
  let late: (() => Promise<unknown>) | undefined
  let holding = false
  const { plane, engine, server } = await alone(t, (store) => ({
    async transact(transaction) {
      if (!holding || !transaction.operations.some(({ key }) => key.startsWith(keys.from))) return store.transact(transaction)
      holding = false
      late = () => store.transact(transaction)
      throw new DavitError('DAVIT_STORE_UNAVAILABLE', 'it does not answer')
    },
  }))
  await server('10.1.2.3').start()
  holding = true
  const { entries } = await engine.range(keys)
  await engine.revokeLease(entries[0]?.lease ?? '')
  await plane.clock.advance(11_000)
  assert.equal(await published(plane), ['10.1.2.3:6443'])
  await late?.()
  await plane.clock.advance(60_000)
  assert.equal(await published(plane), ['10.1.2.3:6443'])
})

test('one that lost its key while a server with other keys came stays out until that one is gone', async (t) => {
  const { plane, engine, server } = await alone(t)
  await server('10.1.2.3').start()
  const { entries } = await engine.range(keys)
  await engine.revokeLease(entries[0]?.lease ?? '')
  const other = server('10.1.2.4', ['key'], 'another CA')
  await other.start()
  await plane.clock.advance(30_000)
  assert.equal(await published(plane), ['10.1.2.4:6443'])
  await other.stop()
  await plane.clock.advance(6_000)
  assert.equal(await published(plane), ['10.1.2.3:6443'])
})

test('of servers with different keys that start at the same moment, one is there and the others are refused', async (t) => {
  const { plane, server } = await alone(t)
  const hosts = ['10.1.2.3', '10.1.2.4', '10.1.2.5']
  const all = hosts.map((host) => server(host, ['key'], `CA of ${host}`))
  const outcomes = await Promise.allSettled(all.map((each) => each.start()))
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  assert.is(refused.length, 2)
  for (const { reason } of refused) assert.match(String(reason), /have different CAs/)
  await Promise.all(all.map((each, index) => outcomes[index]?.status === 'rejected' && each.stop()))
  await plane.clock.advance(1)
  const [left] = hosts.filter((_, index) => outcomes[index]?.status === 'fulfilled')
  assert.equal(await published(plane), [`${left}:6443`])
})

test('of two servers each has to know the key that the other signs with', async (t) => {
  const { server } = await alone(t)
  await server('10.1.2.3', ['old', 'coming']).start()
  await server('10.1.2.4', ['coming', 'old']).start()
  await assert.rejects(() => server('10.1.2.5', ['newest', 'coming', 'old']).start(), /different keys for tokens/)
  await assert.rejects(() => server('10.1.2.6', ['coming']).start(), /different keys for tokens/)
})

test('one that is stopped while it begins to follow anew opens no watch any more', async (t) => {
  let reading = Promise.resolve()
  const sinks: WatchSink[] = []
  const { plane, server } = await alone(t, (store) => ({
    async range(options) {
      const answer = await store.range(options)
      await reading
      return answer
    },
    watch(options, sink) {
      sinks.push(sink)
      return store.watch(options, sink)
    },
  }))
  const one = server('10.1.2.3')
  await one.start()
  let answer: () => void = () => undefined
  reading = new Promise((resolve) => {
    answer = resolve
  })
  sinks[0]?.end(new DavitError('DAVIT_STORE_COMPACTED', 'compacted'))
  await plane.clock.advance(1_100)
  const stopping = one.stop()
  answer()
  await stopping
  await plane.clock.advance(5_000)
  assert.is(sinks.length, 1)
})
