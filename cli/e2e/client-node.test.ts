// @serial client
// @timeout 120
/** The JavaScript client of Kubernetes, as its users have it, against a whole cluster. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Writable } from 'node:stream'
import { assert, type TestContext, test } from '@davit/core/testing'
import {
  ApiException,
  CoreV1Api,
  Exec,
  type Informer,
  KubeConfig,
  Log,
  makeInformer,
  type ObjectCache,
  PatchStrategy,
  setHeaderOptions,
  type V1ConfigMap,
  type V1Status,
  Watch,
} from '@kubernetes/client-node'
import { Cluster, eventually } from './cluster.js'

const namespace = 'default'
const mapsPath = '/api/v1/namespaces/default/configmaps'
const slow = { timeoutMs: 60_000 }

/** Little history, so that a watch can come too late. */
const config = `
apiVersion: davit.dev/v1
kind: ClusterConfig
store: { id: store-level, config: { retainRevisions: 16, retainSeconds: 0 } }
`

interface Started {
  readonly cluster: Cluster
  readonly kube: KubeConfig
  readonly api: CoreV1Api
}
async function start(t: TestContext, ...flags: string[]): Promise<Started> {
  const file = path.join(await t.directory(), 'cluster.yaml')
  await writeFile(file, config)
  const cluster = await Cluster.start('--config', file, ...flags)
  t.defer(() => cluster.stop())
  const kube = new KubeConfig()
  kube.loadFromFile(cluster.kubeconfig)
  return { cluster, kube, api: kube.makeApiClient(CoreV1Api) }
}
const map = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): V1ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
})
/** Of what must be refused, as a user of the library sees it. */
async function refusal(call: Promise<unknown>): Promise<{ readonly code: number; readonly status: V1Status }> {
  const error = await assert.rejects(call)
  if (!(error instanceof ApiException)) throw error
  return { code: error.code, status: JSON.parse(String(error.body)) as V1Status }
}
class Collected extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk
    done()
  }
}

test(
  'objects: create, read, list by pages and selectors, replace, delete, and refusals with their Status',
  async (t) => {
    const { api } = await start(t, '--no-node')
    for (const name of ['a', 'b', 'c'])
      await api.createNamespacedConfigMap({ namespace, body: map(name, { k: name }, { app: 'x' }) })
    const read = await api.readNamespacedConfigMap({ namespace, name: 'b' })
    assert.equal(read.data, { k: 'b' })
    assert.ok(read.metadata?.creationTimestamp instanceof Date)

    const labelSelector = 'app=x'
    const first = await api.listNamespacedConfigMap({ namespace, labelSelector, limit: 2 })
    assert.is(first.metadata?.remainingItemCount, undefined, 'not with a selector')
    const rest = await api.listNamespacedConfigMap({
      namespace,
      labelSelector,
      limit: 2,
      _continue: first.metadata?._continue ?? '',
    })
    assert.equal(
      [...first.items, ...rest.items].map(({ metadata }) => metadata?.name),
      ['a', 'b', 'c'],
    )
    assert.is(rest.metadata?.resourceVersion, first.metadata?.resourceVersion)

    await api.replaceNamespacedConfigMap({ namespace, name: 'b', body: { ...read, data: { k: 'new' } } })
    const stale = await refusal(api.replaceNamespacedConfigMap({ namespace, name: 'b', body: { ...read, data: { k: 'old' } } }))
    assert.equal([stale.code, stale.status.reason], [409, 'Conflict'])
    const twice = await refusal(api.createNamespacedConfigMap({ namespace, body: map('a') }))
    assert.equal([twice.code, twice.status.reason], [409, 'AlreadyExists'])
    const wrong = await refusal(api.createNamespacedConfigMap({ namespace, body: map('Not A Name') }))
    assert.equal([wrong.code, wrong.status.details?.causes?.[0]?.field], [422, 'metadata.name'])
    assert.is((await api.deleteNamespacedConfigMap({ namespace, name: 'a' })).status, 'Success')
    const gone = await refusal(api.readNamespacedConfigMap({ namespace, name: 'a' }))
    assert.equal([gone.code, gone.status.message], [404, 'configmaps "a" not found'])
  },
  slow,
)

