import { assert, suite } from '../testing/contract.js'
import { type AnyPlugin, type DavitError, definePlugin, type Kernel, many, SkipPlugin, Type } from './contract.js'
import { Stagehand, token } from './testing.js'

const states = (kernel: Kernel) => Object.fromEntries(kernel.status().map(({ id, state }) => [id, state]))

async function boot(stage: Stagehand) {
  const kernel = await stage.boot(
    stage.plugin('store', { provides: ['store'], stage: 'store' }),
    stage.plugin('api', { requires: ['store'], provides: ['api'], stage: 'api' }),
    stage.plugin('scheduler', { requires: ['api'] }),
    stage.plugin('watcher', { wants: ['api'] }),
    stage.plugin('other'),
  )
  stage.take()
  return kernel
}

const closure = suite('closure')
closure('restarts the plugin and all that stand on it, and nothing else', async () => {
  const stage = new Stagehand()
  const kernel = await boot(stage)
  await kernel.reload('api', { plugin: stage.plugin('api', { requires: ['store'], provides: ['api'], stage: 'api' }) })
  assert.equal(stage.take(), [
    ...['watcher drain', 'scheduler drain', 'api drain'],
    ...['watcher undo', 'scheduler undo', 'api undo'],
    ...['api setup', 'scheduler setup', 'watcher setup'],
    ...['api start', 'scheduler start', 'watcher start'],
  ])
  assert.equal(new Set(Object.values(states(kernel))), new Set(['running']))
  await kernel.stop()
  // The later life is stopped in reverse of its own order.
  assert.equal(
    stage.take().filter((line) => line.endsWith('undo')),
    [...['watcher undo', 'scheduler undo', 'api undo', 'store undo', 'other undo']],
  )
})
closure('hands the new implementation to those that depend on it', async () => {
  const stage = new Stagehand()
  const got: unknown[] = []
  const version = (value: number) => stage.plugin('a', { provides: ['a'], setup: () => ({ a: { value } }) })
  const taker = stage.plugin('b', { requires: ['a'], setup: (_context, { a }) => void got.push(a) })
  const kernel = await stage.boot(version(1), taker)
  await kernel.reload('a', { plugin: version(2) })
  assert.equal(got, [{ value: 1 }, { value: 2 }])
  assert.equal(kernel.get(token('a')), { value: 2 })
  await kernel.stop()
})
closure('a contributor of a `many` token is swapped alone', async () => {
  const stage = new Stagehand()
  const Score = many<number>('test.score/v1')
  const score = (value: number) =>
    stage.plugin('score', { extra: { provides: { score: Score } }, setup: () => ({ score: value }) })
  const host = stage.plugin('host', { extra: { requires: { scores: Score } }, provides: [] })
  const kernel = await stage.boot(host, score(1))
  stage.take()
  await kernel.reload('score', { plugin: score(2) })
  assert.equal(stage.take(), ['score drain', 'score undo', 'score setup', 'score start'])
  assert.equal(kernel.bag(Score).all(), [2])
  await kernel.stop()
})
closure('a new provider of a token reaches those that wanted it', async () => {
  const stage = new Stagehand()
  const got: unknown[] = []
  const kernel = await stage.boot(
    stage.plugin('a'),
    stage.plugin('b', { wants: ['thing'], setup: (_context, { thing }) => void got.push(thing) }),
  )
  await kernel.reload('a', { plugin: stage.plugin('a', { provides: ['thing'] }) })
  assert.equal(got, [undefined, { from: 'a' }])
  assert.equal(kernel.order, ['a', 'b'])
  await kernel.stop()
})
closure('new configuration is decoded like the first', async () => {
  const stage = new Stagehand()
  const seen: unknown[] = []
  const config = { version: 1, schema: Type.Object({ weight: Type.Integer({ default: 1 }) }) }
  const plugin = stage.plugin('a', { extra: { config }, setup: (context) => void seen.push(context.config) })
  const kernel = await stage.boot(plugin)
  await kernel.reload('a', { plugin, config: { weight: 7 } })
  assert.equal(seen, [{ weight: 1 }, { weight: 7 }])
  await kernel.stop()
})
closure('reloads run one at a time, in order of the calls, and stop waits for them', async () => {
  const stage = new Stagehand()
  const { clock } = stage.services
  const slow = (mark: string) =>
    stage.plugin('a', {
      async setup() {
        await clock.sleep(10)
        stage.journal.push(mark)
      },
    })
  const kernel = await stage.boot(stage.plugin('a'))
  stage.take()
  const all = Promise.all([
    kernel.reload('a', { plugin: slow('first') }),
    kernel.reload('a', { plugin: slow('second') }),
    kernel.stop(),
  ])
  await clock.advance(100)
  await all
  const marks = stage.take().filter((line) => line === 'first' || line === 'second' || line === 'a undo')
  assert.equal(marks, ['a undo', 'first', 'a undo', 'second', 'a undo'])
  await assert.rejects(kernel.reload('a', { plugin: slow('third') }), { code: 'DAVIT_KERNEL_STOPPED' })
})

