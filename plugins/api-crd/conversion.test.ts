import type { KubeObject } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import { widget } from './testing.js'
import { answer, requests, setUp } from './testing-conversion.js'

test('a webhook converts what is read and what is written', async (t) => {
  const { cluster, hook } = await setUp(t, (body) => answer(body))
  await cluster.object('create', 'widgets', { body: widget('a', { color: 'red' }) })
  assert.is(hook.bodies.length, 0, 'the stored version needs no webhook')
  const read = await cluster.object('get', 'widgets', { version: 'v2', name: 'a' })
  assert.equal([read.apiVersion, read.spec], ['example.com/v2', { hue: 'red', size: 1 }])
  assert.is(requests(hook)[0]?.desiredAPIVersion, 'example.com/v2')

  const body = { ...widget('b', { hue: 'blue' }), apiVersion: 'example.com/v2' }
  const made = await cluster.object('create', 'widgets', { version: 'v2', body })
  assert.equal(made.spec, { hue: 'blue', size: 1 })
  assert.equal((await cluster.object('get', 'widgets', { name: 'b' })).spec, { color: 'blue' })
  const patch = { version: 'v2', name: 'a', patchType: 'merge', body: { spec: { hue: 'green' } } } as const
  assert.equal((await cluster.object('patch', 'widgets', patch)).spec, { hue: 'green', size: 1 })
  assert.equal((await cluster.object('get', 'widgets', { name: 'a' })).spec, { color: 'green' })
})

test('a list is one batch, and what was converted once is remembered', async (t) => {
  const { cluster, hook } = await setUp(t, (body) => answer(body))
  for (const name of ['a', 'b', 'c']) await cluster.object('create', 'widgets', { body: widget(name, { color: name }) })
  const list = async () => {
    const result = await cluster.ask('list', 'widgets', { version: 'v2' })
    return result.type === 'list' ? result.items.map(({ object }) => object.spec) : []
  }
  const wanted = ['a', 'b', 'c'].map((hue) => ({ hue, size: 1 }))
  assert.equal(await list(), wanted)
  assert.equal(await list(), wanted)
  assert.equal(
    requests(hook).map(({ objects }) => objects.length),
    [3],
  )
})

test('watches convert, in order', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await cluster.object('create', 'widgets', { body: widget('a', { color: 'red' }) })
  const watched = await cluster.watch('widgets', { version: 'v2' })
  await cluster.object('create', 'widgets', { body: widget('b', { color: 'blue' }) })
  await cluster.ask('delete', 'widgets', { name: 'a' })
  const deadline = t.signal
  while (watched.seen.length < 3 && !deadline.aborted) await cluster.quiet()
  assert.equal(watched.seen, ['ADDED a', 'ADDED b', 'DELETED a'])
  assert.equal(
    watched.objects.map(({ spec }) => (spec as { hue: string }).hue),
    ['red', 'blue', 'red'],
  )
})

test('of the metadata only labels and annotations are the webhook’s', async (t) => {
  const marks = (objects: KubeObject[]) =>
    objects.map((object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { by: 'hook' }, generation: 99, finalizers: ['x.y/z'] },
    }))
  const { cluster } = await setUp(t, (body) => answer(body, marks))
  await cluster.object('create', 'widgets', { body: widget('a', { color: 'red' }) })
  const { metadata } = await cluster.object('get', 'widgets', { version: 'v2', name: 'a' })
  assert.equal([metadata.labels, metadata.generation, metadata.finalizers], [{ by: 'hook' }, 1, undefined])
})

const faults: [name: string, reply: (body: unknown) => object, message: string][] = [
  ['another uid', (body) => answer(body, undefined, { uid: 'other' }), 'failed: expected response.uid='],
  [
    'a failure of its own',
    (body) => answer(body, undefined, { result: { status: 'Failure', message: 'no way' } }),
    'failed: no way',
  ],
  ['too few objects', (body) => answer(body, () => []), 'returned 0 objects, expected 1'],
  [
    'another name',
    (body) => answer(body, (all) => all.map((one) => ({ ...one, metadata: { ...one.metadata, name: 'b' } }))),
    'returned invalid object: must have the same name: a != b',
  ],
  [
    'another uid of the object',
    (body) => answer(body, (all) => all.map((one) => ({ ...one, metadata: { ...one.metadata, uid: 'x' } }))),
    'must have the same UID',
  ],
  [
    'the version it was',
    (body) => answer(body, (all) => all.map((one) => ({ ...one, apiVersion: 'example.com/v1' }))),
    'invalid groupVersion (expected example.com/v2, received example.com/v1)',
  ],
  ['no review', () => ({}), 'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview'],
]
for (const [name, reply, message] of faults) {
  test(`a webhook that answers with ${name} is refused`, async (t) => {
    const { cluster } = await setUp(t, reply)
    await cluster.object('create', 'widgets', { body: widget('a', { color: 'red' }) })
    const refusal = await cluster.refused('get', 'widgets', { version: 'v2', name: 'a' })
    assert.is(refusal.code, 500)
    assert.ok(refusal.message.startsWith('conversion webhook for example.com/v1, Kind=Widget '), refusal.message)
    assert.ok(refusal.message.includes(message), refusal.message)
    const watched = await cluster.watch('widgets', { version: 'v2' })
    while (watched.seen.length === 0 && !t.signal.aborted) await cluster.quiet()
    assert.match(watched.seen[0] ?? '', /^END conversion webhook for/)
    // The stored version is not touched by it.
    assert.equal(await cluster.names('widgets'), ['a'])
  })
}
