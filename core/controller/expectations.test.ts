import { type InformerEvents, pods } from '../client/contract.js'
import type { KubeObject, Pod } from '../kinds/contract.js'
import { assert, boot, createVirtualClock, test } from '../testing/contract.js'
import { Expectations } from './contract.js'

const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'a', image: 'a' }] },
})
const at = (name: string, resourceVersion: string, more: object = {}): KubeObject => ({
  ...pod(name),
  metadata: { name, namespace: 'default', uid: `uid of ${name}`, resourceVersion, ...more },
})

const web = at('web', '1')

/** An informer of which the test says what it shows, and when: being behind is what this is about. */
function scripted() {
  const shown = new Map<string, KubeObject>()
  const handlers = new Set<InformerEvents<KubeObject>>()
  const clock = createVirtualClock()
  const informer = {
    synced: true,
    whenSynced: async () => undefined,
    get: (_namespace: string, name: string) => shown.get(name),
    list: () => [...shown.values()],
    index: () => undefined,
    byIndex: () => [],
    on: (events: InformerEvents<KubeObject>) => {
      handlers.add(events)
      return () => void handlers.delete(events)
    },
  }
  const expectations = new Expectations({ informer, clock })
  return {
    clock,
    expectations,
    handlers,
    show(object: KubeObject) {
      const old = shown.get(object.metadata.name)
      shown.set(object.metadata.name, object)
      for (const events of handlers) old ? events.updated?.(object, old) : events.added?.(object)
    },
    drop(object: KubeObject) {
      shown.delete(object.metadata.name)
      for (const events of handlers) events.deleted?.(object)
    },
  }
}

test('nothing done, nothing outstanding', () => {
  const { expectations } = scripted()
  assert.is(expectations.outstanding(web), undefined)
})

test('a creation is outstanding until the informer shows it', () => {
  const { expectations, show } = scripted()
  expectations.created(web, at('a', '10'))
  expectations.created(web, at('b', '11'))
  assert.is(expectations.outstanding(web), 300_000)
  assert.is(expectations.outstanding(at('other', '1')), undefined, 'other owners do not wait')
  show(at('a', '10'))
  assert.ok(expectations.outstanding(web))
  show(at('b', '11'))
  assert.is(expectations.outstanding(web), undefined)
})

test('a creation that the informer showed before the answer came is not outstanding', () => {
  const { expectations, show } = scripted()
  show(at('a', '10'))
  expectations.created(web, at('a', '10'))
  assert.is(expectations.outstanding(web), undefined)
})

test('a Pod that came and went before anybody looked is not waited for', () => {
  const { expectations, show, drop } = scripted()
  expectations.created(web, at('a', '10'))
  show(at('a', '10'))
  drop(at('a', '12'))
  assert.is(expectations.outstanding(web), undefined)
})

test('versions are compared as numbers of any length', () => {
  const { expectations, show } = scripted()
  expectations.created(web, at('a', '9007199254740993'))
  show(at('b', '9007199254740992'))
  assert.ok(expectations.outstanding(web))
  show(at('a', '9007199254740993'))
  assert.is(expectations.outstanding(web), undefined)
})

const ends: readonly [string, (script: ReturnType<typeof scripted>) => void][] = [
  ['marked', ({ show }) => show(at('a', '20', { deletionTimestamp: '2024-01-01T00:00:00Z' }))],
  ['gone', ({ drop }) => drop(at('a', '20'))],
  ['replaced', ({ show }) => show(at('a', '20', { uid: 'another' }))],
]
for (const [name, end] of ends) {
  test(`a deletion is outstanding until the object is ${name}`, () => {
    const script = scripted()
    script.show(at('a', '10'))
    script.expectations.deleted(web, at('a', '10'))
    assert.ok(script.expectations.outstanding(web))
    script.show(at('a', '15', { labels: { changed: 'yes' } }))
    assert.ok(script.expectations.outstanding(web), 'another change is not it')
    end(script)
    assert.is(script.expectations.outstanding(web), undefined)
  })
}

test('after five minutes it is given up, counted from the last write', async () => {
  const { expectations, clock } = scripted()
  expectations.created(web, at('a', '10'))
  await clock.advance(200_000)
  assert.is(expectations.outstanding(web), 100_000)
  expectations.created(web, at('b', '11'))
  await clock.advance(299_999)
  assert.is(expectations.outstanding(web), 1)
  await clock.advance(1)
  assert.is(expectations.outstanding(web), undefined)
})

test('another owner of the same name inherits nothing, and its own is not mixed with that of the first', () => {
  const { expectations, show } = scripted()
  const again = at('web', '9', { uid: 'another' })
  expectations.created(web, at('a', '10'))
  expectations.deleted(web, at('b', '8'))
  assert.is(expectations.outstanding(again), undefined)
  expectations.created(again, at('c', '11'))
  assert.is(expectations.outstanding(again), 300_000)
  assert.is(expectations.outstanding(web), undefined, 'the first is gone, and nobody asks for it')
  show(at('c', '11'))
  assert.is(expectations.outstanding(again), undefined)
})

test('a key is forgotten, and closing listens no more', () => {
  const { expectations, handlers } = scripted()
  expectations.created(web, at('a', '10'))
  expectations.forget('default/web')
  assert.is(expectations.outstanding(web), undefined)
  expectations.close()
  expectations.close()
  assert.is(handlers.size, 0)
})

test('over the real API: own writes are outstanding until the informer has them', async (t) => {
  const { client, clients, clock, stop } = await boot()
  t.defer(stop)
  const informer = clients.informer(pods)
  await informer.whenSynced()
  const expectations = new Expectations({ informer, clock })
  t.defer(() => expectations.close())
  const made = await client.create(pods, pod('a'))
  expectations.created(web, made)
  await clock.settle()
  assert.is(expectations.outstanding(web), undefined)
  await client.delete(pods, 'default', 'a')
  expectations.deleted(web, made)
  await clock.settle()
  assert.is(expectations.outstanding(web), undefined)
})