const rollback = suite('roll-back')
for (const step of ['setup', 'start'] as const) {
  rollback(`after a failing ${step} what ran before runs again`, async () => {
    const stage = new Stagehand()
    const kernel = await boot(stage)
    const cause = new Error('new code is broken')
    const broken = stage.plugin('api', { requires: ['store'], provides: ['api'], [step]: () => Promise.reject(cause) })
    const error = (await assert.rejects(kernel.reload('api', { plugin: broken }), { code: 'DAVIT_RELOAD_FAILED' })) as DavitError
    assert.match(
      error.message,
      /reload of plugin "api" failed and was rolled back: plugin "api" failed in (setup|start): new code/,
    )
    assert.is((error.cause as DavitError).cause, cause)
    assert.equal(new Set(Object.values(states(kernel))), new Set(['running']))
    assert.equal(kernel.get(token('api')), { from: 'api' })
    const shown = kernel.status().find(({ id }) => id === 'api')
    assert.match(shown?.reason ?? '', /rolled back: .*new code is broken/)
    stage.take()
    await kernel.stop()
    assert.is(stage.take().filter((line) => line.endsWith('undo')).length, 5)
  })
}
rollback('a dependant that cannot live with the new one rolls back too', async () => {
  const stage = new Stagehand()
  const value = (number: number) => stage.plugin('a', { provides: ['a'], setup: () => ({ a: number }) })
  const picky = stage.plugin('b', {
    requires: ['a'],
    setup(_context, { a }) {
      if (a === 2) throw new Error('2 is too much')
    },
  })
  const kernel = await stage.boot(value(1), picky)
  await assert.rejects(kernel.reload('a', { plugin: value(2) }), '2 is too much')
  assert.is(kernel.get(token('a')) as unknown, 1)
  assert.equal(states(kernel), { a: 'running', b: 'running' })
  await kernel.stop()
})
rollback('what can be seen beforehand is refused before anything is touched', async () => {
  const stage = new Stagehand()
  const kernel = await boot(stage)
  const refused = async (plugin: AnyPlugin, message: string, config?: unknown) => {
    await assert.rejects(kernel.reload(plugin.id, { plugin, config }), message)
    assert.equal(stage.take(), [])
  }
  await refused(stage.plugin('api'), '"scheduler" requires api/v1, which no plugin provides')
  await refused(stage.plugin('store', { provides: ['store'], wants: ['api'] }), 'in a circle: api → store → api')
  await refused(stage.plugin('other', { provides: ['api'] }), '"api" and "other" both provide api/v1')
  await refused(stage.plugin('other'), 'this plugin has no configuration', { a: 1 })
  await refused(stage.plugin('nobody'), 'no plugin "nobody" is running')
  await assert.rejects(kernel.reload('other', { plugin: stage.plugin('renamed') }), 'ids never change')
  await kernel.stop()
})
rollback('a plugin that skips itself in a reload is skipped, unless somebody needs it', async () => {
  const stage = new Stagehand()
  const kernel = await boot(stage)
  const skip = () => {
    throw new SkipPlugin('not here')
  }
  await kernel.reload('other', { plugin: stage.plugin('other', { setup: skip }) })
  assert.is(states(kernel).other, 'skipped')
  const api = stage.plugin('api', { requires: ['store'], provides: ['api'], setup: skip })
  await assert.rejects(kernel.reload('api', { plugin: api }), 'plugin "scheduler" requires api/v1')
  assert.is(states(kernel).api, 'running')
  await kernel.stop()
})
rollback('a failed optional plugin comes up by a reload that mends it', async () => {
  const stage = new Stagehand()
  const plugin = stage.plugin('a', { provides: ['a'], setup: () => Promise.reject(new Error('no socket')) })
  const kernel = await stage.boot({ plugin, optional: true }, { plugin: stage.plugin('b', { requires: ['a'] }), optional: true })
  assert.equal(states(kernel), { a: 'failed', b: 'failed' })
  await kernel.reload('a', { plugin: stage.plugin('a', { provides: ['a'] }), optional: true })
  assert.equal(states(kernel), { a: 'running', b: 'running' })
  await kernel.stop()
})
rollback('when the way back fails too, both causes are told', async () => {
  const stage = new Stagehand()
  let lives = 0
  const once = stage.plugin('a', {
    setup() {
      lives += 1
      if (lives > 1) throw new Error('only once')
    },
  })
  const kernel = await stage.boot(once)
  const broken = stage.plugin('a', { setup: () => Promise.reject(new Error('new code')) })
  const error = await assert.rejects(kernel.reload('a', { plugin: broken }), { code: 'DAVIT_ROLLBACK_FAILED' })
  assert.match(error.message, /new code.*only once/)
  assert.equal(states(kernel), { a: 'failed' })
  await kernel.stop()
})

