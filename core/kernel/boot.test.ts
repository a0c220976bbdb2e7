import { assert, suite } from '../testing/contract.js'
import { createSlot, type DavitError, type Kernel, type PluginStatus, SkipPlugin, Type } from './contract.js'
import { Stagehand, token } from './testing.js'

const states = (kernel: Kernel) => Object.fromEntries(kernel.status().map(({ id, state }) => [id, state]))

const life = suite('life')
life('sets up by the graph, starts behind the barriers, stops in exact reverse', async () => {
  const stage = new Stagehand()
  const kernel = await stage.boot(
    stage.plugin('c-node', { stage: 'node' }),
    stage.plugin('b-api', { requires: ['store'], provides: ['api'], stage: 'api' }),
    stage.plugin('a-control', { requires: ['api'] }),
    stage.plugin('z-store', { provides: ['store'], stage: 'store' }),
  )
  assert.equal(kernel.order, ['c-node', 'z-store', 'b-api', 'a-control'])
  assert.equal(stage.take(), [
    ...['c-node setup', 'z-store setup', 'b-api setup', 'a-control setup'],
    ...['z-store start', 'b-api start', 'a-control start', 'c-node start'],
  ])
  await kernel.stop()
  await kernel.stop()
  assert.equal(stage.take(), [
    ...['c-node drain', 'a-control drain', 'b-api drain', 'z-store drain'],
    ...['a-control undo', 'b-api undo', 'z-store undo', 'c-node undo'],
  ])
  assert.equal(new Set(Object.values(states(kernel))), new Set(['stopped']))
})
life('is the same for every order of the entries', async () => {
  const run = async (turn: number) => {
    const stage = new Stagehand()
    const plugins = [
      stage.plugin('a', { requires: ['x'], provides: ['y'] }),
      stage.plugin('b', { provides: ['x'], stage: 'edge' }),
      stage.plugin('c', { requires: ['y'], stage: 'store' }),
      stage.plugin('d'),
      stage.plugin('e', { wants: ['y'] }),
    ]
    for (let index = 0; index < turn; index += 1) {
      const from = (index * 3 + turn) % plugins.length
      plugins.push(...plugins.splice(from, 1))
    }
    const kernel = await stage.boot(...plugins)
    await kernel.stop()
    return { order: kernel.order, journal: stage.take() }
  }
  const first = await run(0)
  for (let turn = 1; turn <= 50; turn += 1) assert.equal(await run(turn), first)
})
const turn = () => new Promise((resolve) => setTimeout(resolve, 10))
life('after the start of all begins what nobody waits for; the undo waits for its end', async () => {
  const stage = new Stagehand()
  const ended: string[] = []
  const late = stage.plugin('late', {
    stage: 'store',
    setup: ({ signal, defer }) => {
      signal.addEventListener('abort', () => ended.push('aborted'))
      defer(() => void ended.push('undone'))
    },
    afterStart: async () => {
      while (ended.length === 0) await turn()
      await turn()
      ended.push('done')
    },
  })
  const kernel = await stage.boot(late, stage.plugin('other', { stage: 'node' }))
  assert.equal(stage.take().slice(-2), ['late start', 'other start'])
  await turn()
  assert.equal(stage.take(), ['late after start'])
  await kernel.stop()
  assert.equal(ended, ['aborted', 'done', 'undone'])
})
life('what fails after the start is logged; a kernel that stops at once begins nothing', async () => {
  const stage = new Stagehand()
  const failing = stage.plugin('a', { afterStart: () => Promise.reject(new Error('no room')) })
  const kernel = await stage.boot(failing)
  await turn()
  assert.is(stage.services.lines.filter(({ message }) => message === 'afterStart failed').length, 1)
  assert.equal(states(kernel), { a: 'running' })
  await kernel.stop()
  stage.take()
  await (await stage.boot(failing)).stop()
  await turn()
  assert.not.ok(stage.take().includes('a after start'))
})
life('hands over what was declared, and nothing else', async () => {
  const stage = new Stagehand()
  const got: unknown[] = []
  const kernel = await stage.boot(
    stage.plugin('giver', { provides: ['thing', 'other'] }),
    stage.plugin('taker', {
      requires: ['thing'],
      wants: ['nothing'],
      setup: (_context, received) => void got.push(received),
    }),
  )
  assert.equal(got, [{ thing: { from: 'giver' }, nothing: undefined }])
  assert.equal(kernel.get(token('thing')), { from: 'giver' })
  assert.fails(() => kernel.get(token('nothing')), { code: 'DAVIT_PLUGIN_MISSING' })
  await kernel.stop()
  assert.fails(() => kernel.get(token('thing')), { code: 'DAVIT_PLUGIN_MISSING' })
})
life('gives the context its id, version, frozen configuration and services', async () => {
  const stage = new Stagehand()
  const seen: unknown[] = []
  const config = { version: 1, schema: Type.Object({ weight: Type.Integer({ default: 2 }) }) }
  const plugin = stage.plugin('a', {
    extra: { config, version: '3.2.1', supports: { fast: true } },
    setup(context) {
      context.log.info({ more: 1 }, 'hello')
      seen.push(context.id, context.version, context.config, context.clock === stage.services.clock, context.signal.aborted)
    },
  })
  const kernel = await stage.boot({ plugin, name: 'second', config: { weight: 5 } })
  assert.equal(seen, ['a:second', '3.2.1', { weight: 5 }, true, false])
  assert.equal(stage.services.lines, [{ level: 'info', fields: { plugin: 'a:second', more: 1 }, message: 'hello' }])
  assert.equal(kernel.status()[0]?.supports, { fast: true })
  await kernel.stop()
})
life('one plugin may have several entries with names, but not two of the same', async () => {
  const stage = new Stagehand()
  const plugin = stage.plugin('a')
  const kernel = await stage.boot({ plugin, name: 'x' }, { plugin, name: 'y' }, plugin)
  assert.equal(kernel.order, ['a', 'a:x', 'a:y'])
  await kernel.stop()
  const twice = stage.boot({ plugin, source: 'davit.yaml: plugins[0]' }, { plugin, source: 'davit.yaml: plugins[4]' })
  const error = await assert.rejects(twice, { code: 'DAVIT_PLUGIN_DUPLICATE' })
  assert.match(error.message, /plugins\[0\] and davit\.yaml: plugins\[4\]/)
})
life('ten times up and down leaves nothing', async () => {
  const stage = new Stagehand()
  const slot = createSlot<[], void>('test.slot', 'sync')
  const listeners: AbortSignal[] = []
  for (let round = 0; round < 10; round += 1) {
    const kernel = await stage.boot(
      stage.plugin('a', { provides: ['a'], setup: ({ tap }) => void tap(slot, () => {}) }),
      stage.plugin('b', { requires: ['a'], setup: ({ signal }) => void listeners.push(signal) }),
    )
    assert.is(slot.taps.length, 1)
    await kernel.stop()
    assert.is(slot.taps.length, 0)
  }
  assert.ok(listeners.every(({ aborted }) => aborted))
  assert.is(stage.services.clock.pending, 0)
})

