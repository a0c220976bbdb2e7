/** A Deployment's whole life, what a ReplicaSet is refused, and the Services before it, on real processes. */
import { assert } from '@davit/core/testing'
import type { Tree } from '../objects.js'
import { conditionOf, isReady, pause, type Scene, selectorOf, versionPatch } from './scene.js'

const replicas = 2
const rolling = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }

/** Looks at all Pods of the app while `work` goes on, as often as they can be read. */
async function during(scene: Scene, app: string, look: (pods: readonly Tree[]) => void, work: Promise<unknown>): Promise<void> {
  let over = false
  const watching = (async () => {
    while (!over) {
      look(await scene.pods(app))
      await pause(100)
    }
  })()
  await work.finally(() => {
    over = true
  })
  await watching
}

const enough = (pods: readonly Tree[]): void => {
  assert.ok(pods.filter(isReady).length >= replicas, 'none may be missing, by maxUnavailable: 0')
  assert.ok(pods.length <= replicas + 2, 'one more by maxSurge, and one that is deleted as it is looked at')
}

/** Rolled out and back, with its Service before it; at no time are there too few. */
export async function rolledOut(scene: Scene): Promise<void> {
  const { kubectl } = scene
  await scene.create('services', 'web', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } })
  await deploy(scene)
  await scene.running('web', replicas)
  await scene.patch('deployments', 'web', versionPatch('2'))
  await during(scene, 'web', enough, scene.versions('web', replicas, '2'))
  await kubectl.said('rollout', 'status', 'deploy/web', '--timeout=60s')
  await kubectl.said('rollout', 'undo', 'deploy/web')
  await during(scene, 'web', enough, scene.versions('web', replicas, '1'))
  assert.match(await kubectl.said('rollout', 'history', 'deploy/web'), /REVISION +CHANGE-CAUSE\n2 .*\n3 /)
  await inFront(scene, 'web')
  await scene.remove('deployments', 'web')
  await scene.noProcesses('web')
  await inFront(scene, 'web')
}

/** Held in the middle, broken and mended. */
export async function heldAndBroken(scene: Scene): Promise<void> {
  const { kubectl } = scene
  await deploy(scene)
  await kubectl.said('rollout', 'pause', 'deploy/web')
  await scene.patch('deployments', 'web', versionPatch('2', { replicas: replicas + 1 }))
  await scene.versions('web', replicas + 1, '1')
  assert.is((await scene.list('replicasets')).length, 1, 'a paused one is scaled, not rolled out')
  await kubectl.said('rollout', 'resume', 'deploy/web')
  await scene.versions('web', replicas + 1, '2')

  const broken = { name: 'main', command: ['/no/such/program'] }
  await scene.patch('deployments', 'web', {
    spec: { progressDeadlineSeconds: 1, template: { spec: { containers: [broken] } } },
  })
  await scene.until('it fails to progress', async () => {
    return conditionOf(await scene.get('deployments', 'web'), 'Progressing')?.reason === 'ProgressDeadlineExceeded'
  })
  assert.is((await scene.pods('web')).filter(isReady).length, replicas + 1, 'those that work stay')
  await kubectl.said('rollout', 'undo', 'deploy/web')
  await scene.versions('web', replicas + 1, '2')
  await scene.remove('deployments', 'web')
  await scene.noProcesses('web')
}

async function deploy(scene: Scene): Promise<void> {
  const spec = { replicas, strategy: rolling, selector: selectorOf('web'), template: scene.template('web', '1') }
  await scene.create('deployments', 'web', { spec })
  await scene.versions('web', replicas, '1')
}

/** The slice of the Service has the addresses of all Pods of its name. */
async function inFront(scene: Scene, name: string): Promise<void> {
  await scene.until('the slices have all addresses', async () => {
    const slices = await scene.list('endpointslices', `kubernetes.io/service-name=${name}`)
    const endpoints = slices.flatMap((slice) => (slice.endpoints ?? []) as Tree[])
    const found = endpoints.filter(({ conditions }) => conditions.ready).flatMap(({ addresses }) => addresses as string[])
    const wanted = (await scene.pods(name)).map(({ status }) => status.podIP as string)
    return `${found.sort()}` === `${wanted.sort()}`
  })
}

/** A process that is killed is started again; Recreate has never two versions at once; foreground deletion waits for processes. */
export async function recreated(scene: Scene): Promise<void> {
  const strategy = { type: 'Recreate' }
  const spec = { replicas: 2, strategy, selector: selectorOf('db'), template: scene.template('db', '1') }
  await scene.create('deployments', 'db', { spec })
  await scene.versions('db', 2, '1')
  const [[name, pid] = []] = await scene.processes('db')
  process.kill(pid ?? 0, 'SIGKILL')
  await scene.until('it is started again', async () => {
    const pod = await scene.get('pods', name ?? '')
    return pod.status.containerStatuses[0].restartCount === 1 && isReady(pod)
  })
  await scene.patch('deployments', 'db', versionPatch('2'))
  const oneVersion = (pods: readonly Tree[]): void => {
    const hashes = pods.filter(isReady).map(({ metadata }) => metadata.labels['pod-template-hash'] as string)
    assert.ok(new Set(hashes).size <= 1, 'two versions run at once')
  }
  await during(scene, 'db', oneVersion, scene.versions('db', 2, '2'))
  await scene.remove('deployments', 'db', { propagationPolicy: 'Foreground' })
  await scene.gone('deployments', 'db')
  assert.is((await scene.processes('db')).size, 0, 'it is gone after all that it owned')
}

/** More Pods than a quota lets in: what may be there is there, why the rest is not is said, and it comes once it may. */
export async function quotaReached(scene: Scene): Promise<void> {
  await scene.create('resourcequotas', 'few', { spec: { hard: { pods: '2' } } })
  await scene.until('the quota is known', async () => (await scene.get('resourcequotas', 'few')).status?.hard?.pods === '2')
  const names = 'cat /var/run/secrets/kubernetes.io/serviceaccount/namespace; echo; exec sleep 1000'
  const template = scene.template('many', '1', { command: ['/bin/sh', '-c', names] })
  await scene.create('deployments', 'many', { spec: { replicas: 3, selector: selectorOf('many'), template } })
  const [first] = await scene.ready('many', 2)
  await scene.until('why there are only two', async () => {
    const failure = conditionOf(await scene.get('deployments', 'many'), 'ReplicaFailure')
    return failure?.reason === 'FailedCreate' && /exceeded quota: few/.test(failure.message)
  })
  await scene.until('the token is mounted', async () => (await scene.log(first?.metadata.name)) === `${scene.namespace}\n`)
  await scene.patch('resourcequotas', 'few', { spec: { hard: { pods: '3' } } })
  // It would look again by itself, but later each time.
  await scene.remove('pods', first?.metadata.name)
  await scene.ready('many', 3)
  await scene.until('the failure is over', async () => {
    return conditionOf(await scene.get('deployments', 'many'), 'ReplicaFailure') === undefined
  })
  await scene.remove('deployments', 'many')
  await scene.noProcesses('many')
}
