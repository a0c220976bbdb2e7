import { ApiHooksToken } from '../api/contract.js'
import { type Client, edit, isNotFound, nodes, persistentVolumes } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { createRandom } from '../kernel/host.js'
import type { PersistentVolume } from '../kinds/contract.js'
import { assert, boot, suite, type TestContext } from '../testing/contract.js'
import { createTestServices } from '../testing/services.js'
import type { PersistentVolumeDriver } from './contract.js'
import { removalGrant, VolumeRemovals } from './volume-removals.js'

const test = suite('volume removals')
const finalizer = 'example.com/folder'

/** Allows what the grant says, and nothing else. */
const granted = definePlugin({
  id: 'test-granted',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user, verb, resource }) => {
      const [rule] = removalGrant.rules
      const allowed = user.name === removalGrant.user && rule?.verbs.includes(verb) && rule.resources.includes(resource)
      return allowed ? { allowed: true, reason: '' } : undefined
    })
    return {}
  },
})

interface World {
  readonly hollow?: boolean
  /** Absent: the agent knows nothing of its Node yet. */
  readonly known?: boolean
}
async function world(t: TestContext, { hollow = false, known = true }: World = {}) {
  const plane = await boot({ plugins: [{ plugin: granted }] })
  t.defer(() => plane.stop())
  const removed: string[] = []
  let failures = 0
  const driver: PersistentVolumeDriver = {
    name: 'folders',
    serves: ({ spec }) => spec.local !== undefined,
    mount: async () => ({ path: '/x' }),
    removal: {
      finalizer,
      async remove({ metadata }, place) {
        if (failures > 0) {
          failures -= 1
          throw new Error('the disk is busy')
        }
        removed.push(`${metadata.name} on ${place.nodeName}`)
      },
    },
  }
  let isKnown = known
  const node = await plane.client.create(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'one', labels: { host: 'one' } },
    spec: {},
  })
  const listeners: (() => void)[] = []
  const present: PersistentVolumeDriver[] = []
  const drivers = {
    all: () => present,
    entries: () => present.map((value) => ({ owner: 'test', value })),
    onChange: (listener: () => void) => {
      listeners.push(listener)
      return () => void listeners.splice(listeners.indexOf(listener), 1)
    },
  }
  const place = { nodeName: 'one', directory: '/nowhere', node: () => (isKnown ? node : undefined) }
  const services = createTestServices()
  const removals = new VolumeRemovals({ ...services, ...plane, random: createRandom(), drivers, nodes: [{ place, hollow }] })
  t.defer(() => removals.close())
  const settle = async (ms = 0) => {
    for (let turn = 0; turn < 10; turn += 1) await plane.clock.settle()
    if (ms === 0) return
    await plane.clock.advance(ms)
    for (let turn = 0; turn < 10; turn += 1) await plane.clock.settle()
  }
  return {
    ...plane,
    removed,
    settle,
    listeners,
    fail: (times: number) => {
      failures = times
    },
    learn: () => {
      isKnown = true
    },
    begin: () => {
      present.push(driver)
      for (const listener of listeners) listener()
    },
  }
}

async function volume(client: Client, name: string, host = 'one', finalizers = [finalizer]): Promise<PersistentVolume> {
  const made = await client.create(persistentVolumes, {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, finalizers },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      local: { path: '/x' },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'host', operator: 'In', values: [host] }] }] },
      },
    },
  })
  return client.updateStatus(persistentVolumes, { ...made, status: { phase: 'Released' } })
}
async function isGone(client: Client, name: string): Promise<boolean> {
  return client.get(persistentVolumes, '', name).then(
    () => false,
    (error: unknown) => {
      if (!isNotFound(error)) throw error
      return true
    },
  )
}

test('the data of a volume that is deleted goes, then the volume', async (t) => {
  const { client, removed, settle, begin } = await world(t)
  begin()
  await volume(client, 'a')
  await settle()
  assert.equal(removed, [], 'a volume that is there stays')
  await client.delete(persistentVolumes, '', 'a')
  await settle()
  assert.equal([removed, await isGone(client, 'a')], [['a on one'], true])
})

test('a volume that is bound is left alone until it is not', async (t) => {
  const { client, removed, settle, begin } = await world(t)
  begin()
  const made = await volume(client, 'a')
  await client.updateStatus(persistentVolumes, { ...made, status: { phase: 'Bound' } })
  await client.delete(persistentVolumes, '', 'a')
  await settle()
  assert.equal(removed, [])
  await client.updateStatus(persistentVolumes, {
    ...(await client.get(persistentVolumes, '', 'a')),
    status: { phase: 'Released' },
  })
  await settle()
  assert.equal([removed, await isGone(client, 'a')], [['a on one'], true])
})

test('what lies on another node, and what holds it for another reason, stays', async (t) => {
  const { client, removed, settle, begin } = await world(t)
  begin()
  await volume(client, 'far', 'two')
  await volume(client, 'other', 'one', ['example.com/other'])
  for (const name of ['far', 'other']) await client.delete(persistentVolumes, '', name)
  await settle(60_000)
  assert.equal([removed, await isGone(client, 'far'), await isGone(client, 'other')], [[], false, false])
})

test('a failure is tried again, and a change meanwhile does no harm', async (t) => {
  const { client, removed, settle, begin, fail, lines } = await world(t)
  begin()
  fail(2)
  await volume(client, 'a')
  await client.delete(persistentVolumes, '', 'a')
  await settle(5)
  const changed = edit(await client.get(persistentVolumes, '', 'a'), (draft) => {
    draft.metadata.labels = { a: 'b' }
  })
  await client.update(persistentVolumes, changed)
  await settle(1_000)
  assert.equal([removed, await isGone(client, 'a')], [['a on one'], true])
  assert.ok(lines)
})

test('a hollow node has nothing to remove', async (t) => {
  const { client, removed, settle, begin } = await world(t, { hollow: true })
  begin()
  await volume(client, 'a')
  await client.delete(persistentVolumes, '', 'a')
  await settle()
  assert.equal([removed, await isGone(client, 'a')], [[], true])
})

test('a node that is not known yet is asked again', async (t) => {
  const { client, removed, settle, begin, learn } = await world(t, { known: false })
  begin()
  await volume(client, 'a')
  await client.delete(persistentVolumes, '', 'a')
  await settle(6_000)
  assert.equal(removed, [])
  learn()
  await settle(6_000)
  assert.equal(removed, ['a on one'])
})

test('volumes are not looked at before a driver may remove any', async (t) => {
  const { client, removed, settle, begin } = await world(t)
  await volume(client, 'a')
  await client.delete(persistentVolumes, '', 'a')
  await settle()
  assert.equal(removed, [])
  begin()
  await settle()
  assert.equal(removed, ['a on one'])
})