const failure = suite('failure')
failure('in setup undoes, in reverse, what was there, and names the plugin', async () => {
  const stage = new Stagehand()
  const cause = new Error('no disk')
  const broken = stage.plugin('b', {
    requires: ['a'],
    setup({ defer }) {
      defer(() => void stage.journal.push('b second undo'))
      throw cause
    },
  })
  const error = (await assert.rejects(
    stage.boot(stage.plugin('a', { provides: ['a'] }), broken, stage.plugin('c')),
  )) as DavitError
  assert.is(error.code, 'DAVIT_PLUGIN_FAILED')
  assert.is(error.message, 'plugin "b" failed in setup: no disk')
  assert.is(error.cause, cause)
  assert.equal(stage.take(), ['a setup', 'b setup', 'b second undo', 'b undo', 'a undo'])
})
failure('in start drains what had started, and undoes everything', async () => {
  const stage = new Stagehand()
  const broken = stage.plugin('b', {
    start() {
      throw new Error('port taken')
    },
  })
  const booting = stage.boot(stage.plugin('a'), broken, stage.plugin('c'))
  await assert.rejects(booting, 'plugin "b" failed in start: port taken')
  assert.equal(stage.take(), [
    ...['a setup', 'b setup', 'c setup', 'a start', 'b start'],
    ...['a drain', 'c undo', 'b undo', 'a undo'],
  ])
})
failure('of undos is logged, does not stop the others, and is told by stop', async () => {
  const stage = new Stagehand()
  const plugin = stage.plugin('a', {
    setup({ defer }) {
      defer(() => {
        throw new Error('stuck file')
      })
      defer(() => Promise.reject(new Error('stuck port')))
    },
    drain() {
      throw new Error('stuck request')
    },
  })
  const kernel = await stage.boot(plugin, stage.plugin('b'))
  const error = await assert.rejects(kernel.stop())
  assert.instance(error, AggregateError)
  assert.equal(
    (error as AggregateError).errors.map((each: Error) => each.message),
    ['stuck request', 'stuck port', 'stuck file'],
  )
  assert.equal(stage.take().slice(-2), ['b undo', 'a undo'])
  assert.is(stage.services.lines.filter(({ level }) => level === 'error').length, 3)
})
for (const step of ['setup', 'start', 'drain', 'dispose'] as const) {
  failure(`to finish ${step} in time names the plugin`, async () => {
    const stage = new Stagehand()
    const hang = () => new Promise<void>(() => {})
    const recipe =
      step === 'dispose'
        ? { setup: ({ defer }: { defer(undo: () => Promise<void>): void }) => void defer(hang) }
        : { [step]: hang }
    const slow = stage.plugin('slow', { ...recipe, deadlineMs: 5_000 })
    const ends = step === 'setup' || step === 'start' ? stage.boot(slow) : (await stage.boot(slow)).stop()
    const rejected = assert.rejects(ends, `plugin "slow" did not finish ${step} within 5000 ms`)
    await stage.services.clock.advance(5_000)
    await rejected
  })
}
failure('what a late set-up acquires is released at once', async () => {
  const stage = new Stagehand()
  let wake = (): void => {}
  const late = stage.plugin('late', {
    deadlineMs: 1_000,
    async setup({ defer }) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
      defer(() => void stage.journal.push('late release'))
    },
  })
  const rejected = assert.rejects(stage.boot(late), { code: 'DAVIT_DEADLINE' })
  await stage.services.clock.advance(1_000)
  await rejected
  wake()
  await stage.services.clock.settle()
  assert.equal(stage.take(), ['late setup', 'late undo', 'late release'])
})
failure('to give what was declared, or to declare what was given, is the plugin’s fault', async () => {
  const stage = new Stagehand()
  const silent = stage.plugin('silent', { provides: ['a'], setup: () => ({}) })
  await assert.rejects(stage.boot(silent), 'plugin "silent": its setup does not give "a" (a/v1)')
  const chatty = stage.plugin('chatty', { setup: () => ({ b: 1 }) })
  await assert.rejects(stage.boot(chatty), 'plugin "chatty": its setup gives "b", which it does not declare')
})
failure('a plugin that is none, or for another API, is refused before anything runs', async () => {
  const stage = new Stagehand()
  const future = stage.plugin('future', { extra: { api: '^2.0' } })
  await assert.rejects(stage.boot(stage.plugin('a'), future), 'plugin "future" needs plugin API ^2.0; this is 1.0')
  await assert.rejects(stage.boot(stage.plugin('a'), stage.plugin('newer', { extra: { api: '^1.9' } })), {
    code: 'DAVIT_PLUGIN_API',
  })
  await assert.rejects(stage.boot(stage.plugin('Bad_Id')), { code: 'DAVIT_PLUGIN_INVALID' })
  assert.equal(stage.take(), [])
})

