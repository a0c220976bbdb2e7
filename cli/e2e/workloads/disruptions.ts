/** Evictions, drains and taints of nodes, on real processes. One after the other: they are about whole nodes. */
import { assert } from '@davit/core/testing'
import type { Tree } from '../objects.js'
import { conditionOf, isReady, pause, type Scene, selectorOf } from './scene.js'

/** A budget holds against evictions, one by one and of a whole node; and is kept while a node is drained. */
export async function drain(scene: Scene): Promise<void> {
  const { kubectl } = scene
  const at = async () => (await scene.pods('held')).map(({ spec }) => spec.nodeName as string)
  await kubectl.said('cordon', 'one')
  await scene.create('deployments', 'held', {
    spec: { replicas: 2, selector: selectorOf('held'), template: scene.template('held', '1') },
  })
  await scene.create('poddisruptionbudgets', 'held', { spec: { minAvailable: 2, selector: selectorOf('held') } })
  const [first] = await scene.ready('held', 2)
  assert.equal(await at(), ['two', 'two'])
  await kubectl.said('uncordon', 'one')
  await scene.until('the budget is counted', async () => {
    return (await scene.get('poddisruptionbudgets', 'held')).status?.currentHealthy === 2
  })
  const refused = await scene.evict(first?.metadata.name)
  assert.equal([refused.code, refused.status.details.causes[0].reason], [429, 'DisruptionBudget'])
  const words = ['drain', 'two', '--pod-selector=app=held', '--timeout=1s']
  assert.match((await kubectl.run(words)).stderr, "Cannot evict pod as it would violate the pod's disruption budget")
  assert.equal(await at(), ['two', 'two'])

  await scene.patch('poddisruptionbudgets', 'held', { spec: { minAvailable: 1 } })
  let fewest = 2
  let over = false
  const watching = (async () => {
    while (!over) {
      fewest = Math.min(fewest, (await scene.pods('held')).filter(isReady).length)
      await pause(100)
    }
  })()
  await kubectl.said('drain', 'two', '--pod-selector=app=held', '--timeout=30s')
  over = true
  await watching
  assert.ok(fewest >= 1, `${fewest} were ready in between`)
  await scene.ready('held', 2)
  assert.equal(await at(), ['one', 'one'])
  await kubectl.said('uncordon', 'two')
  await scene.remove('deployments', 'held')
  await scene.noProcesses()
}

/** Who does not bear a taint goes, at once or after its time; who does stays the same process. */
export async function taint(scene: Scene): Promise<void> {
  const bears = (more: Tree = {}) => [{ key: 'broken', operator: 'Exists', effect: 'NoExecute', ...more }]
  const run = (app: string, tolerations: readonly Tree[]) =>
    scene.create('pods', app, { spec: scene.podSpec(app, '1', {}, { nodeName: 'two', tolerations }) }, { labels: { app } })
  await Promise.all([run('none', []), run('some', bears({ tolerationSeconds: 1 })), run('all', bears())])
  await Promise.all(['none', 'some', 'all'].map((app) => scene.ready(app, 1)))
  const before = await scene.running('all', 1)
  await scene.kubectl.said('taint', 'node', 'two', 'broken=yes:NoExecute')
  await scene.gone('pods', 'none')
  await scene.gone('pods', 'some')
  assert.equal([...(await scene.processes())], [...before])
  assert.is(conditionOf(await scene.get('pods', 'all'), 'Ready')?.status, 'True')
  await scene.kubectl.said('taint', 'node', 'two', 'broken-')
  await scene.remove('pods', 'all')
  await scene.noProcesses()
}
