import { ApiError, configMaps } from '../client/contract.js'
import type { Pod } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import {
  controllerOf,
  isControlledBy,
  isNamespaceGoing,
  isPodActive,
  isPodAvailable,
  isPodReady,
  namespacedKey,
  ownerReference,
  slowStart,
  splitKey,
  timestamp,
} from './contract.js'

const now = Date.UTC(2024, 0, 1)
const object = (metadata: object) => ({ apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a', ...metadata } })
const pod = (phase: string, conditions: object[] = [], metadata: object = {}): Pod =>
  ({ ...object(metadata), kind: 'Pod', spec: { containers: [] }, status: { phase, conditions } }) as Pod
const ready = (status: string, secondsAgo: number) => ({
  type: 'Ready',
  status,
  lastTransitionTime: timestamp(now - secondsAgo * 1000),
})

test('keys name an object, and come apart again', () => {
  assert.is(namespacedKey(object({ namespace: 'default' })), 'default/a')
  assert.is(namespacedKey(object({})), 'a')
  assert.equal(splitKey('default/a'), { namespace: 'default', name: 'a' })
  assert.equal(splitKey('a'), { namespace: '', name: 'a' })
})

test('the controller is the one reference that says so', () => {
  const owner = object({ uid: 'owner' })
  const reference = ownerReference(owner)
  assert.equal(reference, {
    apiVersion: 'v1',
    kind: 'Thing',
    name: 'a',
    uid: 'owner',
    controller: true,
    blockOwnerDeletion: true,
  })
  const plain = { ...reference, uid: 'plain', controller: false }
  const owned = object({ ownerReferences: [plain, reference] })
  assert.is(controllerOf(owned)?.uid, 'owner')
  assert.ok(isControlledBy(owned, owner))
  assert.not.ok(isControlledBy(owned, object({ uid: 'plain' })))
  assert.not.ok(isControlledBy(object({}), object({})), 'no uid is nobody')
})

test('a Pod is ready by its condition alone', () => {
  assert.ok(isPodReady(pod('Running', [ready('True', 0)])))
  assert.not.ok(isPodReady(pod('Running', [ready('False', 0)])))
  assert.not.ok(isPodReady(pod('Running')))
})

const available: readonly [string, object[], number, boolean][] = [
  ['ready is enough', [ready('True', 0)], 0, true],
  ['not ready', [ready('False', 100)], 0, false],
  ['too short', [ready('True', 9)], 10, false],
  ['just long enough', [ready('True', 10)], 10, true],
  ['since when is not known', [{ type: 'Ready', status: 'True' }], 10, false],
]
for (const [name, conditions, minReadySeconds, expected] of available) {
  test(`available: ${name}`, () => assert.is(isPodAvailable(pod('Running', conditions), minReadySeconds, now), expected))
}

test('a Pod is active until it is finished or on its way out', () => {
  for (const phase of ['Pending', 'Running', 'Unknown']) assert.ok(isPodActive(pod(phase)), phase)
  for (const phase of ['Succeeded', 'Failed']) assert.not.ok(isPodActive(pod(phase)), phase)
  assert.not.ok(isPodActive(pod('Running', [], { deletionTimestamp: timestamp(now) })))
})

test('times are whole seconds', () => assert.is(timestamp(now + 999), '2024-01-01T00:00:00Z'))

test('slow start doubles its batches', async () => {
  const batches: number[] = []
  let running = 0
  const result = await slowStart(12, async () => {
    running += 1
    if (running === 1) queueMicrotask(() => queueMicrotask(() => batches.push(running)))
    await new Promise<void>((resolve) => setImmediate(resolve))
    running -= 1
  })
  assert.equal(batches, [1, 2, 4, 5])
  assert.equal(result, { succeeded: 12 })
})

test('slow start stops after a batch with a failure, and says how many succeeded', async () => {
  const tried: number[] = []
  const { succeeded, error } = await slowStart(20, async (index) => {
    tried.push(index)
    if (index === 4) throw new Error('no room')
  })
  assert.equal(tried, [0, 1, 2, 3, 4, 5, 6])
  assert.is(succeeded, 6)
  assert.match(String(error), /no room/)
})

test('slow start of nothing does nothing', async () => {
  assert.equal(await slowStart(0, () => Promise.reject(new Error('called'))), { succeeded: 0 })
})

test('a refusal because the namespace goes is told from others', () => {
  const cause = { reason: 'NamespaceTerminating', message: 'namespace a is being terminated' }
  assert.ok(isNamespaceGoing(ApiError.of('Forbidden', 'no', { causes: [cause] })))
  assert.not.ok(isNamespaceGoing(ApiError.forbidden(configMaps, 'a', 'exceeded quota')))
  assert.not.ok(isNamespaceGoing(new Error('NamespaceTerminating')))
  assert.not.ok(isNamespaceGoing(undefined))
})
