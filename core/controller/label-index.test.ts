import { pods } from '../client/contract.js'
import { type Pod, parseLabelSelector } from '../kinds/contract.js'
import { assert, boot, type TestContext, test } from '../testing/contract.js'
import { indexLabels, selectByLabels } from './contract.js'

const pod = (namespace: string, name: string, labels?: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace, name, ...(labels && { labels }) },
  spec: { containers: [{ name: 'c', image: 'i' }] },
})

async function plane(t: TestContext) {
  const booted = await boot()
  t.defer(() => booted.stop())
  const { client, clients } = booted
  const informer = clients.informer(pods)
  await informer.whenSynced()
  indexLabels(informer)
  indexLabels(informer)
  const make = (...made: readonly Pod[]) => Promise.all(made.map((each) => client.create(pods, each)))
  const select = async (text: string, namespace = 'default') => {
    await booted.clock.settle()
    const { value, error } = parseLabelSelector(text)
    if (error !== undefined) throw new Error(error)
    return selectByLabels(informer, namespace, value)
      .map(({ metadata }) => metadata.name)
      .sort()
  }
  return { ...booted, informer, make, select }
}

test('every kind of selector finds what it selects, in its namespace alone', async (t) => {
  const { make, select } = await plane(t)
  await make(
    pod('default', 'web-1', { app: 'web', tier: 'front' }),
    pod('default', 'web-2', { app: 'web', tier: 'back' }),
    pod('default', 'db', { app: 'db', tier: 'back' }),
    pod('default', 'bare'),
    pod('kube-system', 'web-3', { app: 'web', tier: 'front' }),
  )
  const cases: readonly [string, readonly string[]][] = [
    ['app=web', ['web-1', 'web-2']],
    ['app==web', ['web-1', 'web-2']],
    ['app in (web)', ['web-1', 'web-2']],
    ['app in (web,db)', ['db', 'web-1', 'web-2']],
    ['app=web,tier=back', ['web-2']],
    ['app=web,tier!=back', ['web-1']],
    ['app=none', []],
    ['app=web,app=db', []],
    ['tier notin (front)', ['bare', 'db', 'web-2']],
    ['!app', ['bare']],
    ['app', ['db', 'web-1', 'web-2']],
    ['', ['bare', 'db', 'web-1', 'web-2']],
  ]
  for (const [text, names] of cases) assert.equal(await select(text), names, text)
  assert.equal(await select('app=web', 'kube-system'), ['web-3'])
  assert.equal(await select('app=web', 'elsewhere'), [])
})

test('what changes its labels, and what goes, is found no more by the old ones', async (t) => {
  const { client, make, select } = await plane(t)
  await make(pod('default', 'one', { app: 'web' }), pod('default', 'two', { app: 'web' }))
  assert.equal(await select('app=web'), ['one', 'two'])
  await client.patch(pods, 'default', 'one', 'merge', { metadata: { labels: { app: 'db' } } })
  assert.equal([await select('app=web'), await select('app=db')], [['two'], ['one']])
  await client.delete(pods, 'default', 'two', { gracePeriodSeconds: 0 })
  assert.equal(await select('app=web'), [])
})

test('an exact value spares the rest of the namespace from being looked at', async (t) => {
  const { informer, make, select } = await plane(t)
  await make(pod('default', 'one', { app: 'web' }), pod('default', 'two', { app: 'db' }))
  await select('app=web')
  const list = informer.list.bind(informer)
  let lists = 0
  informer.list = (namespace) => {
    lists += 1
    return list(namespace)
  }
  assert.equal([await select('app=web'), lists], [['one'], 0])
  assert.equal([await select('app!=web'), lists], [['two'], 1])
})