test(
  'the four patches; an apply owns, meets the owners of others, and takes by force',
  async (t) => {
    const { api } = await start(t, '--no-node')
    const patch = (strategy: PatchStrategy, body: unknown, more: { fieldManager?: string; force?: boolean } = {}) =>
      api.patchNamespacedConfigMap({ namespace, name: 'a', body, ...more }, setHeaderOptions('Content-Type', strategy))
    const apply = (fieldManager: string, data: Record<string, string>, force = false): Promise<V1ConfigMap> =>
      patch(PatchStrategy.ServerSideApply, map('a', data), { fieldManager, force })

    assert.equal((await apply('one', { x: '1', y: '1' })).data, { x: '1', y: '1' })
    assert.equal((await apply('two', { z: '1' })).data, { x: '1', y: '1', z: '1' })
    const conflict = await refusal(apply('two', { x: '2', z: '1' }))
    assert.equal([conflict.code, conflict.status.details?.causes?.[0]?.field], [409, '.data.x'])
    assert.equal((await apply('two', { x: '2', z: '1' }, true)).data, { x: '2', y: '1', z: '1' })
    const less = await apply('one', { y: '1' })
    assert.equal(less.data, { x: '2', y: '1', z: '1' }, 'it is no more the first one’s to take away')
    assert.equal(
      less.metadata?.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`),
      ['one Apply', 'two Apply'],
    )
    await patch(PatchStrategy.MergePatch, { data: { x: null, m: '1' } })
    await patch(PatchStrategy.StrategicMergePatch, { data: { s: '1' } })
    const last = await patch(PatchStrategy.JsonPatch, [{ op: 'replace', path: '/data/y', value: '9' }])
    assert.equal(last.data, { m: '1', s: '1', y: '9', z: '1' })
  },
  slow,
)

test(
  'a watch with bookmarks hears of every change in order, of where it is, and ends in time',
  async (t) => {
    const { api, kube } = await start(t, '--no-node')
    const { metadata } = await api.listNamespacedConfigMap({ namespace })
    const resourceVersion = metadata?.resourceVersion ?? ''
    const heard: string[] = []
    const versions: number[] = []
    const ended = new Promise<unknown>((resolve) => {
      const query = { resourceVersion, allowWatchBookmarks: true, timeoutSeconds: 5, labelSelector: 'app=x' }
      const each = (phase: string, object: V1ConfigMap): void => {
        heard.push(phase === 'BOOKMARK' ? phase : `${phase} ${object.metadata?.name}`)
        versions.push(Number(object.metadata?.resourceVersion))
      }
      void new Watch(kube).watch(mapsPath, query, each, resolve)
    })
    const made = await api.createNamespacedConfigMap({ namespace, body: map('a', {}, { app: 'x' }) })
    await api.createNamespacedConfigMap({ namespace, body: map('other') })
    await api.replaceNamespacedConfigMap({ namespace, name: 'a', body: { ...made, data: { k: '1' } } })
    await api.deleteNamespacedConfigMap({ namespace, name: 'a' })
    assert.is(await ended, null)
    assert.equal(heard, ['ADDED a', 'MODIFIED a', 'DELETED a', 'BOOKMARK'])
    assert.equal(
      versions,
      versions.toSorted((a, b) => a - b),
    )
  },
  slow,
)

/** The server dies and comes back at the same address. */
async function again({ cluster, kube }: Started): Promise<void> {
  cluster.port = new URL(kube.getCurrentCluster()?.server ?? '').port
  await cluster.kill()
  await cluster.up()
}

type MapInformer = Informer<V1ConfigMap> & ObjectCache<V1ConfigMap>
/** As the library's own examples run one: on an error it is started again. */
async function follow(
  t: TestContext,
  { kube, api }: Started,
): Promise<{ informer: MapInformer; heard: string[]; pause(): Promise<void> }> {
  let paused = false
  let timer: NodeJS.Timeout | undefined
  const heard: string[] = []
  const list = () => api.listNamespacedConfigMap({ namespace, labelSelector: 'app=x' })
  const informer = makeInformer(kube, mapsPath, list, 'app=x')
  for (const verb of ['add', 'update', 'delete'] as const) {
    informer.on(
      verb,
      ({ metadata, data }: V1ConfigMap) => void heard.push(`${verb} ${metadata?.name} ${data?.k ?? ''}`.trimEnd()),
    )
  }
  informer.on('error', () => {
    clearTimeout(timer)
    if (!paused) timer = setTimeout(() => void informer.start(), 100)
  })
  const pause = async (): Promise<void> => {
    paused = true
    clearTimeout(timer)
    await informer.stop()
  }
  t.defer(pause)
  await informer.start()
  return { informer, heard, pause }
}
const said = (heard: readonly string[], wanted: string): Promise<unknown> =>
  eventually(`${wanted} in ${heard}`, async () => heard.includes(wanted))

test(
  'an informer hears of each change once, also of those around the death of the server',
  async (t) => {
    const started = await start(t, '--no-node')
    const { api } = started
    const write = (name: string, k: string): Promise<unknown> =>
      api.replaceNamespacedConfigMap({ namespace, name, body: map(name, { k }, { app: 'x' }) })
    const create = (name: string): Promise<unknown> =>
      api.createNamespacedConfigMap({ namespace, body: map(name, { k: '1' }, { app: 'x' }) })
    await create('a')
    const { informer, heard } = await follow(t, started)
    await said(heard, 'add a 1')
    await create('b')
    await write('a', '2')
    await said(heard, 'update a 2')
    assert.is(informer.get('b', namespace)?.data?.k, '1')

    await again(started)
    await write('a', '3')
    await api.deleteNamespacedConfigMap({ namespace, name: 'b' })
    await create('c')
    await said(heard, 'add c 1')
    assert.equal(heard, ['add a 1', 'add b 1', 'update a 2', 'update a 3', 'delete b 1', 'add c 1'])
    assert.equal(
      informer.list(namespace).map(({ metadata, data }) => `${metadata?.name} ${data?.k}`),
      ['a 3', 'c 1'],
    )
  },
  slow,
)

test(
  'an informer that comes back too late is told so by 410, lists anew and misses nothing',
  async (t) => {
    const started = await start(t, '--no-node')
    const { api, kube } = started
    const create = (name: string, labels = {}): Promise<V1ConfigMap> =>
      api.createNamespacedConfigMap({ namespace, body: map(name, { k: '1' }, labels) })
    for (const name of ['stays', 'goes']) await create(name, { app: 'x' })
    const { informer, heard, pause } = await follow(t, started)
    await said(heard, 'add stays 1')
    await pause()
    const { metadata } = await api.listNamespacedConfigMap({ namespace })
    await api.deleteNamespacedConfigMap({ namespace, name: 'goes' })
    await create('comes', { app: 'x' })
    for (let index = 0; index < 50; index++) await create(`other-${index}`)
    // What it has in memory of its history goes further back than what it keeps.
    await again(started)

    const events: string[] = []
    const end = new Promise<unknown>((resolve) => {
      const each = (phase: string, status: V1Status): void => void events.push(`${phase} ${status.code} ${status.reason}`)
      void new Watch(kube).watch(mapsPath, { resourceVersion: metadata?.resourceVersion }, each, resolve)
    })
    assert.equal([await end, events], [null, ['ERROR 410 Expired']])

    heard.length = 0
    await informer.start()
    await said(heard, 'add comes 1')
    assert.equal(heard.toSorted(), ['add comes 1', 'delete goes 1'])
    await create('later', { app: 'x' })
    await said(heard, 'add later 1')
  },
  slow,
)

test(
  'exec and logs of a Pod',
  async (t) => {
    const { api, kube } = await start(t, '--runtime', 'hollow')
    const annotations = { 'hollow.davit.dev/log': 'first\nsecond\nthird', 'hollow.davit.dev/side.unhealthy-after-ms': '0' }
    const containers = ['main', 'side'].map((name) => ({ name, image: 'davit.local/none:1' }))
    await api.createNamespacedPod({ namespace, body: { metadata: { name: 'p', annotations }, spec: { containers } } })
    await eventually('it runs', async () => (await api.readNamespacedPod({ namespace, name: 'p' })).status?.phase === 'Running')

    const run = async (container: string, command: string[]): Promise<{ output: string; status: V1Status }> => {
      const [output, errors] = [new Collected(), new Collected()]
      const status = await new Promise<V1Status>((resolve, reject) => {
        new Exec(kube).exec(namespace, 'p', container, command, output, errors, null, false, resolve).catch(reject)
      })
      return { output: output.text, status }
    }
    const good = await run('main', ['echo', 'hello', 'world'])
    assert.is(good.output, 'hello world\n')
    assert.is(good.status.status, 'Success')
    const bad = await run('side', ['true'])
    assert.equal([bad.status.status, bad.status.reason], ['Failure', 'NonZeroExitCode'])
    assert.equal(bad.status.details?.causes, [{ reason: 'ExitCode', message: '1' }])
    const missing = await assert.rejects(new Exec(kube).exec(namespace, 'gone', 'main', 'true', null, null, null, false))
    assert.ok(missing)

    const log = async (options: { tailLines?: number; timestamps?: boolean }): Promise<string> => {
      const stream = new Collected()
      const closed = new Promise((resolve) => stream.once('finish', resolve))
      await new Log(kube).log(namespace, 'p', 'main', stream, options)
      await closed
      return stream.text
    }
    assert.is(await log({}), 'first\nsecond\nthird\n')
    assert.is(await log({ tailLines: 1 }), 'third\n')
    assert.match(await log({ tailLines: 1, timestamps: true }), /^\d{4}-\d\d-\d\dT[\d:.]+Z third\n$/)
    assert.is(await api.readNamespacedPodLog({ namespace, name: 'p', container: 'main', tailLines: 2 }), 'second\nthird\n')
    const unknown = await assert.rejects(new Log(kube).log(namespace, 'p', 'nobody', new Collected()))
    assert.is((unknown as ApiException<unknown>).code, 400)
  },
  slow,
)
