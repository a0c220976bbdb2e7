/** What every client must do, whatever its way to the API. Run against the real pipeline. */
import type { ConfigMap, Pod } from '../kinds/contract.js'
import { assert, suite } from '../testing/contract.js'
import {
  ApiError,
  type Client,
  type Clients,
  configMaps,
  deployments,
  edit,
  isConflict,
  isExists,
  isGone,
  isNotFound,
  namespaces,
  nodes,
  pods,
} from './contract.js'

export interface ClientSubject {
  readonly clients: Clients
  close(): Promise<void>
}

const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', labels },
  data,
})
const pod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'main', image: 'image:1' }] },
})

/** Records what a watch tells, and lets a test wait for it. */
export function watcher(client: Client, options: Parameters<Client['watch']>[1] = { namespace: 'default' }) {
  const seen: string[] = []
  const ends: (Error | undefined)[] = []
  const wakers = new Set<() => void>()
  const wake = (): void => {
    for (const each of wakers) each()
    wakers.clear()
  }
  const handle = client.watch(configMaps, options, {
    event(type, object) {
      assert.ok(Object.isFrozen(object) && Object.isFrozen(object.metadata))
      seen.push(`${type} ${object.metadata.name}`)
      wake()
    },
    end(error) {
      ends.push(error)
      wake()
    },
  })
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise<void>((resolve) => void wakers.add(resolve))
  }
  return { seen, ends, until, close: () => handle.close() }
}