const absent = suite('skipped and optional')
const skip = () => {
  throw new SkipPlugin('no IPVS in this kernel')
}
absent('a skipped plugin is a state with a reason, and undone', async () => {
  const stage = new Stagehand()
  const kernel = await stage.boot(stage.plugin('a', { setup: skip, provides: ['a'] }), stage.plugin('b', { wants: ['a'] }))
  assert.equal(states(kernel), { a: 'skipped', b: 'running' })
  assert.is(kernel.status()[0]?.reason, 'no IPVS in this kernel')
  assert.equal(stage.take(), ['a setup', 'a undo', 'b setup', 'b start'])
  await kernel.stop()
  assert.equal(states(kernel), { a: 'skipped', b: 'stopped' })
})
absent('a skip by another copy of the class counts too', async () => {
  const stage = new Stagehand()
  const foreign = Object.assign(new Error('elsewhere'), { [Symbol.for('davit:skip-plugin')]: true })
  const kernel = await stage.boot(stage.plugin('a', { setup: () => Promise.reject(foreign) }))
  assert.equal(states(kernel), { a: 'skipped' })
  await kernel.stop()
})
absent('who requires a skipped plugin stops the boot, unless it is optional: then it is skipped too', async () => {
  const stage = new Stagehand()
  const skipped = stage.plugin('a', { setup: skip, provides: ['a'] })
  const needy = stage.plugin('b', { requires: ['a'], provides: ['b'] })
  const error = await assert.rejects(stage.boot(skipped, needy), { code: 'DAVIT_PLUGIN_MISSING' })
  assert.is(error.message, 'plugin "b" requires a/v1, which "a" provides, and that is skipped: no IPVS in this kernel')
  const kernel = await stage.boot(
    skipped,
    { plugin: needy, optional: true },
    { plugin: stage.plugin('c', { requires: ['b'] }), optional: true },
  )
  assert.equal(states(kernel), { a: 'skipped', b: 'skipped', c: 'skipped' })
  await kernel.stop()
})
absent('an optional plugin that fails is shown with its reason, and the rest runs', async () => {
  const stage = new Stagehand()
  const fail = () => {
    throw new Error('no socket')
  }
  const config = { version: 1, schema: Type.Object({ weight: Type.Integer({ default: 2 }) }) }
  const kernel = await stage.boot(
    { plugin: stage.plugin('in-setup', { setup: fail, provides: ['x'] }), optional: true },
    { plugin: stage.plugin('in-start', { start: fail, provides: ['y'] }), optional: true },
    { plugin: stage.plugin('in-config', { extra: { config } }), config: { wieght: 1 }, optional: true },
    { plugin: stage.plugin('lonely', { requires: ['nowhere'] }), optional: true },
    { plugin: stage.plugin('needs-start', { requires: ['y'] }), optional: true },
    stage.plugin('wants-start', {
      wants: ['y'],
      setup: (_context, { y }) => void stage.journal.push(`with ${JSON.stringify(y)}`),
    }),
    stage.plugin('sound'),
  )
  assert.equal(states(kernel), {
    'in-config': 'failed',
    'in-setup': 'failed',
    'in-start': 'failed',
    lonely: 'failed',
    'needs-start': 'failed',
    sound: 'running',
    'wants-start': 'running',
  })
  const reasons = Object.fromEntries(kernel.status().map(({ id, reason }) => [id, reason]))
  assert.is(reasons['in-setup'], 'setup failed: no socket')
  assert.is(reasons['in-start'], 'start failed: no socket')
  assert.match(reasons['in-config'] ?? '', /config\.wieght: unknown key/)
  assert.is(reasons.lonely, 'requires nowhere/v1, which no plugin provides')
  assert.match(reasons['needs-start'] ?? '', /"in-start" provides, and that is failed: start failed/)
  // Set up with it, then again without it, because it fell away in start.
  assert.equal(
    stage.journal.filter((line) => line.startsWith('with')),
    ['with {"from":"in-start"}', 'with undefined'],
  )
  await kernel.stop()
})
absent('a failing optional plugin takes the boot down when a mandatory one requires it', async () => {
  const stage = new Stagehand()
  const optional = {
    plugin: stage.plugin('a', { provides: ['a'], start: () => Promise.reject(new Error('late')) }),
    optional: true,
  }
  await assert.rejects(
    stage.boot(optional, stage.plugin('b', { requires: ['a'] })),
    'plugin "b" requires a/v1, which "a" provides',
  )
  assert.equal(stage.take().slice(-2), ['b undo', 'a undo'])
})

