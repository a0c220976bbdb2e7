import { ApiEndpointToken, GrantToken } from '../api/contract.js'
import { ApiError, ClientsToken, configMaps, edit, events, secrets } from '../client/contract.js'
import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import type { ConfigMap, Secret } from '../kinds/contract.js'
import { assert, boot, pluginSuite, type TestContext, test } from '../testing/contract.js'
import {
  type Controller,
  type ControllerHost,
  ControllerToken,
  namespacedKey,
  type ReconcileContext,
  type ReconcileResult,
  splitKey,
  watchOf,
} from './contract.js'
import { controllerHost } from './host.js'
import { type ControlPlane, controlPlane } from './testkit.js'

pluginSuite(controllerHost, { valid: [], invalid: [{ concurrency: 1 }], with: () => [{ plugin: planeOfClients }] })

/** Only what the host needs to be set up. */
const planeOfClients = definePlugin({
  id: 'clients-of-nothing',
  api: '^1.0',
  provides: { clients: ClientsToken },
  setup: async () => ({
    provides: {
      clients: {
        get eventTurns(): never {
          throw new Error('nobody asks')
        },
        shared: false,
        as: () => {
          throw new Error('nobody asks')
        },
        informer: () => {
          throw new Error('nobody asks')
        },
        follow: () => {
          throw new Error('nobody asks')
        },
      },
    },
  }),
})

const map = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult | undefined> | undefined

function controller(name: string, reconcile: Reconcile, more: Partial<Controller> = {}): Controller {
  return {
    name,
    watches: [watchOf(configMaps, (object) => (object.metadata.name.startsWith('kube-') ? [] : [namespacedKey(object)]))],
    reconcile: async (key, context) => reconcile(key, context),
    ...more,
  }
}

/** A plugin that contributes controllers, and the grants that they need. */
function contributes(id: string, ...controllers: Controller[]): PluginEntry {
  const rules = [{ apiGroups: [''], resources: ['configmaps', 'events'], verbs: ['*'] }]
  const grants = controllers.map(({ name }) => ({ user: `system:controller:${name}-controller`, rules }))
  return {
    plugin: definePlugin({
      id,
      api: '^1.0',
      provides: { controllers: ControllerToken, grants: GrantToken },
      setup: async () => ({ provides: { controllers, grants } }),
    }),
  }
}

const plane = (t: TestContext, ...controllers: Controller[]): Promise<ControlPlane> =>
  controlPlane(t, [contributes('test-controllers', ...controllers)])

test('each change wakes the keys that its watch names, what is there at the start too', async (t) => {
  const woken: string[] = []
  const at = await plane(
    t,
    controller('seen', (key) => void woken.push(key)),
  )
  await at.client.create(configMaps, map('a'))
  await at.quiet()
  await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x: '1' } })
  await at.quiet()
  await at.client.delete(configMaps, 'default', 'a')
  await at.quiet()
  assert.equal(woken, ['default/a', 'default/a', 'default/a'])
})

test('events of one turn wake a key once, and what comes while it runs wakes it again', async (t) => {
  const runs: string[] = []
  let release: () => void = () => undefined
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const at = await plane(
    t,
    controller('once', async (_key, { informer }) => {
      runs.push(informer(configMaps).get('default', 'a')?.data?.x ?? 'none')
      if (runs.length === 1) await gate
      return undefined
    }),
  )
  await at.client.create(configMaps, map('a', { x: '0' }))
  await at.quiet()
  for (const x of ['1', '2', '3']) await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x } })
  await at.quiet()
  assert.equal(runs, ['0'], 'never two of the same key at once')
  release()
  await at.quiet()
  assert.equal(runs, ['0', '3'])
})

test('a watch hears what was before, and that something is gone', async (t) => {
  const heard: string[] = []
  const watch = watchOf(configMaps, (object, { old, deleted }) => {
    if (object.metadata.name === 'a') heard.push(`${old?.data?.x ?? '-'} ${object.data?.x ?? '-'} ${deleted}`)
    return []
  })
  const at = await plane(
    t,
    controller('watching', () => undefined, { watches: [watch] }),
  )
  await at.client.create(configMaps, map('a', { x: '1' }))
  await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x: '2' } })
  await at.client.delete(configMaps, 'default', 'a')
  await at.quiet()
  assert.equal(heard, ['- 1 false', '1 2 false', '- 2 true'])
})