const shared = suite('shared')
class Port implements AsyncDisposable {
  static log: string[] = []
  constructor() {
    Port.log.push('open')
  }
  async [Symbol.asyncDispose]() {
    Port.log.push('close')
  }
}
shared.beforeEach(() => {
  Port.log = []
})
const sharer = (id: string, seen: Port[] = []) =>
  definePlugin({
    id,
    api: '^1.0',
    async setup({ shared: get }) {
      seen.push(await get('port', async () => new Port()))
      return {}
    },
  })
shared('is made once, survives the reload of its only user, and goes with the last one', async () => {
  const stage = new Stagehand()
  const seen: Port[] = []
  const kernel = await stage.boot(sharer('a', seen), sharer('b', seen))
  await kernel.reload('a', { plugin: sharer('a', seen) })
  assert.is(new Set(seen).size, 1)
  await kernel.reload('b', { plugin: stage.plugin('b') })
  await kernel.reload('a', { plugin: sharer('a', seen) })
  assert.equal(Port.log, ['open'])
  assert.is(seen[3], seen[0])
  await kernel.stop()
  assert.equal(Port.log, ['open', 'close'])
})
shared('survives a reload that is rolled back, and goes when the new code does not want it', async () => {
  const stage = new Stagehand()
  const kernel = await stage.boot(sharer('a'))
  const broken = stage.plugin('a', { setup: () => Promise.reject(new Error('broken')) })
  await assert.rejects(kernel.reload('a', { plugin: broken }))
  assert.equal(Port.log, ['open'])
  await kernel.reload('a', { plugin: stage.plugin('a') })
  assert.equal(Port.log, ['open', 'close'])
  await kernel.stop()
})
shared('a make that fails leaves nothing, and the next one may try again', async () => {
  const stage = new Stagehand()
  let attempts = 0
  const flaky = definePlugin({
    id: 'flaky',
    api: '^1.0',
    async setup({ shared: get }) {
      const make = async () => {
        attempts += 1
        if (attempts === 1) throw new Error('port taken')
        return new Port()
      }
      await assert.rejects(get('port', make), 'port taken')
      await get('port', make)
      return {}
    },
  })
  const kernel = await stage.boot(flaky)
  await kernel.stop()
  assert.equal(Port.log, ['open', 'close'])
})
