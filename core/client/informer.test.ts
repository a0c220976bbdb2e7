import type { ConfigMap } from '../kinds/contract.js'
import { assert, boot, createTestServices, test } from '../testing/contract.js'
import { ApiError, type Client, type ClientWatchSink, configMaps, type ObjectList } from './contract.js'
import { WatchingInformer } from './informer.js'

const configMap = (name: string, resourceVersion: string, uid = name): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', resourceVersion, uid },
})

/** A server whose every answer is the test's, for what a sound server seldom does. */
function scripted(lists: (ObjectList<ConfigMap> | ApiError)[]) {
  const calls: string[] = []
  const sinks: ClientWatchSink<ConfigMap>[] = []
  const client = {
    async list(_resource: unknown, options: { resourceVersion?: string; continue?: string }) {
      calls.push(`list ${options.continue ?? options.resourceVersion ?? 'newest'}`)
      const answer = lists.length > 1 ? lists.shift() : lists[0]
      if (answer instanceof ApiError) throw answer
      return answer
    },
    watch(_resource: unknown, options: { resourceVersion?: string }, sink: ClientWatchSink<ConfigMap>) {
      calls.push(`watch ${options.resourceVersion}`)
      sinks.push(sink)
      return { close: () => void calls.push('close') }
    },
  } as unknown as Client
  const services = createTestServices()
  const informer = new WatchingInformer({ client, resource: configMaps, scope: {}, pageSize: 2, ...services })
  const told: string[] = []
  informer.on({
    added: (object) => told.push(`added ${object.metadata.name}`),
    updated: (object) => told.push(`updated ${object.metadata.name}`),
    deleted: (object) => told.push(`deleted ${object.metadata.name}`),
  })
  const sink = (): ClientWatchSink<ConfigMap> => sinks.at(-1) as ClientWatchSink<ConfigMap>
  return { informer, calls, sink, told, ...services }
}

test('lists page by page, then watches from the version of the list', async () => {
  const { informer, calls, clock, told } = scripted([
    { items: [configMap('a', '1'), configMap('b', '2')], resourceVersion: '7', continue: 'more' },
    { items: [configMap('c', '3')], resourceVersion: '7' },
  ])
  assert.not(informer.synced)
  await informer.whenSynced()
  await clock.settle()
  assert.equal(calls, ['list 0', 'list more', 'watch 7'])
  assert.equal(told, ['added a', 'added b', 'added c'])
  informer.close()
  assert.is(calls.at(-1), 'close')
})

test('a watch that ends goes on from the last version that was seen, bookmarks included', async () => {
  const { informer, calls, clock, sink } = scripted([{ items: [], resourceVersion: '7' }])
  await clock.settle()
  sink().event('ADDED', configMap('a', '8'))
  sink().end()
  await clock.settle()
  sink().bookmark?.('12')
  sink().end()
  await clock.settle()
  assert.equal(calls, ['list 0', 'watch 7', 'watch 8', 'watch 12'])
  informer.close()
})

test('a watch that ends at once, again and again, is asked for with growing pauses', async () => {
  const { informer, calls, clock, sink, lines } = scripted([{ items: [], resourceVersion: '7' }])
  await clock.settle()
  const pauses: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const before = clock.monotonic()
    const { length } = calls
    sink().end()
    while (calls.length === length) await clock.advance(10)
    pauses.push(clock.monotonic() - before)
  }
  for (const [at, pause] of pauses.entries()) {
    const bound = 100 * 2 ** at
    assert.ok(pause >= bound / 2 && pause <= bound + 10, `pause ${at} is ${pause}`)
  }
  assert.is(lines.length, 5)
  informer.close()
  assert.is(clock.pending, 0)
})

test('history that is gone is made good by a new list, whose differences are told', async () => {
  const { informer, calls, clock, sink, told } = scripted([
    {
      items: [configMap('gone', '1'), configMap('kept', '2'), configMap('changed', '3'), configMap('other', '4')],
      resourceVersion: '7',
    },
    {
      items: [configMap('kept', '2'), configMap('changed', '9'), configMap('new', '10'), configMap('other', '11', 'b')],
      resourceVersion: '12',
    },
  ])
  await clock.settle()
  told.length = 0
  sink().end(ApiError.tooOld(7, 11))
  await clock.advance(200)
  assert.equal(calls, ['list 0', 'watch 7', 'list newest', 'watch 12'])
  assert.equal(told, ['deleted gone', 'updated changed', 'added new', 'deleted other', 'added other'])
  informer.close()
})

test('a server that cannot be reached is asked again until it answers', async () => {
  const down = ApiError.serviceUnavailable('down')
  const { informer, calls, clock } = scripted([down, down, { items: [configMap('a', '1')], resourceVersion: '7' }])
  const synced = informer.whenSynced()
  await clock.advance(1000)
  await synced
  assert.equal(calls, ['list 0', 'list 0', 'list 0', 'watch 7'])
  assert.is(informer.get('default', 'a')?.metadata.resourceVersion, '1')
  informer.close()
})

