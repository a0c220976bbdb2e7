/** Who owns what: replication controllers, garbage collection by all policies, and whole namespaces, on real processes. */
import { stat } from 'node:fs/promises'
import { assert } from '@davit/core/testing'
import type { Tree } from '../objects.js'
import { type Scene, selectorOf } from './scene.js'

/** Takes up a Pod that is there, heals, lets the cheapest go, and leaves its Pods to a ReplicaSet. */
export async function replicationController(scene: Scene): Promise<void> {
  const app = 'old'
  await scene.create('pods', 'stray', { spec: scene.podSpec(app, '1') }, { labels: { app } })
  await scene.ready(app, 1)
  const before = (await scene.running(app, 1)).get('stray')
  const spec = { replicas: 2, selector: { app }, template: scene.template(app, '1') }
  await scene.create('replicationcontrollers', app, { spec })
  const [first] = await scene.ready(app, 2)
  assert.is((await scene.get('pods', 'stray')).metadata.ownerReferences[0].kind, 'ReplicationController')
  assert.is((await scene.processes(app)).get('stray'), before, 'one that is taken up goes on')
  await scene.remove('pods', first?.metadata.name)
  await scene.ready(app, 2)
  await scene.patch('pods', 'stray', { metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': '-1' } } })
  await scene.patch('replicationcontrollers', app, { spec: { replicas: 1 } })
  await scene.gone('pods', 'stray')
  const kept = await scene.ready(app, 1)

  const running = await scene.running(app, 1)
  await scene.remove('replicationcontrollers', app, { propagationPolicy: 'Orphan' })
  await scene.gone('replicationcontrollers', app)
  await scene.create('replicasets', app, { spec: { replicas: 1, selector: selectorOf(app), template: scene.template(app, '1') } })
  await scene.until('the ReplicaSet has it', async () => (await scene.get('replicasets', app)).status?.readyReplicas === 1)
  assert.equal(
    (await scene.pods(app)).map(({ metadata }) => metadata.uid),
    kept.map(({ metadata }) => metadata.uid),
  )
  assert.equal([...(await scene.processes(app))], [...running])
  await scene.remove('replicasets', app)
  await scene.noProcesses(app)
}

/** Orphaned processes go on, foreground deletion waits for the slowest of them, and background deletion ends them after all. */
export async function garbage(scene: Scene): Promise<void> {
  const slow = 'trap \'sleep 0.7; exit 0\' TERM; echo "version $VERSION"; while :; do sleep 0.1; done'
  const deploy = async (app: string, more: Tree = {}, pod: Tree = {}): Promise<string> => {
    const spec = { selector: selectorOf(app), template: scene.template(app, '1', more, pod) }
    await scene.create('deployments', app, { spec })
    await scene.ready(app, 1)
    return (await scene.list('replicasets', `app=${app}`))[0]?.metadata.name
  }
  const [orphaned, foreground] = await Promise.all([
    deploy('orphaned'),
    deploy('foreground', { command: ['/bin/sh', '-c', slow] }, { terminationGracePeriodSeconds: 20 }),
    deploy('background'),
  ])

  const running = await scene.running('orphaned', 1)
  await scene.kubectl.said('delete', 'deployment', 'orphaned', '--cascade=orphan')
  await scene.gone('deployments', 'orphaned')
  const set = await scene.get('replicasets', orphaned)
  assert.equal([set.metadata.ownerReferences, set.status.readyReplicas], [undefined, 1])
  assert.equal([...(await scene.processes('orphaned'))], [...running])

  await scene.remove('replicasets', foreground, { propagationPolicy: 'Foreground' })
  const going = await scene.get('replicasets', foreground)
  assert.equal(going.metadata.finalizers, ['foregroundDeletion'])
  // Its Deployment makes another of the same name.
  await scene.until('it is gone', async () => (await scene.find('replicasets', foreground))?.metadata.uid !== going.metadata.uid)
  const ended = Date.now() - Date.parse(going.metadata.deletionTimestamp)
  assert.ok(ended >= 700, `gone after ${ended} ms, before its processes were`)

  await scene.remove('deployments', 'background', { propagationPolicy: 'Background' })
  await scene.gone('deployments', 'background')
  await scene.noProcesses('background')
  await scene.remove('deployments', 'foreground')
  await scene.remove('replicasets', orphaned)
  await scene.noProcesses()
  assert.equal(
    (await scene.list('replicasets')).map(({ metadata }) => metadata.name),
    [],
  )
}

/** All that is in a namespace goes with it, down to processes and volumes. */
export async function namespaceGoes(scene: Scene): Promise<void> {
  const { connection } = scene.stage
  const storage = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }
  await scene.create('persistentvolumeclaims', 'kept', { spec: storage })
  const more = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'kept' } }]
  await scene.create('deployments', 'a', {
    spec: { replicas: 2, selector: selectorOf('a'), template: scene.template('a', '1', more, { volumes }) },
  })
  await scene.create('jobs', 'b', { spec: { template: scene.template('b', '1', {}, { restartPolicy: 'Never' }) } })
  await scene.create('configmaps', 'c', { data: { held: 'by a finalizer' } }, { finalizers: ['example.com/hold'] })
  await Promise.all([scene.ready('a', 2), scene.ready('b', 1)])
  const { spec } = await scene.get('persistentvolumeclaims', 'kept')
  const volumePath = `/api/v1/persistentvolumes/${spec.volumeName}`
  const { local } = (await connection.json<Tree>('GET', volumePath)).spec
  assert.ok((await stat(local.path)).isDirectory())
  await scene.running('', 3)

  const path = `/api/v1/namespaces/${scene.namespace}`
  await connection.json('DELETE', path)
  await scene.noProcesses()
  await scene.until('what holds it is said', async () => {
    const { status } = await connection.json<Tree>('GET', path)
    const remaining = status.conditions?.find(({ type }: Tree) => type === 'NamespaceFinalizersRemaining')
    return remaining?.status === 'True' && /example\.com\/hold in 1 resource instances/.test(remaining.message)
  })
  assert.is((await connection.raw('POST', scene.path('configmaps'), { body: { metadata: { name: 'd' } } })).code, 403)
  await scene.patch('configmaps', 'c', { metadata: { finalizers: null } })
  await scene.until('it is gone', async () => (await connection.raw('GET', path)).code === 404)
  await scene.until('its volume is gone', async () => (await connection.raw('GET', volumePath)).code === 404)
  await scene.until('its directory is gone', () =>
    stat(local.path).then(
      () => false,
      () => true,
    ),
  )
}