test('a write carries who, why, and the name that Kubernetes gives the controller', async (t) => {
  const at = await plane(
    t,
    controller('labelling', async (key, { client, informer, cause }) => {
      const { namespace, name } = splitKey(key)
      const found = informer(configMaps).get(namespace, name)
      if (!found || found.metadata.labels) return undefined
      const labelled = edit(found, (draft) => {
        draft.metadata.labels = { seen: 'yes' }
      })
      await client.update(configMaps, labelled, { cause })
      return undefined
    }),
  )
  const made = await at.client.create(configMaps, map('a'))
  await at.quiet()
  const [write] = at.writes()
  assert.is(write?.user.name, 'system:controller:labelling-controller')
  assert.ok(write?.user.groups.includes('system:controllers'))
  assert.match(write?.cause?.actor ?? '', /^test-controllers@\d/)
  assert.equal(write?.cause?.trigger, {
    object: { resource: 'configmaps', namespace: 'default', name: 'a', resourceVersion: made.metadata.resourceVersion },
  })
})

test('a requeue comes after its time, unless something wakes the key before', async (t) => {
  const runs: number[] = []
  const triggers: string[] = []
  const at = await plane(
    t,
    controller('again', async (_key, { clock, cause }) => {
      runs.push(clock.monotonic())
      triggers.push('timer' in cause.trigger ? cause.trigger.timer : 'object')
      return runs.length < 4 ? { requeueAfterMs: 1000 } : undefined
    }),
  )
  const others = at.clock.pending
  await at.client.create(configMaps, map('a'))
  await at.pass(999)
  assert.is(runs.length, 1)
  await at.pass(1)
  assert.is(runs.length, 2)
  await at.pass(400)
  await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x: '1' } })
  await at.quiet()
  assert.is(runs.length, 3)
  await at.pass(999)
  assert.is(runs.length, 3, 'the timer of the run before is gone')
  await at.pass(1)
  assert.is(runs.length, 4)
  await at.pass(100_000)
  assert.is(runs.length, 4)
  assert.is(at.clock.pending, others)
  const timer = 'again tries default/a again'
  assert.equal(triggers, ['object', timer, 'object', timer])
})

test('a failure is tried again with back-off and a line in the log; a conflict soon and in silence', async (t) => {
  let failures = 0
  const at = await plane(
    t,
    controller('failing', async (key) => {
      if (key.endsWith('/broken') && ++failures <= 3) throw new Error('out of luck')
      if (key.endsWith('/stale') && ++failures === 1) throw ApiError.conflict(configMaps, 'stale')
      return undefined
    }),
  )
  await at.client.create(configMaps, map('broken'))
  await at.quiet()
  assert.is(failures, 1)
  await at.pass(100)
  assert.is(failures, 4)
  const warnings = at.lines.filter(({ message }) => message.startsWith('a reconcile failed'))
  assert.equal(
    warnings.map(({ fields }) => [fields.key, fields.failures, fields.error, fields.controller]),
    [1, 2, 3].map((count) => ['default/broken', count, 'out of luck', 'failing']),
  )
  failures = 0
  await at.client.create(configMaps, map('stale'))
  await at.pass(10)
  assert.is(failures, 2)
  assert.is(at.lines.filter(({ message }) => message.startsWith('a reconcile failed')).length, 3)
})

test('an informer that is asked for at the start is synced before the first reconcile', async (t) => {
  const seen: number[] = []
  let host: ControllerHost | undefined
  const extra = controller('extra', () => void seen.push(host?.informer(secrets).list('default').length ?? -1), {
    start(given) {
      host = given
      given.informer(secrets)
    },
  })
  const directory = await t.directory()
  const secret: Secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } }
  const before = await boot({ store: { level: directory } })
  await before.client.create(secrets, secret)
  await before.client.create(configMaps, map('a'))
  await before.stop()
  const at = await controlPlane(t, [contributes('test-controllers', extra)], { store: { level: directory } })
  await at.quiet()
  assert.equal(seen, [1])
})

test('keys may be queued from outside an event', async (t) => {
  const runs: unknown[] = []
  let host: ControllerHost | undefined
  const at = await plane(
    t,
    controller('outside', (key, { cause }) => void runs.push([key, cause.trigger]), {
      start: (given) => {
        host = given
      },
    }),
  )
  host?.enqueue('default/x')
  await at.quiet()
  assert.equal(runs, [['default/x', { timer: 'outside asked for default/x' }]])
  host?.enqueue('default/y', 50)
  await at.pass(49)
  assert.is(runs.length, 1)
  await at.pass(1)
  assert.is(runs.length, 2)
})

