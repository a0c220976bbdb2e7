// @serial machine
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { configMaps, events, pods, secrets } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import type { PodSpec } from '@davit/core/kinds'
import { type ContainerConfig, type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import { purgePodDirectories } from '@davit/core/node/testkit'
import type { TestContext } from '@davit/core/testing'
import { assert, test } from '@davit/core/testing'
import { createHollowDriver } from './hollow.js'
import { type Cluster, cluster, eventually, isReady, node, statusOf } from './testing.js'

/** A hollow runtime that passes for a real one, so that the agent makes files, and that shows what it was given. */
function posing(seen: ContainerConfig[]) {
  return definePlugin({
    id: 'cri-posing',
    api: '^1.0',
    provides: { runtime: RuntimeToken },
    async setup({ clock, random }) {
      const driver = createHollowDriver({ clock, random, config: { startMs: 0, jitter: 0, pullMs: 0 } })
      const runtime: RuntimeDriver = {
        ...driver,
        id: 'cri-posing',
        supports: { ...driver.supports, hollow: false, mounts: true },
        async open(context) {
          const opened = await driver.open(context)
          const createContainer: typeof opened.createContainer = (sandbox, config) => {
            seen.push(config)
            return opened.createContainer(sandbox, config)
          }
          return { ...opened, createContainer }
        },
      }
      return { provides: { runtime } }
    },
  })
}

async function posingCluster(
  t: TestContext,
): Promise<{ plane: Cluster; seen: ContainerConfig[]; directory: string; mounts: (index?: number) => Record<string, string> }> {
  const seen: ContainerConfig[] = []
  const directory = await t.directory()
  t.defer(async () => void (await purgePodDirectories(directory)))
  const nodes = [node('one', { runtime: 'cri-posing', directory })]
  const plane = await cluster(t, { nodes, plugins: [{ plugin: posing(seen) }] })
  const mounts = (index = 0): Record<string, string> =>
    Object.fromEntries((seen[index]?.mounts ?? []).map((mount) => [mount.containerPath, mount.hostPath]))
  return { plane, seen, mounts, directory }
}

const withVolume = (volume: object, mount: object = {}): Partial<PodSpec> => ({
  containers: [{ name: 'main', image: 'a:1', volumeMounts: [{ name: 'v', mountPath: '/v', ...mount }] }],
  volumes: [{ name: 'v', ...volume }],
})
const configMap = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data,
})

test('a ConfigMap becomes files, and a change of it shows in them all at once', async (t) => {
  const { plane, mounts } = await posingCluster(t)
  const made = await plane.client.create(configMaps, configMap({ color: 'red', size: 'small' }))
  await plane.run('web', withVolume({ configMap: { name: 'settings' } }))
  await plane.until('web', 'Ready', isReady)
  const directory = mounts()['/v'] ?? ''
  assert.equal((await readdir(directory)).filter((name) => !name.startsWith('..')).sort(), ['color', 'size'])
  assert.is(await readFile(join(directory, 'color'), 'utf8'), 'red')
  const first = await readlink(join(directory, '..data'))
  await plane.client.update(configMaps, { ...made, data: { color: 'blue' } })
  await eventually(plane, 'the files have changed', 60_000, async () => {
    return (await readFile(join(directory, 'color'), 'utf8')) === 'blue' ? true : undefined
  })
  assert.is.not(await readlink(join(directory, '..data')), first)
  await eventually(plane, 'what is gone is gone', 1_000, async () =>
    (await readdir(directory)).includes('size') ? undefined : true,
  )
  assert.is(statusOf(await plane.pod('web')).restartCount, 0)
})

