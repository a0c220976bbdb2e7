import { assert, createTestServices, test } from '@davit/core/testing'
import { createAddressPool } from './addresses.js'
import { behaviourOf } from './behaviour.js'
import { createHollowDriver } from './hollow.js'
import { imageId } from './process.js'

const of = (annotations: Record<string, string>, container = 'main') =>
  behaviourOf(
    container,
    Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`hollow.davit.dev/${key}`, value])),
  )

test('without annotations a container runs for ever and heeds SIGTERM', () => {
  const behaviour = of({})
  assert.is(behaviour.runMs, undefined)
  assert.equal([behaviour.exitCode, behaviour.stopMs, behaviour.stopCode], [0, 0, 143])
  assert.equal([behaviour.healthyAfterMs, behaviour.unhealthyAfterMs], [0, Number.POSITIVE_INFINITY])
})

test('an exit code alone ends it at once; a time alone ends it well', () => {
  assert.equal([of({ 'exit-code': '3' }).runMs, of({ 'exit-code': '3' }).exitCode], [0, 3])
  assert.equal([of({ 'run-ms': '50' }).runMs, of({ 'run-ms': '50' }).exitCode], [50, 0])
})

test('what is said of one container beats what is said of all', () => {
  const annotations = { 'run-ms': '1', 'main.run-ms': '2', 'other.exit-code': '9' }
  assert.equal([of(annotations).runMs, of(annotations, 'other').runMs], [2, 1])
  assert.equal([of(annotations).exitCode, of(annotations, 'other').exitCode], [0, 9])
})

test('a number that is none counts as not given', () => {
  for (const text of ['', ' ', 'soon', '-5', 'NaN', 'Infinity']) assert.is(of({ 'run-ms': text }).runMs, undefined, text)
})

test('lines are split, and nothing is no line', () => {
  assert.equal(of({ log: 'a\nb' }).lines, ['a', 'b'])
  assert.equal(of({ log: '' }).lines, [])
})

test('addresses go round, without the network, the gateway and the broadcast address', () => {
  const pool = createAddressPool('10.1.2.0/29')
  const all = Array.from({ length: 5 }, () => pool.take())
  assert.equal(all, ['10.1.2.2', '10.1.2.3', '10.1.2.4', '10.1.2.5', '10.1.2.6'])
  assert.is(pool.take(), undefined)
  pool.give('10.1.2.4')
  assert.is(pool.take(), '10.1.2.4')
  pool.give('10.1.2.2')
  pool.give('10.1.2.3')
  assert.equal([pool.take(), pool.take(), pool.take()], ['10.1.2.2', '10.1.2.3', undefined])
})

test('an address just given back comes last, and a large range crosses its bytes', () => {
  const pool = createAddressPool('10.1.0.0/16')
  const first = pool.take() ?? ''
  pool.give(first)
  assert.is.not(pool.take(), first)
  for (let count = 0; count < 300; count += 1) pool.take()
  assert.match(pool.take() ?? '', /^10\.1\.1\./)
})

test('images are told apart', () => {
  const ids = new Set(Array.from({ length: 1_000 }, (_, index) => imageId(`app-${index}:1`)))
  assert.is(ids.size, 1_000)
  assert.is(imageId('a:1'), imageId('a:1'))
})

test('a node that is full says so', async (t) => {
  const { clock, random } = createTestServices()
  const driver = createHollowDriver({ clock, random, config: { startMs: 0, jitter: 0, pullMs: 0 } })
  const runtime = await driver.open({ nodeName: 'one', directory: '/nowhere', podCidr: '10.0.0.0/30', signal: t.signal })
  const config = (uid: string) => ({
    pod: { namespace: 'default', name: uid, uid },
    attempt: 0,
    hostname: uid,
    hostNetwork: false,
    hostPid: false,
    hostIpc: false,
    labels: {},
    annotations: {},
    dns: { servers: [], searches: [], options: [] },
    portMappings: [],
    sysctls: {},
  })
  assert.equal((await runtime.runSandbox(config('a'))).ips, ['10.0.0.2'])
  await assert.rejects(runtime.runSandbox(config('b')), 'no address of 10.0.0.0/30 is free')
  const [sandbox] = await runtime.listSandboxes()
  await runtime.stopSandbox(sandbox?.id ?? '')
  assert.equal((await runtime.runSandbox(config('b'))).ips, ['10.0.0.2'])
})