test('Events are written under the controller’s name and counted up', async (t) => {
  const at = await plane(
    t,
    controller('telling', (key, { informer, event }) => {
      const { namespace, name } = splitKey(key)
      const found = informer(configMaps).get(namespace, name)
      if (found) event(found, 'Normal', 'Seen', 'it was seen')
      return undefined
    }),
  )
  await at.client.create(configMaps, map('a'))
  await at.quiet()
  await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x: '1' } })
  await at.quiet()
  const told = (await at.client.list(events, { namespace: 'default' })).items
  assert.equal(
    told.map(({ count, reason, source, involvedObject }) => [count, reason, source?.component, involvedObject.name]),
    [[2, 'Seen', 'telling-controller', 'a']],
  )
})

test('controllers come and go while the host runs', async (t) => {
  const runs: string[] = []
  const stops: string[] = []
  const named = (name: string) =>
    controller(name, () => void runs.push(name), {
      stop: () => void stops.push(name),
    })
  const at = await controlPlane(t, [contributes('test-controllers', named('first'))])
  await at.client.create(configMaps, map('a'))
  await at.quiet()
  await at.kernel.reload('test-controllers', contributes('test-controllers', named('second')))
  await at.quiet()
  assert.equal([runs, stops], [['first', 'second'], ['first']])
  await at.client.patch(configMaps, 'default', 'a', 'merge', { data: { x: '1' } })
  await at.quiet()
  assert.equal(runs, ['first', 'second', 'second'])
  await at.stop()
  assert.equal(stops, ['first', 'second'])
  assert.is(at.clock.pending, 0)
})

test('stopping waits for the reconcile under way, whose signal is aborted', async (t) => {
  const told: string[] = []
  const at = await plane(
    t,
    controller('slow', async (_key, { signal, clock }) => {
      await clock.sleep(60_000, signal).catch(() => told.push('aborted'))
      told.push('done')
      return undefined
    }),
  )
  await at.client.create(configMaps, map('a'))
  await at.quiet()
  await at.stop()
  assert.equal(told, ['aborted', 'done'])
  assert.is(at.clock.pending, 0)
})

test('a controller that cannot start stops the boot, and nothing of it is left', async (t) => {
  let stopped = 0
  const broken = controller('broken', () => undefined, {
    start() {
      throw new Error('no key to the cellar')
    },
    stop() {
      stopped += 1
    },
  })
  await assert.rejects(plane(t, broken), /no key to the cellar/)
  assert.is(stopped, 1)
})

test('keys are worked on side by side up to the limit', async (t) => {
  let running = 0
  let most = 0
  const at = await plane(
    t,
    controller(
      'parallel',
      async (_key, { clock }) => {
        running += 1
        most = Math.max(most, running)
        await clock.sleep(10)
        running -= 1
        return undefined
      },
      { concurrency: 3 },
    ),
  )
  await Promise.all(Array.from({ length: 9 }, (_, index) => at.client.create(configMaps, map(`m${index}`))))
  await at.pass(100)
  assert.equal([most, running], [3, 0])
})

test('how each queue is can be asked', async (t) => {
  const failing = controller('failing', () => Promise.reject(new Error('never')))
  const waiting = controller('waiting', async () => ({ requeueAfterMs: 60_000 }))
  const at = await plane(t, waiting, failing)
  const endpoints = at.kernel.bag(ApiEndpointToken)
  const queues = () => {
    const shown = endpoints.all().find(({ path }) => path === '/davit/v1/controllers')
    return (shown?.get() as { controllers: readonly { name: string; done: number }[] } | undefined)?.controllers ?? []
  }
  const idle = { queued: 0, running: 0, delayed: 0, done: 0, failed: 0 }
  assert.equal(queues(), [
    { name: 'failing', ...idle },
    { name: 'waiting', ...idle },
  ])
  await at.client.create(configMaps, map('a'))
  await at.quiet()
  const [one, other] = queues()
  assert.equal(other, { name: 'waiting', ...idle, delayed: 1, done: 1 })
  assert.ok(one && one.done > 0)
})