test('a Pod waits for a Secret that is missing, and starts at once when it comes', async (t) => {
  const { plane, mounts } = await posingCluster(t)
  await plane.run('web', withVolume({ secret: { secretName: 'key', defaultMode: 0o400 } }))
  await plane.until('web', 'waits', (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'ContainerCreating')
  await plane.pass(30_000)
  assert.is((await plane.pod('web')).status?.phase, 'Pending')
  const before = plane.clock.now()
  const data = { password: Buffer.from('hidden').toString('base64') }
  await plane.client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key', namespace: 'default' }, data })
  await plane.until('web', 'Ready', isReady)
  assert.ok(plane.clock.now() - before < 10_000)
  const path = join(mounts()['/v'] ?? '', 'password')
  assert.is(await readFile(path, 'utf8'), 'hidden')
  assert.is((await stat(path)).mode & 0o777, 0o400)
})

test('environment comes from ConfigMaps, Secrets, fields and services; a missing source is a CreateContainerConfigError', async (t) => {
  const { plane, seen } = await posingCluster(t)
  const env = [
    { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
    { name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
    { name: 'BOTH', value: '$(COLOR) at $(POD_IP)' },
  ]
  await plane.run('web', { containers: [{ name: 'main', image: 'a:1', env, args: ['--color=$(COLOR)', '$(NOTHING)'] }] })
  const refused = await plane.until(
    'web',
    'refused',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  )
  assert.is(statusOf(refused).state?.waiting?.message, 'configmap "settings" not found')
  await plane.client.create(configMaps, configMap({ color: 'red' }))
  await plane.until('web', 'Ready', isReady)
  const given = new Map(seen[0]?.environment.map(({ name, value }) => [name, value]))
  assert.is(given.get('BOTH'), 'red at 10.244.7.2')
  assert.equal(seen[0]?.args, ['--color=red', '$(NOTHING)'])
  assert.ok(given.get('KUBERNETES_SERVICE_HOST'))
  assert.is(given.get('KUBERNETES_SERVICE_PORT'), '443')
})

test('labels and annotations show in the files of a downwardAPI volume, and change with them', async (t) => {
  const { plane, mounts } = await posingCluster(t)
  const items = [
    { path: 'name', fieldRef: { fieldPath: 'metadata.name' } },
    { path: 'deep/labels', fieldRef: { fieldPath: 'metadata.labels' } },
  ]
  await plane.run('web', withVolume({ downwardAPI: { items } }))
  await plane.until('web', 'Ready', isReady)
  const directory = mounts()['/v'] ?? ''
  assert.is(await readFile(join(directory, 'name'), 'utf8'), 'web')
  await plane.client.patch(pods, 'default', 'web', 'merge', { metadata: { labels: { b: 'two', a: 'one' } } })
  await eventually(plane, 'the labels are there', 10_000, async () => {
    return (await readFile(join(directory, 'deep/labels'), 'utf8')) === 'a="one"\nb="two"' ? true : undefined
  })
})

test('a Pod has an /etc/hosts, a place for its last words, and a shared directory that goes with it', async (t) => {
  const { plane, mounts, directory } = await posingCluster(t)
  const aliases = { hostAliases: [{ ip: '192.0.2.1', hostnames: ['db', 'db.local'] }] }
  await plane.run('web', { ...withVolume({ emptyDir: {} }, { subPath: 'sub' }), ...aliases })
  await plane.until('web', 'Ready', isReady)
  const hosts = await readFile(mounts()['/etc/hosts'] ?? '', 'utf8')
  assert.match(hosts, /^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/)
  assert.match(hosts, '10.244.7.2\tweb\n')
  assert.match(hosts, '# Entries added by HostAliases.\n192.0.2.1\tdb\tdb.local\n')
  assert.is((await stat(mounts()['/dev/termination-log'] ?? '')).mode & 0o777, 0o666)
  const [uid = ''] = await readdir(join(directory, 'pods'))
  const shared = join(directory, 'pods', uid, 'volumes', 'v')
  assert.is((await stat(mounts()['/v'] ?? '')).ino, (await stat(join(shared, 'sub'))).ino)
  assert.is((await stat(shared)).mode & 0o777, 0o777)
  await plane.client.delete(pods, 'default', 'web')
  await plane.gone('web')
  assert.equal(await readdir(join(directory, 'pods')), [])
})

test('the last words of a container that ends are in its status', async (t) => {
  const { plane, mounts } = await posingCluster(t)
  const { writeFile } = await import('node:fs/promises')
  await plane.run('web', { restartPolicy: 'Never' }, { 'run-ms': '5000', 'exit-code': '1' })
  await plane.until('web', 'Ready', isReady)
  await writeFile(mounts()['/dev/termination-log'] ?? '', 'no more ink')
  const pod = await plane.until('web', 'Failed', (found) => found.status?.phase === 'Failed')
  assert.is(statusOf(pod).state?.terminated?.message, 'no more ink')
})

test('without last words the end of the log serves, where the Pod says so', async (t) => {
  const { plane } = await posingCluster(t)
  const containers = [{ name: 'main', image: 'a:1', terminationMessagePolicy: 'FallbackToLogsOnError' as const }]
  await plane.run('web', { restartPolicy: 'Never', containers }, { 'run-ms': '1000', 'exit-code': '1', log: 'panic: no ink' })
  const pod = await plane.until('web', 'Failed', (found) => found.status?.phase === 'Failed')
  assert.is(statusOf(pod).state?.terminated?.message, 'panic: no ink\n')
})

test('a volume that no plugin serves, and a path that leaves its volume, keep the Pod waiting with the reason', async (t) => {
  const { plane } = await posingCluster(t)
  await plane.run('nfs', withVolume({ nfs: { server: 'a', path: '/' } }))
  await plane.run('expr', withVolume({ emptyDir: {} }, { subPathExpr: '$(MISSING)' }))
  const refused = await plane.until(
    'expr',
    'refused',
    (pod) => pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === 'CreateContainerConfigError',
  )
  assert.match(statusOf(refused).state?.waiting?.message ?? '', 'names a variable that is not set')
  assert.is(statusOf(await plane.pod('nfs')).state?.waiting?.reason, 'ContainerCreating')
  const found = (await plane.client.list(events, { namespace: 'default' })).items.find((event) => event.reason === 'FailedMount')
  assert.match(found?.message ?? '', 'no plugin serves volumes of type nfs')
})

test('a Pod that asks for a seccomp filter runs where the runtime has none, and one event says so, however often it starts', async (t) => {
  const { plane } = await posingCluster(t)
  const containers = ['main', 'beside'].map((name) => ({ name, image: 'a:1' }))
  const securityContext = { seccompProfile: { type: 'RuntimeDefault' } }
  await plane.run('asks', { containers, securityContext }, { 'run-ms': '1000', 'exit-code': '2' })
  await plane.run('silent', { containers })
  await plane.until('asks', 'restarted', (pod) =>
    (pod.status?.containerStatuses ?? []).every(({ restartCount }) => restartCount > 0),
  )
  await plane.until('silent', 'Ready', isReady)
  await plane.pass(2_000)
  const { items } = await plane.client.list(events, { namespace: 'default' })
  const [found, ...others] = items.filter(({ reason }) => reason === 'SeccompNotApplied')
  assert.equal([found?.type, found?.involvedObject.name, found?.count ?? 1, others.length], ['Warning', 'asks', 1, 0])
})
