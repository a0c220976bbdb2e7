import { horizontalPodAutoscalers } from '@davit/core/client'
import { type ReplicaFormula, ReplicaFormulaToken, replicaFormulaAnnotation } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { assert, suite } from '@davit/core/testing'
import { plane } from './testing.js'

const test = suite('formula')

const provider = (formula: ReplicaFormula) => ({
  plugin: definePlugin({
    id: `test-${formula.name.toLowerCase()}`,
    api: '^1.0',
    provides: { formula: ReplicaFormulaToken },
    async setup() {
      return { provides: { formula } }
    },
  }),
})

test('an autoscaler picks a formula by its name, and others are as they were', async (t) => {
  const seen: unknown[] = []
  const one = (request: Parameters<ReplicaFormula['replicas']>[0]): number => {
    seen.push([request.replicas, request.observedReplicas, request.metric.resource?.name, request.tolerance, request.measured])
    return request.replicas + 1
  }
  const at = await plane(t, {}, [provider({ name: 'OneMore', replicas: one })])
  for (const name of ['a', 'b']) {
    await at.deployment(name, 2)
    await at.fill(name)
    at.used.set(name, { cpu: '160m' })
  }
  await at.autoscaler('a', {}, { [replicaFormulaAnnotation]: 'OneMore' })
  await at.autoscaler('b')
  await at.quiet()
  assert.equal([await at.replicas('a'), await at.replicas('b')], [3, 4])
  const pods = ['a-0', 'a-1'].map((name) => ({ name, state: 'ready', value: 160, request: 100 }))
  assert.equal(seen, [[2, 2, 'cpu', 0.1, { type: 'pods', pods, unit: 'percent', target: 80 }]])
})

test('what is no number, fails or is not there stops the scaling and says so', async (t) => {
  const broken = (): number => {
    throw new Error('it broke')
  }
  const beside = [provider({ name: 'Half', replicas: () => 1.5 }), provider({ name: 'Broken', replicas: broken })]
  const at = await plane(t, {}, beside)
  const formulas = { half: 'Half', broken: 'Broken', none: 'Missing' }
  for (const [name, formula] of Object.entries(formulas)) {
    await at.deployment(name, 2)
    await at.fill(name)
    at.used.set(name, { cpu: '160m' })
    await at.autoscaler(name, {}, { [replicaFormulaAnnotation]: formula })
  }
  await at.quiet()
  const active = async (name: string) => {
    const found = (await at.hpa(name)).status?.conditions?.find(({ type }) => type === 'ScalingActive')
    return [found?.status, found?.reason, found?.message?.replace('the HPA was unable to compute the replica count: ', '')]
  }
  assert.equal(await active('half'), [
    'False',
    'FormulaFailed',
    'the replica formula "Half" answered 1.5, which is no number of replicas',
  ])
  assert.equal(await active('broken'), ['False', 'FormulaFailed', 'the replica formula "Broken" failed: it broke'])
  assert.equal(await active('none'), ['False', 'FormulaNotFound', 'no plugin provides the replica formula "Missing"'])
  assert.is(await at.replicas('half'), 2)
  assert.is((await at.hpa('half')).status?.currentMetrics?.[0]?.type, 'Resource', 'what was read is shown')
})

test('a change of the formula counts at once', async (t) => {
  const at = await plane(t, {}, [provider({ name: 'Seven', replicas: () => 7 })])
  await at.deployment('web', 4)
  await at.fill('web')
  at.used.set('web', { cpu: '80m' })
  const hpa = await at.autoscaler('web')
  await at.quiet()
  const body = { metadata: { annotations: { [replicaFormulaAnnotation]: 'Seven' } } }
  await at.client.patch(horizontalPodAutoscalers, 'default', hpa.metadata.name, 'merge', body)
  await at.quiet()
  assert.is(await at.replicas('web'), 7)
})
