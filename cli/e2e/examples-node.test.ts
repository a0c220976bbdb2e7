import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { startCluster } from '../cluster/testing.js'
import type { Connection } from '../kube/connection.js'
import { exampleFile } from './examples.js'
import { create, isRunning, podObject, podOnce, podsPath, type Tree, until } from './objects.js'

test('back-off-gentle: a container that crashes is started again soon, and soon again', async (t) => {
  const { connection } = await startCluster(t, {
    file: exampleFile('back-off-gentle'),
    nodes: ['one'],
    plugins: [{ id: './index.ts', config: { firstMs: 20, longestMs: 40 } }],
  })
  const crashing = { annotations: { 'hollow.davit.dev/run-ms': '5', 'hollow.davit.dev/exit-code': '1' } }
  await create(connection, podsPath, podObject('crash', {}, crashing))
  // The fourth start alone would come after 70 s without the plugin.
  await podOnce(connection, 'crash', (pod) => pod.status?.containerStatuses?.[0]?.restartCount >= 4)
})

test(
  'volume-hello: a Pod finds its greeting, and waits for a driver that is not there; provisioner-shared: a claim gets a folder',
  async (t) => {
    const node = { name: 'one', runtime: 'cri-process', podCidr: '10.244.97.0/24' }
    const shared = await t.directory()
    const { connection, directory } = await startCluster(t, {
      file: exampleFile('volume-hello'),
      flags: { proxy: 'none' },
      plugins: [
        { id: 'node-agent', config: { nodes: [node], clusterCidr: '10.244.97.0/24' } },
        { id: '../provisioner-shared/index.ts', config: { directory: shared } },
      ],
    })
    const main = { name: 'main', image: 'none:1', command: ['/bin/cat', '/greeting/hello.txt'] }
    const mounting = (driver: string) => ({
      containers: [{ ...main, volumeMounts: [{ name: 'greeting', mountPath: '/greeting' }] }],
      volumes: [{ name: 'greeting', flexVolume: { driver, options: { to: 'world' } } }],
      restartPolicy: 'Never',
    })
    await create(connection, podsPath, podObject('greeted', mounting('example.davit.dev/hello')))
    await podOnce(connection, 'greeted', ({ status }) => status?.phase === 'Succeeded')
    assert.is((await connection.raw('GET', `${podsPath}/greeted/log`)).body.toString(), 'hello world\n')
    await connection.json('DELETE', `${podsPath}/greeted`)
    await until('the volume is gone', async () => {
      // What the runtime removes meanwhile cannot be listed: then it is asked again.
      const files = await readdir(directory, { recursive: true }).catch(() => ['hello.txt'])
      return !files.some((file) => file.endsWith('hello.txt'))
    })

    await create(connection, podsPath, podObject('ungreeted', mounting('other.example/driver')))
    await until('an event that says why', async () => {
      const { items } = await connection.json<{ items: Tree[] }>('GET', '/api/v1/namespaces/default/events')
      return items.some((event) => event.message.includes('there is no flexVolume driver "other.example/driver"'))
    })
    await useSharedFolder(connection, shared)
  },
  { requires: ['root', 'netns'] },
)

/** From the claim to the last trace of its volume. */
async function useSharedFolder(connection: Connection, shared: string): Promise<void> {
  const provisioner = 'example.davit.dev/shared'
  const storageClass = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', metadata: { name: 'shared' }, provisioner }
  await create(connection, '/apis/storage.k8s.io/v1/storageclasses', storageClass)
  const claims = '/api/v1/namespaces/default/persistentvolumeclaims'
  await create(connection, claims, {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data' },
    spec: { storageClassName: 'shared', accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
  })
  const command = ['/bin/sh', '-c', 'echo kept > /data/file']
  const writing = {
    containers: [{ name: 'main', image: 'none:1', command, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    restartPolicy: 'Never',
  }
  await create(connection, podsPath, podObject('writing', writing))
  await podOnce(connection, 'writing', ({ status }) => status?.phase === 'Succeeded')
  const [folder = ''] = await readdir(shared)
  assert.match(folder, /^pvc-/)
  assert.is(await readFile(path.join(shared, folder, 'file'), 'utf8'), 'kept\n')
  await connection.json('DELETE', `${podsPath}/writing`)
  await connection.json('DELETE', `${claims}/data`)
  await until('the volume is gone', async () => {
    const { items } = await connection.json<{ items: Tree[] }>('GET', '/api/v1/persistentvolumes')
    return items.length === 0
  })
  assert.equal(await readdir(shared), [])
}

test('runtime-echo: a container says its command, and ends as it is told', async (t) => {
  const { connection } = await startCluster(t, { file: exampleFile('runtime-echo') })
  const parrot = { name: 'parrot', image: 'any:1', command: ['good', 'morning'] }
  await create(connection, podsPath, podObject('parrot', { containers: [parrot] }))
  const pod = await podOnce(connection, 'parrot', isRunning)
  assert.is(pod.spec.nodeName, 'parrot-cage')
  assert.match(pod.status.containerStatuses[0].containerID, /^echo:\/\//)
  assert.is((await connection.raw('GET', `${podsPath}/parrot/log`)).body.toString(), 'good\nmorning\n')
  const ending = { ...parrot, env: [{ name: 'EXIT', value: '3' }] }
  await create(connection, podsPath, podObject('ending', { containers: [ending], restartPolicy: 'Never' }))
  const ended = await podOnce(connection, 'ending', ({ status }) => status?.phase === 'Failed')
  assert.is(ended.status.containerStatuses[0].state.terminated.exitCode, 3)
})

test('proxy-print: says which addresses a service has and where they lead', async (t) => {
  const { connection, lines } = await startCluster(t, { file: exampleFile('proxy-print') })
  const service = { selector: { app: 'none' }, ports: [{ name: 'http', port: 80 }] }
  const made = await create(connection, '/api/v1/namespaces/default/services', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: service,
  })
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [{ addresses: ['10.9.8.7'], conditions: { ready: true } }],
  }
  await create(connection, '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', slice)
  const line = await until('a line with the endpoint', async () =>
    lines.find(({ message, fields }) => message === 'service default/web:http' && (fields.targets as string[]).length > 0),
  )
  assert.equal(line.fields.addresses, [made.spec.clusterIP])
  assert.equal(line.fields.targets, ['10.9.8.7:8080'])
  await connection.json('DELETE', '/api/v1/namespaces/default/services/web')
  await until('a line that says it is gone', async () =>
    lines.some(({ message }) => message === 'service default/web:http is gone'),
  )
})
