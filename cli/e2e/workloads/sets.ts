/** StatefulSets with their volumes, DaemonSets, and volumes made by hand, on real processes. */
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { assert } from '@davit/core/testing'
import type { Tree } from '../objects.js'
import { type Scene, selectorOf, versionPatch } from './scene.js'

const size = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }
const text = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')
const writer = {
  command: ['/bin/sh', '-c', 'echo "version $VERSION"; echo "$VERSION" >> /data/log; exec sleep 1000'],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
}

/** Where the volume of a claim lies on this machine. */
async function directoryOf({ stage: { connection }, ...scene }: Scene, claim: Tree): Promise<string> {
  assert.is(claim.status.phase, 'Bound', `${scene.namespace}: a claim of a Pod that runs is bound`)
  return (await connection.json<Tree>('GET', `/api/v1/persistentvolumes/${claim.spec.volumeName}`)).spec.local.path
}

/** In order up and down, by partition, with volumes that outlive Pods and go with the set. */
export async function statefulSetLife(scene: Scene): Promise<void> {
  const logOf = async (index: number) =>
    path.join(await directoryOf(scene, await scene.get('persistentvolumeclaims', `data-db-${index}`)), 'log')
  await scene.create('statefulsets', 'db', {
    spec: {
      replicas: 2,
      serviceName: 'db',
      selector: selectorOf('db'),
      template: scene.template('db', '1', writer),
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: size }],
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
    },
  })
  await scene.versions('db', 2, '1')
  const logs = await Promise.all([0, 1].map(logOf))
  const begun = await Promise.all(logs.map(async (log) => (await stat(log)).mtimeMs))
  assert.equal(begun, [...begun].sort(), 'each began after the one before')

  await scene.patch('statefulsets', 'db', versionPatch('2', { updateStrategy: { rollingUpdate: { partition: 1 } } }))
  await scene.until('only the last is new', async () => (await text(logs[1] ?? '')) === '1\n2\n')
  await scene.ready('db', 2)
  assert.equal(await Promise.all(logs.map(text)), ['1\n', '1\n2\n'])
  await scene.patch('statefulsets', 'db', { spec: { updateStrategy: { rollingUpdate: { partition: 0 } } } })
  await scene.versions('db', 2, '2')
  await scene.kubectl.said('rollout', 'status', 'sts/db', '--timeout=20s')

  await scene.patch('statefulsets', 'db', { spec: { replicas: 1 } })
  await scene.ready('db', 1)
  await scene.until('the other has ended', async () => (await scene.processes('db')).size === 1)
  assert.is((await scene.list('persistentvolumeclaims')).length, 2, 'claims stay when Pods go')
  await scene.patch('statefulsets', 'db', { spec: { replicas: 2 } })
  await scene.ready('db', 2)
  await scene.until('what was written is there', async () => (await text(logs[1] ?? '')) === '1\n2\n2\n')

  await scene.remove('statefulsets', 'db')
  await scene.until('the claims are gone', async () => (await scene.list('persistentvolumeclaims')).length === 0)
  const gone = (log: string) =>
    stat(log).then(
      () => false,
      () => true,
    )
  await scene.until('the volumes are gone', async () => (await Promise.all(logs.map(gone))).every(Boolean))
  await scene.noProcesses('db')
}

/** One on each node, rolled out and back, and away from a node that it does not want any more. */
export async function daemonSetLife(scene: Scene): Promise<void> {
  const nodesOf = async () => (await scene.pods('agent')).map(({ spec }) => spec.nodeName as string).sort()
  await scene.create('daemonsets', 'agent', { spec: { selector: selectorOf('agent'), template: scene.template('agent', '1') } })
  await scene.versions('agent', 2, '1')
  assert.equal(await nodesOf(), ['one', 'two'])
  await scene.patch('daemonsets', 'agent', versionPatch('2'))
  await scene.versions('agent', 2, '2')
  await scene.patch('daemonsets', 'agent', { spec: { updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } })
  await scene.kubectl.said('rollout', 'undo', 'ds/agent')
  await scene.versions('agent', 2, '1')
  await scene.patch('daemonsets', 'agent', {
    spec: { template: { spec: { nodeSelector: { 'kubernetes.io/hostname': 'two' } } } },
  })
  await scene.until('it left the first node', async () => {
    return `${await nodesOf()}` === 'two' && (await scene.processes('agent')).size === 1
  })
  await scene.remove('daemonsets', 'agent')
  await scene.noProcesses('agent')
}

/** By hand: a claim that comes after its Pod, a volume that was there before, and stays after. */
export async function volumesByHand(scene: Scene): Promise<void> {
  const { connection, nodes } = scene.stage
  const own = path.join(nodes.one, 'own')
  const name = `own-${scene.namespace}`
  const volumePath = `/api/v1/persistentvolumes/${name}`
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'own' } }]
  await scene.create('pods', 'late', { spec: scene.podSpec('late', '1', writer, { volumes }) }, { labels: { app: 'late' } })
  const unbound = /persistentvolumeclaim "own" not found/
  await scene.until('why it waits', async () => (await scene.events('FailedScheduling')).some((message) => unbound.test(message)))
  const hostPath = { path: own, type: 'DirectoryOrCreate' }
  const spec = { accessModes: size.accessModes, capacity: { storage: '1Mi' }, hostPath }
  await connection.json('POST', '/api/v1/persistentvolumes', { body: { metadata: { name }, spec } })
  await scene.create('persistentvolumeclaims', 'own', { spec: { ...size, storageClassName: '' } })
  await scene.ready('late', 1)
  await scene.until('its line', async () => (await text(path.join(own, 'log'))) === '1\n')
  await scene.remove('persistentvolumeclaims', 'own')
  assert.ok((await scene.get('persistentvolumeclaims', 'own')).metadata.deletionTimestamp, 'a claim in use waits for its Pod')
  await scene.remove('pods', 'late')
  await scene.gone('persistentvolumeclaims', 'own')
  await scene.until('it is released', async () => (await connection.json<Tree>('GET', volumePath)).status.phase === 'Released')
  assert.equal(await readdir(own), ['log'], 'what was there before stays')
  await connection.json('DELETE', volumePath)
}
