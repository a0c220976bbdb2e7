import type { KubeObject } from '../kinds/contract.js'
import { assert, boot, createTestServices, type TestContext, test } from '../testing/contract.js'
import { ApiError, type Client, createEventRecorder, events } from './contract.js'
import { EventTurns } from './event-turns.js'

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid: 'u1', resourceVersion: '7' },
} as KubeObject

async function recording(t: TestContext, wrap: (client: Client) => Client = (client) => client) {
  const plane = await boot()
  t.defer(() => plane.stop())
  const { client, clock } = plane
  const lines: string[] = []
  const log = {
    debug: (_fields: object, message: string) => void lines.push(message),
    info: () => undefined,
    warn: () => undefined,
    error: () => undefined,
    child: () => log,
  }
  const { random } = createTestServices()
  const recorder = createEventRecorder({
    client: wrap(client),
    turns: new EventTurns(clock),
    clock,
    random,
    log,
    component: 'test',
    host: 'one',
  })
  t.defer(() => recorder.close())
  const written = async () => (await client.list(events, { namespace: 'default' })).items
  return { client, clock, recorder, written, lines }
}

function named(number: number): KubeObject {
  return { ...pod, metadata: { ...pod.metadata, name: `web-${number}`, uid: `u${number}` } }
}

/** A client whose writes wait until the test lets them go. */
function gated(client: Client): { client: Client; open: () => void } {
  let open: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    open = resolve
  })
  const held: Client = Object.assign(Object.create(client) as Client, {
    create: (...call: Parameters<Client['create']>) => gate.then(() => client.create(...call)),
  })
  return { client: held, open }
}

test('an event says of what, by whom, when and why', async (t) => {
  const { recorder, written } = await recording(t)
  recorder.record(pod, 'Warning', 'Failed', 'it did not work', 'spec.containers{c}')
  await recorder.idle()
  const [event] = await written()
  assert.equal(event?.involvedObject, {
    kind: 'Pod',
    apiVersion: 'v1',
    namespace: 'default',
    name: 'web',
    uid: 'u1',
    resourceVersion: '7',
    fieldPath: 'spec.containers{c}',
  })
  assert.equal(
    [event?.type, event?.reason, event?.message, event?.count, event?.source],
    ['Warning', 'Failed', 'it did not work', 1, { component: 'test', host: 'one' }],
  )
  assert.is(event?.firstTimestamp, '2024-01-01T00:00:00Z')
  assert.match(event?.metadata.name ?? '', /^web\.[0-9a-f]+$/)
})

