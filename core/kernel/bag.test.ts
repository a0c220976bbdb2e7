import { assert, createTestServices, test } from '../testing/contract.js'
import { bootKernel } from './boot.js'
import { type AnyPlugin, type Bag, definePlugin, many } from './contract.js'

interface Score {
  readonly name: string
}
const Score = many<Score>('test.score/v1')
const giver = (id: string, ...names: string[]): AnyPlugin =>
  definePlugin({
    id,
    api: '^1.0',
    provides: { score: Score },
    setup: async () => ({ provides: { score: names.map((name) => ({ name })) } }),
  })

async function bootHost(...givers: AnyPlugin[]) {
  let received: Bag<Score> | undefined
  const host = definePlugin({
    id: 'host',
    api: '^1.0',
    requires: { scores: Score },
    async setup(_context, { scores }) {
      received = scores
      return {}
    },
  })
  const services = createTestServices()
  const kernel = await bootKernel(
    [host, ...givers].map((plugin) => ({ plugin })),
    services,
  )
  assert.ok(received)
  return { kernel, bag: received, services }
}
const names = (bag: Bag<Score>): string[] => bag.all().map(({ name }) => name)

test('is ordered by owner, then as the owner listed, before and after the host', async () => {
  const { kernel, bag } = await bootHost(giver('zone', 'z'), giver('alpha', 'second', 'first'))
  assert.equal(names(bag), ['second', 'first', 'z'])
  assert.equal(
    bag.entries().map(({ owner, value }) => `${owner} ${value.name}`),
    ['alpha second', 'alpha first', 'zone z'],
  )
  assert.is(kernel.bag(Score).all(), bag.all())
  await kernel.stop()
})

test('gives the same frozen array until a contributor comes or goes', async () => {
  const { kernel, bag } = await bootHost(giver('a', 'a'))
  const first = bag.all()
  assert.is(bag.all(), first)
  assert.ok(Object.isFrozen(first) && Object.isFrozen(bag.entries()))
  await kernel.reload('a', { plugin: giver('a', 'new') })
  assert.is.not(bag.all(), first)
  assert.equal(first, [{ name: 'a' }])
  assert.equal(names(bag), ['new'])
  await kernel.stop()
  assert.equal(bag.all(), [])
})

test('takes a single thing as a list of one, and none where nobody gives', async () => {
  const single = definePlugin({
    id: 'single',
    api: '^1.0',
    provides: { score: Score },
    setup: async () => ({ provides: { score: { name: 'only' } } }),
  })
  const { kernel, bag } = await bootHost(single, giver('empty'))
  assert.equal(names(bag), ['only'])
  await kernel.stop()
  const alone = await bootHost()
  assert.equal(alone.bag.all(), [])
  await alone.kernel.stop()
})

test('tells its listeners in the turn of the change, and one that throws does no harm', async () => {
  const { kernel, bag, services } = await bootHost(giver('a', 'a'))
  const seen: string[][] = []
  bag.onChange(() => {
    throw new Error('careless')
  })
  const stop = bag.onChange(() => seen.push(names(bag)))
  await kernel.reload('a', { plugin: giver('a', 'x', 'y') })
  assert.equal(seen, [[], ['x', 'y']])
  assert.ok(services.lines.some(({ message }) => message.includes('bag listener')))
  stop()
  await kernel.stop()
  assert.is(seen.length, 2)
})