export function clientSuite(name: string, make: () => Promise<ClientSubject>): void {
  let subject: ClientSubject
  let client: Client
  const test = suite(name)
  test.before(async () => {
    subject = await make()
    client = subject.clients.as({ name: 'admin', groups: ['system:masters'], manager: 'the-kit' })
  })
  test.after(() => subject.close())

  test('creates, reads, changes and deletes', async () => {
    const made = await client.create(configMaps, configMap('one', { a: '1' }))
    assert.ok(made.metadata.uid)
    assert.equal(await client.get(configMaps, 'default', 'one'), made)
    const changed = await client.update(
      configMaps,
      edit(made, (draft) => {
        draft.data = { a: '2' }
      }),
    )
    assert.equal(changed.data, { a: '2' })
    const patched = await client.patch(configMaps, 'default', 'one', 'merge', { data: { b: '3' } })
    assert.equal(patched.data, { a: '2', b: '3' })
    await client.delete(configMaps, 'default', 'one')
    await assert.rejects(client.get(configMaps, 'default', 'one'), (error) => isNotFound(error))
  })

  test('gives out what is frozen', async () => {
    const made = await client.create(configMaps, configMap('frozen', { a: '1' }))
    const listed = (await client.list(configMaps, { namespace: 'default' })).items
    for (const object of [made, ...listed, await client.get(configMaps, 'default', 'frozen')]) {
      assert.ok(Object.isFrozen(object) && Object.isFrozen(object.metadata) && (!object.data || Object.isFrozen(object.data)))
    }
    await client.delete(configMaps, 'default', 'frozen')
  })

  test('refuses with the Status of the API', async () => {
    const made = await client.create(configMaps, configMap('taken'))
    await assert.rejects(client.create(configMaps, configMap('taken')), (error) => isExists(error))
    await client.patch(configMaps, 'default', 'taken', 'merge', { data: { a: '1' } })
    await assert.rejects(client.update(configMaps, made), (error) => isConflict(error))
    const invalid = { ...configMap('Not_A_Name'), data: {} }
    await assert.rejects(client.create(configMaps, invalid), (error) => {
      assert.ok(error instanceof ApiError)
      assert.is(error.code, 422)
      assert.is(error.status.details?.kind, 'ConfigMap')
      return error.status.reason === 'Invalid'
    })
    await assert.rejects(client.get(nodes, '', 'none'), (error) => (error as Error).message === 'nodes "none" not found')
    await client.delete(configMaps, 'default', 'taken')
  })

  test('deletes under a precondition', async () => {
    await client.create(configMaps, configMap('guarded'))
    const wrong = { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } }
    await assert.rejects(client.delete(configMaps, 'default', 'guarded', wrong), (error) => isConflict(error))
    await client.delete(configMaps, 'default', 'guarded')
  })

  test('a dry run stores nothing', async () => {
    const made = await client.create(configMaps, configMap('dry'), { dryRun: true })
    assert.is(made.metadata.name, 'dry')
    await assert.rejects(client.get(configMaps, 'default', 'dry'), (error) => isNotFound(error))
  })

  test('cluster-scoped and namespaced, core and other groups', async () => {
    const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'place' } }
    await client.create(namespaces, space)
    assert.is((await client.get(namespaces, '', 'place')).metadata.name, 'place')
    const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } }
    const made = await client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'place' },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    })
    assert.is(made.metadata.generation, 1)
    await client.delete(deployments, 'place', 'web')
  })

  test('status is written apart, and a subresource takes a body of its own', async () => {
    const made = await client.create(pods, pod('bound'))
    const target = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name: 'bound', namespace: 'default' },
      target: { name: 'node-1' },
    }
    await client.createSubresource(pods, 'default', 'bound', 'binding', target)
    const bound = await client.get(pods, 'default', 'bound')
    assert.is(bound.spec?.nodeName, 'node-1')
    const running = await client.updateStatus(
      pods,
      edit(bound, (draft) => {
        draft.status = { ...draft.status, phase: 'Running' }
      }),
    )
    assert.is(running.status?.phase, 'Running')
    assert.is(running.metadata.uid, made.metadata.uid)
    await client.delete(pods, 'default', 'bound', { gracePeriodSeconds: 0 })
    await assert.rejects(client.get(pods, 'default', 'bound'), (error) => isNotFound(error))
  })

  test('a subresource that is an object can be read', async () => {
    const template = { metadata: { labels: { app: 'scaled' } }, spec: pod('scaled').spec }
    const spec = { replicas: 3, selector: { matchLabels: { app: 'scaled' } }, template }
    const metadata = { name: 'scaled', namespace: 'default' }
    const made = await client.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec })
    const scale = await client.getSubresource(deployments, 'default', 'scaled', 'scale')
    assert.equal([scale.kind, scale.metadata.uid, scale.spec], ['Scale', made.metadata.uid, { replicas: 3 }])
    await client.delete(deployments, 'default', 'scaled')
    await assert.rejects(client.getSubresource(deployments, 'default', 'scaled', 'scale'), (error) => isNotFound(error))
  })

  test('lists by selector and in pages', async () => {
    for (const at of [1, 2, 3, 4, 5]) await client.create(configMaps, configMap(`page-${at}`, {}, { odd: String(at % 2 === 1) }))
    const odd = await client.list(configMaps, { namespace: 'default', labelSelector: 'odd=true' })
    assert.equal(
      odd.items.map((item) => item.metadata.name),
      ['page-1', 'page-3', 'page-5'],
    )
    const names: string[] = []
    let page = await client.list(configMaps, { namespace: 'default', labelSelector: 'odd', limit: 2 })
    for (;;) {
      names.push(...page.items.map((item) => item.metadata.name))
      if (page.continue === undefined) break
      page = await client.list(configMaps, { namespace: 'default', labelSelector: 'odd', limit: 2, continue: page.continue })
    }
    assert.equal(names, ['page-1', 'page-2', 'page-3', 'page-4', 'page-5'])
    const one = await client.list(configMaps, { fieldSelector: 'metadata.name=page-2' })
    assert.is(one.items.length, 1)
    for (const item of names) await client.delete(configMaps, 'default', item)
  })

  test('watches from a version, and from nothing with the present state first', async (t) => {
    await client.create(configMaps, configMap('before', {}, { kit: 'watch' }))
    const { resourceVersion } = await client.list(configMaps)
    const scope = { namespace: 'default', labelSelector: 'kit=watch' }
    const later = watcher(client, { ...scope, resourceVersion })
    const whole = watcher(client, scope)
    t.defer(() => later.close())
    t.defer(() => whole.close())
    await whole.until(() => whole.seen.length === 1)
    await client.create(configMaps, configMap('during', {}, { kit: 'watch' }))
    await client.patch(configMaps, 'default', 'during', 'merge', { data: { a: '1' } })
    await client.delete(configMaps, 'default', 'during')
    await later.until(() => later.seen.length === 3)
    await whole.until(() => whole.seen.length === 4)
    const during = ['ADDED during', 'MODIFIED during', 'DELETED during']
    assert.equal(later.seen, during)
    assert.equal(whole.seen, ['ADDED before', ...during])
    later.close()
    await client.delete(configMaps, 'default', 'before')
    await whole.until(() => whole.seen.length === 5)
    assert.is(later.seen.length, 3)
    assert.equal([...later.ends, ...whole.ends], [])
  })

  test('a watch that is refused ends with the refusal', async () => {
    const refused = watcher(client, { fieldSelector: 'no.such.field=1' })
    await refused.until(() => refused.ends.length > 0)
    assert.is((refused.ends[0] as ApiError).code, 400)
    assert.not(isGone(refused.ends[0]))
  })

  test('an informer holds the state, indexes it, and tells changes after it made them', async () => {
    const informer = subject.clients.informer(configMaps, { namespace: 'default', labelSelector: 'kit=informer' })
    assert.is(subject.clients.informer(configMaps, { namespace: 'default', labelSelector: 'kit=informer' }), informer)
    assert.is.not(subject.clients.informer(configMaps, { namespace: 'other' }), informer)
    informer.index('color', (object) => (object.data?.color ? [object.data.color] : []))
    await client.create(configMaps, configMap('red', { color: 'red' }, { kit: 'informer' }))
    await informer.whenSynced()
    const told: string[] = []
    let wake = (): void => undefined
    const tell = (text: string): void => {
      told.push(text)
      wake()
    }
    const remove = informer.on({
      added: (object) => tell(`added ${object.metadata.name} ${informer.get('default', object.metadata.name) === object}`),
      updated: (object, old) =>
        tell(`updated ${old.data?.color} ${object.data?.color} ${informer.byIndex('color', 'red').length}`),
      deleted: (object) => tell(`deleted ${object.metadata.name} ${informer.list().length}`),
    })
    const until = async (count: number): Promise<void> => {
      while (told.length < count) await new Promise<void>((resolve) => (wake = resolve))
    }
    assert.equal(told, [])
    await until(1)
    await client.patch(configMaps, 'default', 'red', 'merge', { data: { color: 'blue' } })
    await until(2)
    assert.equal(
      informer.byIndex('color', 'blue').map((object) => object.metadata.name),
      ['red'],
    )
    await client.delete(configMaps, 'default', 'red')
    await until(3)
    assert.equal(told, ['added red true', 'updated red blue 0', 'deleted red 0'])
    assert.equal(informer.list('default'), [])
    remove()
  })
}