const status = suite('status')
status('shows every plugin with its times, tokens and taps', async () => {
  const stage = new Stagehand()
  const slot = createSlot<[], void>('test.slot', 'sync')
  const { clock } = stage.services
  const booting = stage.boot(
    stage.plugin('a', {
      provides: ['a'],
      wants: ['z', 'b'],
      stage: 'edge',
      async setup({ tap }) {
        await clock.sleep(30)
        tap(slot, () => {}, { stage: 3 })
      },
      start: () => clock.sleep(20),
    }),
  )
  await clock.advance(100)
  const kernel = await booting
  slot.call()
  const [shown] = kernel.status() as [PluginStatus]
  assert.equal(
    { ...shown, taps: [] },
    {
      id: 'a',
      version: '0.1.0',
      stage: 'edge',
      state: 'running',
      reason: '',
      optional: false,
      setupMs: 30,
      startMs: 20,
      requires: ['b/v1', 'z/v1'],
      provides: ['a/v1'],
      taps: [],
      supports: {},
    },
  )
  assert.equal(
    shown.taps.map((tap) => ({ ...tap, totalMs: 0 })),
    [{ slot: 'test.slot', owner: 'a', stage: 3, calls: 1, totalMs: 0 }],
  )
  await kernel.stop()
})
status('tells every change of state, and a listener that throws does no harm', async () => {
  const stage = new Stagehand()
  const kernel = await stage.boot(stage.plugin('a'))
  const seen: string[] = []
  kernel.changed.tap('test', ({ id, state }) => {
    seen.push(`${id} ${state}`)
    throw new Error('listener')
  })
  await kernel.stop()
  assert.equal(seen, ['a draining', 'a stopped'])
  assert.is(stage.services.lines.filter(({ message }) => message.includes('listener')).length, 2)
})