test('an event that was seen already is told to nobody', async () => {
  const { informer, clock, sink, told } = scripted([{ items: [configMap('a', '7')], resourceVersion: '7' }])
  await clock.settle()
  told.length = 0
  sink().event('MODIFIED', configMap('a', '7'))
  sink().event('DELETED', configMap('b', '8'))
  assert.equal(told, [])
  informer.close()
})

test('waiting for it ends with the signal, and with its own end', async () => {
  const { informer, clock } = scripted([ApiError.serviceUnavailable('down')])
  const controller = new AbortController()
  const first = informer.whenSynced(controller.signal)
  const second = informer.whenSynced()
  controller.abort(new Error('enough'))
  await assert.rejects(first, /enough/)
  informer.close()
  await assert.rejects(second, /closed/)
  await assert.rejects(informer.whenSynced(), /closed/)
  assert.is(clock.pending, 0)
})

test('a handler that throws costs the others nothing; one that is removed hears no more', async () => {
  const { informer, clock, sink, told, lines } = scripted([{ items: [], resourceVersion: '7' }])
  const heard: string[] = []
  informer.on({
    added() {
      throw new Error('a bug')
    },
  })
  const remove = informer.on({ added: (object) => heard.push(object.metadata.name) })
  informer.on({ added: () => heard.push('never') })()
  await clock.settle()
  sink().event('ADDED', configMap('a', '8'))
  remove()
  sink().event('ADDED', configMap('b', '9'))
  assert.equal(heard, ['a'])
  assert.equal(told, ['added a', 'added b'])
  assert.is(lines.filter((line) => line.message === 'a handler of an informer threw').length, 2)
  informer.close()
})

test('objects of one name in many namespaces, and indexes that follow changes', async () => {
  const at = (namespace: string, version: string, colors: string[]): ConfigMap => ({
    ...configMap('a', version, namespace),
    metadata: { name: 'a', namespace, resourceVersion: version, uid: namespace },
    data: { colors: colors.join() },
  })
  const { informer, clock, sink } = scripted([{ items: [at('x', '1', ['red'])], resourceVersion: '7' }])
  await clock.settle()
  informer.index('color', (object) => object.data?.colors?.split(',') ?? [])
  informer.index('color', () => ['never'])
  sink().event('ADDED', at('y', '8', ['red', 'blue']))
  const namespacesOf = (color: string) => informer.byIndex('color', color).map((object) => object.metadata.namespace)
  assert.equal(namespacesOf('red'), ['x', 'y'])
  assert.equal(namespacesOf('blue'), ['y'])
  sink().event('MODIFIED', at('y', '9', ['green']))
  assert.equal([namespacesOf('red'), namespacesOf('blue'), namespacesOf('green')], [['x'], [], ['y']])
  sink().event('DELETED', at('x', '10', ['red']))
  assert.equal([namespacesOf('red'), namespacesOf('never')], [[], []])
  assert.equal(
    informer.list().map((object) => object.metadata.namespace),
    ['y'],
  )
  assert.is(informer.list(), informer.list())
  assert.equal(informer.list('x'), [])
  assert.throws(() => informer.byIndex('unknown', ''), /no index/)
  informer.close()
})

test('in process it holds the very objects of the API', async (t) => {
  const plane = await boot()
  t.defer(() => plane.stop())
  const informer = plane.clients.informer(configMaps, { namespace: 'default' })
  await informer.whenSynced()
  await plane.client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'default' } })
  await plane.clock.settle()
  const held = informer.get('default', 'a')
  assert.ok(held)
  assert.is(await plane.client.get(configMaps, 'default', 'a'), held)
})

test('whenCurrent lists anew, the newest, and tells what differs; a list that began before does not do', async () => {
  const { informer, calls, clock, told } = scripted([
    { items: [configMap('a', '1'), configMap('b', '2')], resourceVersion: '7' },
    { items: [configMap('a', '9')], resourceVersion: '9' },
  ])
  const early = informer.whenCurrent()
  await clock.settle()
  await early
  assert.equal(
    calls.filter((call) => call.startsWith('list')),
    ['list 0', 'list newest'],
  )
  assert.equal(told, ['added a'])
  calls.length = 0
  await Promise.all([informer.whenCurrent(), informer.whenCurrent()])
  await clock.settle()
  assert.equal(calls, ['close', 'list newest', 'watch 9'])
  informer.close()
})

test('whenCurrent ends with its signal and with the informer', async () => {
  const { informer, clock } = scripted([ApiError.serviceUnavailable('down')])
  const abort = new AbortController()
  const aborted = informer.whenCurrent(abort.signal)
  const closed = informer.whenCurrent()
  await clock.settle()
  abort.abort(new Error('enough'))
  await assert.rejects(() => aborted, /enough/)
  informer.close()
  await assert.rejects(() => closed, /closed/)
})