test('an event of a cluster-scoped object is in the namespace default', async (t) => {
  const { recorder, written } = await recording(t)
  recorder.record({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one', uid: 'n' } }, 'Normal', 'Starting', 'it starts')
  await recorder.idle()
  const [event] = await written()
  assert.is(event?.metadata.namespace, 'default')
  assert.is(event?.involvedObject.namespace, undefined)
})

test('the same event again raises the count, another is another', async (t) => {
  const { recorder, written, clock } = await recording(t)
  for (let time = 0; time < 3; time += 1) {
    recorder.record(pod, 'Normal', 'Pulled', 'image')
    await clock.advance(1000)
  }
  recorder.record(pod, 'Normal', 'Pulled', 'another image')
  recorder.record(pod, 'Warning', 'Pulled', 'image')
  await recorder.idle()
  const found = await written()
  assert.equal(found.map(({ type, message, count }) => [type, message, count]).sort(), [
    ['Normal', 'another image', 1],
    ['Normal', 'image', 3],
    ['Warning', 'image', 1],
  ])
  const counted = found.find(({ count }) => count === 3)
  assert.equal([counted?.firstTimestamp, counted?.lastTimestamp], ['2024-01-01T00:00:00Z', '2024-01-01T00:00:02Z'])
})

test('events recorded at once are counted one after the other', async (t) => {
  const { recorder, written } = await recording(t)
  for (let time = 0; time < 20; time += 1) recorder.record(pod, 'Normal', 'Pulled', `image ${time % 2}`)
  await recorder.idle()
  assert.equal(
    (await written()).map(({ count }) => count),
    [10, 10],
  )
})

test('one that outlived its time in the store begins anew, with its count', async (t) => {
  const { recorder, written, client } = await recording(t)
  recorder.record(pod, 'Normal', 'Pulled', 'image')
  await recorder.idle()
  const [first] = await written()
  await client.delete(events, 'default', first?.metadata.name ?? '')
  recorder.record(pod, 'Normal', 'Pulled', 'image')
  await recorder.idle()
  const [second] = await written()
  assert.is(second?.count, 2)
  assert.is.not(second?.metadata.name, first?.metadata.name)
})

test('a write that fails is left, and the next ones go on', async (t) => {
  let failures = 1
  const { recorder, written, lines } = await recording(t, (client) =>
    Object.assign(Object.create(client) as Client, {
      create: (...call: Parameters<Client['create']>) =>
        failures-- > 0 ? Promise.reject(ApiError.serviceUnavailable('not now', 1)) : client.create(...call),
    }),
  )
  recorder.record(pod, 'Normal', 'Pulled', 'lost')
  recorder.record(pod, 'Normal', 'Pulled', 'kept')
  await recorder.idle()
  assert.equal(
    (await written()).map(({ message }) => message),
    ['kept'],
  )
  assert.equal(lines, ['an event was not written'])
})

test('what is too much is dropped and counted, and recording never waits', async (t) => {
  let open: () => void = () => undefined
  const { recorder, written, clock } = await recording(t, (client) => {
    const gate = gated(client)
    open = gate.open
    return gate.client
  })
  for (let number = 0; number < 10_500; number += 1) recorder.record(named(number), 'Normal', 'Many', 'it happened')
  assert.is(recorder.dropped, 496, 'four are under way')
  recorder.close()
  open()
  await recorder.idle()
  await clock.settle()
  assert.is((await written()).length, 4)
})

test('what comes while an event of its kind waits is counted with it: one write, not many', async (t) => {
  let writes = 0
  let open: () => void = () => undefined
  const { recorder, written, clock } = await recording(t, (client) => {
    const gate = gated(client)
    open = gate.open
    return Object.assign(Object.create(gate.client) as Client, {
      create: (...call: Parameters<Client['create']>) => {
        writes += 1
        return gate.client.create(...call)
      },
      patch: (...call: Parameters<Client['patch']>) => {
        writes += 1
        return client.patch(...call)
      },
    })
  })
  for (let number = 0; number < 4; number += 1) recorder.record(named(number), 'Normal', 'First', 'these are under way')
  for (let time = 0; time < 15; time += 1) {
    recorder.record(pod, 'Normal', 'Pulled', 'image')
    await clock.advance(1000)
  }
  open()
  await recorder.idle()
  const found = (await written()).find(({ reason }) => reason === 'Pulled')
  assert.equal([found?.count, found?.firstTimestamp, found?.lastTimestamp], [15, '2024-01-01T00:00:00Z', '2024-01-01T00:00:14Z'])
  assert.is(writes, 5)
})

test('events that differ in their message alone are one from the tenth on', async (t) => {
  const { recorder, written } = await recording(t)
  for (let number = 0; number < 20; number += 1) recorder.record(pod, 'Normal', 'SuccessfulCreate', `Created pod: web-${number}`)
  await recorder.idle()
  const found = await written()
  assert.is(found.length, 10)
  const combined = found.find(({ message }) => message?.startsWith('(combined'))
  assert.equal([combined?.message, combined?.count], ['(combined from similar events): Created pod: web-19', 11])
})

test('an object that has had too many gets one each five minutes, which says how many there were', async (t) => {
  const { recorder, written, clock } = await recording(t)
  for (let time = 0; time < 40; time += 1) {
    recorder.record(pod, 'Warning', 'BackOff', 'again')
    await recorder.idle()
  }
  assert.equal([(await written())[0]?.count, recorder.dropped], [25, 15])
  await clock.advance(300_000)
  recorder.record(pod, 'Warning', 'BackOff', 'again')
  await recorder.idle()
  assert.is((await written())[0]?.count, 41)
  recorder.record(named(2), 'Warning', 'BackOff', 'another object is not held back')
  await recorder.idle()
  assert.is((await written()).length, 2)
})

test('after closing nothing more is written', async (t) => {
  let open: () => void = () => undefined
  const { recorder, written, clock } = await recording(t, (client) => {
    const gate = gated(client)
    open = gate.open
    return gate.client
  })
  for (let number = 0; number < 10; number += 1) recorder.record(pod, 'Normal', 'Many', `number ${number}`)
  recorder.close()
  recorder.record(pod, 'Normal', 'Late', 'too late')
  open()
  await recorder.idle()
  await clock.settle()
  assert.is((await written()).length, 4, 'those that were under way')
  assert.is(recorder.dropped, 0)
})

test('waiting for nothing is over at once', async (t) => {
  const { recorder } = await recording(t)
  await recorder.idle()
})
