import type { Event } from '../kinds/contract.js'
import { assert, boot, createTestServices, type TestContext, test } from '../testing/contract.js'
import { configMaps, createEventRecorder, events } from './contract.js'

async function start(t: TestContext) {
  const { client, clock, stop } = await boot()
  t.defer(stop)
  const { random, log } = createTestServices()
  const recorder = createEventRecorder({ client, clock, random, log, component: 'tester', host: 'here' })
  t.defer(() => recorder.close())
  const object = await client.create(configMaps, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'one', namespace: 'default' },
  })
  const list = async (): Promise<readonly Event[]> => {
    await recorder.idle()
    return (await client.list(events, { namespace: 'default' })).items
  }
  return { recorder, object, list, client, clock }
}

test('an event says what happened to what, when and who saw it', async (t) => {
  const { recorder, object, list } = await start(t)
  recorder.record(object, 'Warning', 'Torn', 'a page is missing', 'data{a}')
  const [event] = await list()
  assert.is(event?.type, 'Warning')
  assert.equal([event?.reason, event?.message, event?.count], ['Torn', 'a page is missing', 1])
  assert.equal(event?.source, { component: 'tester', host: 'here' })
  assert.is(event?.involvedObject.uid, object.metadata.uid)
  assert.is(event?.involvedObject.fieldPath, 'data{a}')
  assert.is(event?.firstTimestamp, event?.lastTimestamp)
})

test('the same again is counted, with the time of the last', async (t) => {
  const { recorder, object, list, clock } = await start(t)
  recorder.record(object, 'Normal', 'Read', 'again')
  await recorder.idle()
  await clock.advance(5000)
  recorder.record(object, 'Normal', 'Read', 'again')
  recorder.record(object, 'Normal', 'Read', 'again')
  const [event, ...others] = await list()
  assert.equal(others, [])
  assert.is(event?.count, 3)
  assert.is(Date.parse(event?.lastTimestamp ?? '') - Date.parse(event?.firstTimestamp ?? ''), 5000)
})

test('the names of events sort as they came, within one millisecond too', async (t) => {
  const { recorder, object, list, clock } = await start(t)
  const said = ['Pulled', 'Created', 'Started', 'Unhealthy', 'Killing', 'Pulled again', 'Created again']
  for (const reason of said) recorder.record(object, 'Normal', reason, 'in its turn')
  await clock.advance(1)
  recorder.record(object, 'Normal', 'Started again', 'in its turn')
  const listed = (await list()).map(({ reason }) => reason)
  assert.equal(listed, [...said, 'Started again'])
})

test('an event that is gone from the store begins anew with its count', async (t) => {
  const { recorder, object, list, client } = await start(t)
  recorder.record(object, 'Normal', 'Read', 'again')
  const [first] = await list()
  await client.delete(events, 'default', first?.metadata.name ?? '')
  recorder.record(object, 'Normal', 'Read', 'again')
  const [second, ...others] = await list()
  assert.equal(others, [])
  assert.not.equal(second?.metadata.name, first?.metadata.name)
  assert.is(second?.count, 2)
})

test('a closed recorder writes nothing more, and too many at once are dropped and counted', async (t) => {
  const { recorder, object, list } = await start(t)
  for (let turn = 0; turn < 1100; turn += 1) recorder.record(object, 'Normal', 'Flood', `wave ${turn}`)
  assert.ok(recorder.dropped >= 90, String(recorder.dropped))
  assert.is((await list()).length, 1100 - recorder.dropped)
  recorder.close()
  recorder.record(object, 'Normal', 'Late', 'after the end')
  assert.is(
    (await list()).some(({ reason }) => reason === 'Late'),
    false,
  )
})
