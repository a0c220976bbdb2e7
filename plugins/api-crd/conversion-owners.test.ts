/** Who owns what of custom resources that some write in one version and others in another, between which a webhook converts. */
import type { KubeObject } from '@davit/core/kinds'
import { assert, test } from '@davit/core/testing'
import type { Cluster } from './testing.js'
import { answer, requests, setUp } from './testing-conversion.js'

/** Without `spec`: a configuration that wants nothing. */
const apply = (version: 'v1' | 'v2', fieldManager: string, spec?: object, force = false) =>
  ({
    version,
    name: 'a',
    patchType: 'apply',
    body: { apiVersion: `example.com/${version}`, kind: 'Widget', metadata: { name: 'a' }, ...(spec && { spec }) },
    query: { fieldManager, force: String(force) },
  }) as const
const applied = (cluster: Cluster, ...args: Parameters<typeof apply>): Promise<KubeObject> =>
  cluster.object('patch', 'widgets', apply(...args))
const merged = (cluster: Cluster, version: string, fieldManager: string, spec: object): Promise<KubeObject> =>
  cluster.object('patch', 'widgets', { version, name: 'a', patchType: 'merge', body: { spec }, query: { fieldManager } })
const specs = async (cluster: Cluster): Promise<unknown[]> =>
  Promise.all(['v1', 'v2'].map(async (version) => (await cluster.object('get', 'widgets', { version, name: 'a' })).spec))
/** "one Apply v1: color" */
const owners = ({ metadata }: KubeObject): string[] =>
  (metadata.managedFields ?? []).map(({ manager, operation, apiVersion, fieldsV1 }) => {
    const fields = Object.keys((fieldsV1 as Record<string, object>)['f:spec'] ?? {}).filter((key) => key !== '.')
    return `${manager} ${operation} ${apiVersion?.split('/')[1]}: ${fields.map((key) => key.slice(2)).join(', ')}`
  })

test('what one owns in v1, another cannot change in v2 but by force, which takes it away', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await applied(cluster, 'v1', 'one', { color: 'red' })
  const { code, details } = await cluster.refused('patch', 'widgets', apply('v2', 'two', { hue: 'blue' }))
  assert.equal(
    [code, details?.causes?.map(({ message, field }) => `${message} ${field}`)],
    [409, ['conflict with "one" .spec.color']],
  )
  const forced = await applied(cluster, 'v2', 'two', { hue: 'blue' }, true)
  assert.equal(owners(forced), ['two Apply v2: hue'])
  assert.equal(await specs(cluster), [{ color: 'blue' }, { hue: 'blue', size: 1 }])
})

test('the same value in the words of the other version is no conflict, and stays as long as one wants it', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await applied(cluster, 'v1', 'one', { color: 'red' })
  const both = await applied(cluster, 'v2', 'two', { hue: 'red' })
  assert.equal(owners(both), ['one Apply v1: color', 'two Apply v2: hue'])
  await applied(cluster, 'v1', 'one')
  assert.equal(await specs(cluster), [{ color: 'red' }, { hue: 'red', size: 1 }])
  await applied(cluster, 'v2', 'two')
  assert.equal(await specs(cluster), [{}, { size: 1 }])
})

test('who goes over to the other version takes what he had with him', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await applied(cluster, 'v1', 'one', { color: 'red' })
  const same = await applied(cluster, 'v2', 'one', { hue: 'red' })
  assert.equal([owners(same), same.spec], [['one Apply v2: hue'], { hue: 'red', size: 1 }])
  const less = await applied(cluster, 'v1', 'one')
  assert.is(less.spec, undefined, 'he applies it no more')
})

test('an update in one version takes the fields of the other', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await applied(cluster, 'v2', 'two', { hue: 'red' })
  const taken = await merged(cluster, 'v1', 'old', { color: 'green' })
  assert.equal(owners(taken), ['old Update v1: color'])
  const back = await merged(cluster, 'v2', 'new', { hue: 'blue' })
  assert.equal(owners(back), ['new Update v2: hue'])
})

test('a webhook is asked for owners only where there are some of another version, and does not stop an update when away', async (t) => {
  let away = false
  const { cluster, hook } = await setUp(t, (body) => (away ? {} : answer(body)))
  await applied(cluster, 'v1', 'one', { color: 'red' })
  await merged(cluster, 'v1', 'old', { color: 'green' })
  assert.is(hook.bodies.length, 0)
  await applied(cluster, 'v2', 'two', { hue: 'blue' }, true)
  hook.bodies.length = 0
  away = true
  const written = await merged(cluster, 'v1', 'old', { color: 'black' })
  assert.equal(written.spec, { color: 'black' })
  assert.equal(
    requests(hook).map(({ desiredAPIVersion }) => desiredAPIVersion),
    ['example.com/v2'],
  )
  const { code, message } = await cluster.refused('patch', 'widgets', apply('v1', 'three', { color: 'white' }, true))
  assert.is(code, 500)
  assert.match(message, 'conversion webhook for example.com/v1, Kind=Widget')
})

test('an empty spec in the other version gives up what one had, and takes nothing of what another has', async (t) => {
  const { cluster } = await setUp(t, (body) => answer(body))
  await applied(cluster, 'v1', 'one', { color: 'red' })
  const over = await applied(cluster, 'v2', 'one', {})
  assert.equal([owners(over), over.spec], [['one Apply v2: '], { size: 1 }])
  await applied(cluster, 'v2', 'one', { hue: 'red', size: 3 })
  const back = await applied(cluster, 'v1', 'one', {})
  assert.equal([owners(back), back.spec], [['one Apply v1: '], undefined])
  await applied(cluster, 'v1', 'one', { color: 'red' })
  for (const force of [false, true]) {
    const both = await applied(cluster, 'v2', 'two', {}, force)
    assert.equal([owners(both), both.spec], [['one Apply v1: color', 'two Apply v2: '], { hue: 'red', size: 1 }])
  }
})
