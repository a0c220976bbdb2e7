import type { ConfigMap } from '../kinds/contract.js'
import { assert, type Booted, boot, createTestServices, test } from '../testing/contract.js'
import { ApiError, type Client, configMaps, edit, LeaderElection, leases, type Term } from './contract.js'

const map: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' }, data: { n: '0' } }
const user = { name: 'tester', groups: ['system:masters'] }

/** A plane and a leader in it, whose term the test holds; `election` renews by `through`. */
async function leader(t: { defer(undo: () => unknown): void }, through: (client: Client) => Client = (client) => client) {
  const plane = await boot()
  t.defer(() => plane.stop())
  const terms: Term[] = []
  const { random, log } = createTestServices()
  const election = new LeaderElection({
    ...{ client: through(plane.client), clock: plane.clock, random, log },
    ...{ namespace: 'kube-system', name: 'the-lease', identity: 'one' },
    lead: (term) => {
      terms.push(term)
      return new Promise((resolve) => term.signal.addEventListener('abort', () => resolve(), { once: true }))
    },
  })
  t.defer(() => Promise.all([election.close(), plane.clock.advance(5_000)]))
  await plane.clock.advance(1)
  const fence = terms[0]?.fence
  assert.ok(fence)
  return { plane, fence, client: plane.clients.as(user, fence) }
}
const steal = ({ client }: Booted) =>
  client.patch(leases, 'kube-system', 'the-lease', 'merge', { spec: { holderIdentity: 'thief' } })
const refused = (error: unknown): boolean => error instanceof ApiError && error.code === 503 && /the lease/.test(error.message)

test('a leader writes: creates, updates, patches, deletes', async (t) => {
  const { client } = await leader(t)
  const made = await client.create(configMaps, map)
  const updated = await client.update(
    configMaps,
    edit(made, (draft) => {
      draft.data = { n: '1' }
    }),
  )
  assert.equal(updated.data, { n: '1' })
  assert.equal((await client.patch(configMaps, 'default', 'a', 'merge', { data: { n: '2' } })).data, { n: '2' })
  await client.delete(configMaps, 'default', 'a')
})

test('what the store would still take of a leader whose lease is another’s is refused, whatever its clock says', async (t) => {
  const { plane, client } = await leader(t)
  const made = await client.create(configMaps, map)
  await steal(plane)
  const draft = { ...map, metadata: { name: '', generateName: 'surplus-', namespace: 'default' } }
  await assert.rejects(() => client.create(configMaps, draft), refused)
  await assert.rejects(() => client.update(configMaps, { ...made, data: { n: '1' } }), refused)
  await assert.rejects(() => client.patch(configMaps, 'default', 'a', 'merge', { data: { n: '2' } }), refused)
  await assert.rejects(() => client.delete(configMaps, 'default', 'a'), refused)
  const left = await plane.client.list(configMaps, { namespace: 'default' })
  assert.equal(
    left.items.filter(({ metadata }) => metadata.name !== 'kube-root-ca.crt').map(({ data }) => data),
    [{ n: '0' }],
  )
})

test('without a renewal it is refused before the store is asked', async (t) => {
  let down = false
  const { plane, client, fence } = await leader(t, (real) => {
    const down503 = () => Promise.reject(ApiError.serviceUnavailable('down'))
    return new Proxy(real, { get: (target, name) => (down ? down503 : Reflect.get(target, name, target).bind(target)) })
  })
  down = true
  await plane.clock.advance(7_900)
  await client.create(configMaps, map)
  await plane.clock.advance(200)
  assert.throws(() => fence.check(), refused)
  await assert.rejects(() => client.get(configMaps, 'default', 'a'), refused)
  down = false
  await plane.clock.advance(3_000)
  // The next term has a fence of its own.
  await assert.rejects(() => client.get(configMaps, 'default', 'a'), refused)
})

test('renewals do not get into the way of writes, even of one that is sent while the answer is on its way', async (t) => {
  let answer: () => void = () => undefined
  let held: Promise<void> | undefined
  const { plane, client } = await leader(t, (real) => {
    const update: Client['update'] = async (...given) => {
      const result = await real.update(...given)
      await held
      return result
    }
    return new Proxy(real, {
      get: (target, name) => (name === 'update' ? update : Reflect.get(target, name, target).bind(target)),
    })
  })
  for (let n = 0; n < 10; n += 1) {
    await plane.clock.advance(1_100)
    await client.create(configMaps, { ...map, metadata: { name: `m${n}`, namespace: 'default' } })
  }
  held = new Promise((resolve) => {
    answer = resolve
  })
  await plane.clock.advance(2_500)
  let written = false
  const writing = client.create(configMaps, map).then(() => {
    written = true
  })
  await plane.clock.settle()
  assert.not(written, 'the lease stands in a version that its holder does not know yet')
  held = undefined
  answer()
  await writing
})

test('a conflict is still a conflict', async (t) => {
  const { client } = await leader(t)
  const made = await client.create(configMaps, map)
  await client.patch(configMaps, 'default', 'a', 'merge', { data: { n: '1' } })
  await assert.rejects(() => client.update(configMaps, { ...made, data: { n: '2' } }), /the object has been modified/)
  await assert.rejects(() => client.create(configMaps, map), /already exists/)
})
