import { customResourceDefinitions, isNotFound } from '@davit/core/client'
import { assert, test } from '@davit/core/testing'
import { conditions, definition, start, version, widget } from './testing.js'

const text = { type: 'string' }
const gone = async (work: Promise<unknown>): Promise<void> => void (await assert.rejects(work, isNotFound))

test('a definition is established, and its kind is served with what it says', async (t) => {
  const cluster = await start(t)
  assert.not.ok(cluster.isServed())
  const names = { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] }
  const made = await cluster.define(definition([version('v1', { color: { ...text, default: 'red' } })], { names }))
  assert.equal(conditions(made), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  assert.equal(made.status?.acceptedNames, { ...names, singular: 'widget', listKind: 'WidgetList' })
  assert.equal(made.status?.storedVersions, ['v1'])

  const created = await cluster.object('create', 'widgets', { body: widget('a', { unknown: 1 }) })
  assert.equal(created.spec, { color: 'red' })
  assert.is(created.metadata.generation, 1)
  const refusal = await cluster.refused('create', 'widgets', { body: widget('b', { color: 3 }) })
  assert.is(refusal.code, 422)
  assert.is(
    refusal.message,
    'Widget.example.com "b" is invalid: spec.color: Invalid value: "integer": spec.color in body must be of type string: "integer"',
  )
  const strict = await cluster.refused('create', 'widgets', {
    body: widget('b', { no: 1 }),
    query: { fieldValidation: 'Strict' },
  })
  assert.is(strict.code, 400)
  assert.match(strict.message, 'strict decoding error: unknown field "spec.no"')
})

test('all verbs, generation, generated names and finalizers', async (t) => {
  const cluster = await start(t)
  await cluster.define(definition([version('v1', { color: text })]))
  const made = await cluster.object('create', 'widgets', {
    body: { ...widget('', { color: 'red' }), metadata: { generateName: 'w-', finalizers: ['example.com/hold'] } },
  })
  const { name } = made.metadata
  assert.match(name, /^w-.{5}$/)
  const without = { ...made, metadata: { name }, spec: { color: 'blue' } }
  assert.match((await cluster.refused('update', 'widgets', { name, body: without })).message, 'must be specified for an update')
  const changed = await cluster.object('update', 'widgets', { name, body: { ...made, spec: { color: 'blue' } } })
  assert.is(changed.metadata.generation, 2)
  const patch = { name, body: { metadata: { labels: { a: 'b' } } } } as const
  const labelled = await cluster.object('patch', 'widgets', { ...patch, patchType: 'merge' })
  assert.is(labelled.metadata.generation, 2)
  assert.is((await cluster.refused('patch', 'widgets', { ...patch, patchType: 'strategic' })).code, 415)

  await cluster.ask('delete', 'widgets', { name })
  assert.ok((await cluster.object('get', 'widgets', { name })).metadata.deletionTimestamp)
  const freed = { name, patchType: 'merge', body: { metadata: { finalizers: null } } } as const
  await cluster.ask('patch', 'widgets', freed)
  assert.equal(await cluster.names('widgets'), [])
  for (const one of ['a', 'b']) await cluster.ask('create', 'widgets', { body: widget(one) })
  assert.equal(await cluster.names('widgets', { query: { fieldSelector: 'metadata.name=b' } }), ['b'])
  await cluster.ask('deletecollection', 'widgets')
  assert.equal(await cluster.names('widgets'), [])
})

test('new finalizers whose names others may have are stored, with a warning', async (t) => {
  const cluster = await start(t)
  await cluster.define(definition([version('v1', { color: text })]))
  const warnings = async (verb: 'create' | 'patch', finalizers: string[]): Promise<readonly string[]> => {
    const body = verb === 'create' ? widget('a') : {}
    const patch = verb === 'patch' ? { name: 'a', patchType: 'merge' as const } : {}
    const reply = await cluster.ask(verb, 'widgets', { ...patch, body: { ...body, metadata: { name: 'a', finalizers } } })
    return ('warnings' in reply && reply.warnings) || []
  }
  const advice = (name: string): string =>
    `metadata.finalizers: "${name}": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`
  assert.equal(await warnings('create', ['mine', 'example.com/mine', 'foregroundDeletion']), [advice('mine')])
  assert.equal(await warnings('patch', ['mine', 'a.example.com', 'example.com/mine']), [advice('a.example.com')])
  assert.equal(await warnings('patch', ['mine', 'a.example.com']), [])
  await warnings('patch', [])
})

test('status and scale are parts of their own', async (t) => {
  const cluster = await start(t)
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size', labelSelectorPath: '.status.selector' }
  const schema = {
    type: 'object',
    properties: {
      spec: { type: 'object', properties: { size: { type: 'integer', maximum: 5 } } },
      status: { type: 'object', properties: { size: { type: 'integer' }, selector: text } },
    },
  }
  const more = { schema: { openAPIV3Schema: schema }, subresources: { status: {}, scale } }
  await cluster.define(definition([version('v1', {}, more)]))
  const made = await cluster.object('create', 'widgets', { body: widget('a', {}, { status: { size: 9 } }) })
  assert.is(made.status, undefined)
  assert.match((await cluster.refused('get', 'widgets/scale', { name: 'a' })).message, 'the spec replicas field ".spec.size"')

  const told = { ...made, spec: { size: 3 }, status: { size: 2, selector: 'app=a' } }
  const reported = await cluster.object('update', 'widgets/status', { name: 'a', body: told })
  assert.equal([reported.spec, reported.status, reported.metadata.generation], [{}, { size: 2, selector: 'app=a' }, 1])
  const wrong = { ...reported, status: { size: 'two' } }
  assert.is((await cluster.refused('update', 'widgets/status', { name: 'a', body: wrong })).code, 422)

  const wish = { name: 'a', body: { spec: { replicas: 4 } }, patchType: 'merge' } as const
  const scaled = await cluster.object('patch', 'widgets/scale', wish)
  assert.equal([scaled.kind, scaled.spec, scaled.status], ['Scale', { replicas: 4 }, { replicas: 2, selector: 'app=a' }])
  const now = await cluster.object('get', 'widgets', { name: 'a' })
  assert.equal([now.spec, now.metadata.generation], [{ size: 4 }, 2])
  const tooMany = { ...wish, body: { spec: { replicas: 6 } } }
  assert.match((await cluster.refused('patch', 'widgets/scale', tooMany)).message, 'less than or equal to 5')
})

test('names that are taken are refused until they are free', async (t) => {
  const cluster = await start(t)
  const first = { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] }
  await cluster.define(definition([version('v1')], { names: first }))
  const names = { plural: 'gadgets', kind: 'Widget', shortNames: ['wd'] }
  const second = await cluster.define(definition([version('v1')], { names }, 'gadgets'))
  assert.equal(conditions(second), ['NamesAccepted False ListKindConflict', 'Established False NotAccepted'])
  assert.match(second.status?.conditions?.[0]?.message ?? '', '"WidgetList" is already in use')
  assert.not.ok(cluster.isServed('v1', 'gadgets'))
  assert.is(second.status?.acceptedNames?.plural, 'gadgets')

  await cluster.client.delete(customResourceDefinitions, '', 'widgets.example.com')
  await cluster.quiet()
  const freed = await cluster.find('gadgets.example.com')
  assert.equal(conditions(freed), ['NamesAccepted True NoConflicts', 'Established True InitialNamesAccepted'])
  assert.ok(cluster.isServed('v1', 'gadgets'))
})

test('a definition goes when its objects are gone, and takes no new ones meanwhile', async (t) => {
  const cluster = await start(t)
  await cluster.define(definition([version('v1')]))
  await cluster.ask('create', 'widgets', { body: widget('plain') })
  const held = widget('held', {}, { metadata: { name: 'held', finalizers: ['example.com/hold'] } })
  await cluster.ask('create', 'widgets', { body: held })
  const watched = await cluster.watch('widgets')
  await cluster.client.delete(customResourceDefinitions, '', 'widgets.example.com')
  await cluster.quiet()

  const going = await cluster.find()
  assert.equal(going.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io'])
  assert.ok(conditions(going).includes('Terminating True InstanceDeletionInProgress'))
  assert.equal(await cluster.names('widgets'), ['held'])
  const refusal = await cluster.refused('create', 'widgets', { body: widget('late') })
  assert.is(refusal.code, 405)
  assert.is(refusal.message, 'create not allowed while custom resource definition is terminating')

  await cluster.ask('patch', 'widgets', { name: 'held', patchType: 'merge', body: { metadata: { finalizers: null } } })
  for (let turn = 0; turn < 20; turn += 1) await cluster.pass(1000)
  await gone(cluster.find())
  assert.not.ok(cluster.isServed())
  assert.is((await cluster.refused('list', 'widgets')).code, 404)
  assert.is(watched.seen.at(-1), 'END')

  await cluster.define(definition([version('v1')]))
  assert.equal(await cluster.names('widgets'), [])
})

test('an informer of a kind that is gone asks no more, and one of the kind that came back begins anew', async (t) => {
  const cluster = await start(t)
  const ref = { group: 'example.com', version: 'v1', resource: 'widgets', kind: 'Widget', namespaced: true }
  await cluster.define(definition([version('v1')]))
  await cluster.ask('create', 'widgets', { body: widget('a') })
  const first = cluster.clients.informer(ref)
  const undo = first.on({})
  await cluster.quiet()
  assert.is(first.list().length, 1)
  await cluster.client.delete(customResourceDefinitions, '', 'widgets.example.com')
  await cluster.quiet()
  undo()
  for (let turn = 0; turn < 10; turn += 1) await cluster.pass(5000)
  const { length } = cluster.lines
  await cluster.pass(120_000)
  assert.is(cluster.lines.length, length, 'nobody tries in vain')

  await cluster.define(definition([version('v1')]))
  await cluster.ask('create', 'widgets', { body: widget('b') })
  const second = cluster.clients.informer(ref)
  await cluster.quiet()
  assert.equal(
    second.list().map(({ metadata }) => metadata.name),
    ['b'],
  )
})

test('a dry run of a deletion leaves no finalizer, and two at once do no harm', async (t) => {
  const cluster = await start(t)
  await cluster.define(definition([version('v1')]))
  await cluster.client.delete(customResourceDefinitions, '', 'widgets.example.com', { dryRun: true })
  assert.is((await cluster.find()).metadata.finalizers, undefined)
  const remove = () => cluster.client.delete(customResourceDefinitions, '', 'widgets.example.com')
  await Promise.all([remove(), remove()])
  await cluster.quiet()
  await gone(cluster.find())
})

test('a default that is added later shows on what was stored before, also in watches', async (t) => {
  const cluster = await start(t)
  const before = await cluster.define(definition([version('v1', { color: text, old: text })]))
  await cluster.ask('create', 'widgets', { body: widget('a', { old: 'x' }) })
  const watched = await cluster.watch('widgets')
  const next = definition([version('v1', { color: { ...text, default: 'red' } })])
  await cluster.client.update(customResourceDefinitions, { ...before, spec: { ...before.spec, versions: next.spec.versions } })
  await cluster.quiet()
  assert.equal(watched.seen, ['ADDED a', 'END'])
  assert.equal((await cluster.object('get', 'widgets', { name: 'a' })).spec, { color: 'red' })
  const again = await cluster.watch('widgets')
  await cluster.quiet()
  assert.equal(again.objects[0]?.spec, { color: 'red' })
  const result = await cluster.ask('list', 'widgets')
  assert.ok(result.type === 'list' && JSON.parse(String(result.items[0]?.bytes)).spec.color === 'red')
})

test('a change of the status alone leaves watches of the kind open', async (t) => {
  const cluster = await start(t)
  const made = await cluster.define(definition([version('v1')]))
  const watched = await cluster.watch('widgets')
  const extra = { type: 'Reviewed', status: 'True', reason: 'Fine', message: '' }
  const status = { ...made.status, conditions: [...(made.status?.conditions ?? []), extra] }
  await cluster.client.updateStatus(customResourceDefinitions, { ...made, status })
  await cluster.quiet()
  await cluster.ask('create', 'widgets', { body: widget('a') })
  await cluster.quiet()
  assert.equal(watched.seen, ['ADDED a'])
})

test('versions share what is stored; one that is no longer served vanishes', async (t) => {
  const cluster = await start(t)
  const v1 = version('v1', { color: text })
  const v2 = version('v2', { color: text }, { storage: false, deprecated: true })
  const made = await cluster.define(definition([v1, v2]))
  await cluster.ask('create', 'widgets', { body: widget('a', { color: 'red' }) })
  const other = await cluster.ask('get', 'widgets', { version: 'v2', name: 'a' })
  assert.ok(other.type === 'object')
  assert.is(other.object.apiVersion, 'example.com/v2')
  assert.equal(other.warnings, ['example.com/v2 Widget is deprecated'])
  assert.match(String(other.item?.bytes), '"apiVersion":"example.com/v2"')
  const watched = await cluster.watch('widgets', { version: 'v2' })
  await cluster.ask('create', 'widgets', { body: { ...widget('b'), apiVersion: 'example.com/v2' }, version: 'v2' })
  await cluster.quiet()
  assert.equal(
    watched.objects.map(({ apiVersion }) => apiVersion),
    ['example.com/v2', 'example.com/v2'],
  )
  watched.close()

  // From now on v2 is stored; v1 lies there still.
  const turned = [
    { ...v1, storage: false, served: false },
    { ...v2, storage: true },
  ]
  const moved = { ...made, spec: { ...made.spec, versions: turned } } as typeof made
  const updated = await cluster.client.update(customResourceDefinitions, moved)
  await cluster.quiet()
  assert.equal(updated.status?.storedVersions, ['v1', 'v2'])
  assert.not.ok(cluster.isServed('v1'))
  assert.equal(await cluster.names('widgets', { version: 'v2' }), ['a', 'b'])

  const present = await cluster.find()
  const alone = { ...present, spec: { ...present.spec, versions: [turned[1]] } } as typeof made
  const lost = await assert.rejects(cluster.client.update(customResourceDefinitions, alone))
  assert.match(lost.message, 'status.storedVersions[0]: Invalid value: "v1": must appear in spec.versions')
  await cluster.client.updateStatus(customResourceDefinitions, {
    ...present,
    status: { ...present.status, storedVersions: ['v2'] },
  })
  const rest = await cluster.find()
  await cluster.client.update(customResourceDefinitions, { ...rest, spec: { ...rest.spec, versions: alone.spec.versions } })
})

test('what is established keeps its scope, group and kind', async (t) => {
  const cluster = await start(t)
  const made = await cluster.define(definition([version('v1')]))
  const change = (spec: object) => cluster.client.update(customResourceDefinitions, { ...made, spec: { ...made.spec, ...spec } })
  const scope = await assert.rejects(change({ scope: 'Cluster' }))
  assert.match(scope.message, 'spec.scope: Invalid value: "Cluster": field is immutable')
  const kind = await assert.rejects(change({ names: { ...made.spec.names, kind: 'Gadget', listKind: 'GadgetList' } }))
  assert.match(kind.message, 'spec.names.kind: Invalid value: "Gadget": field is immutable')
  assert.match((await assert.rejects(change({ group: 'other.com' }))).message, 'spec.group: Invalid value: "other.com"')
})

test('fields of the definition select, and its columns are shown', async (t) => {
  const cluster = await start(t)
  const columns = [{ name: 'Color', type: 'string', jsonPath: '.spec.color' }]
  const more = { selectableFields: [{ jsonPath: '.spec.color' }], additionalPrinterColumns: columns }
  await cluster.define(definition([version('v1', { color: text }, more)]))
  for (const color of ['red', 'blue']) await cluster.ask('create', 'widgets', { body: widget(color, { color }) })
  assert.equal(await cluster.names('widgets', { query: { fieldSelector: 'spec.color=blue' } }), ['blue'])
  assert.is((await cluster.refused('list', 'widgets', { query: { fieldSelector: 'spec.size=1' } })).code, 400)
})

test('what an update does not touch may stay invalid', async (t) => {
  const cluster = await start(t)
  const before = await cluster.define(definition([version('v1', { color: text, size: { type: 'integer' } })]))
  const made = await cluster.object('create', 'widgets', { body: widget('a', { color: 'red', size: 1 }) })
  const next = definition([version('v1', { color: { ...text, enum: ['blue'] }, size: { type: 'integer' } })])
  await cluster.client.update(customResourceDefinitions, { ...before, spec: { ...before.spec, versions: next.spec.versions } })
  await cluster.quiet()
  await cluster.object('update', 'widgets', { name: 'a', body: { ...made, spec: { color: 'red', size: 2 } } })
  const other = { name: 'a', patchType: 'merge', body: { spec: { color: 'green' } } } as const
  assert.match((await cluster.refused('patch', 'widgets', other)).message, 'supported values: "blue"')
})

test('a definition of a built-in resource changes nothing', async (t) => {
  const cluster = await start(t)
  const base = definition([version('v1')], { group: 'networking.k8s.io' }, 'ingresses')
  const annotations = { 'api-approved.kubernetes.io': 'https://example.com/1' }
  const wanted = { ...base, metadata: { name: 'ingresses.networking.k8s.io', annotations } }
  await cluster.define(wanted)
  const body = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name: 'a' }, spec: {} }
  const request = { group: 'networking.k8s.io', body }
  assert.is((await cluster.refused('create', 'ingresses', request)).code, 422)
  assert.ok(cluster.lines.some(({ message }) => message.includes('built-in')))

  const backend = { service: { name: 's', port: { number: 80 } } }
  await cluster.ask('create', 'ingresses', { ...request, body: { ...body, spec: { defaultBackend: backend } } })
  await cluster.client.delete(customResourceDefinitions, '', wanted.metadata.name)
  await cluster.quiet()
  await gone(cluster.find(wanted.metadata.name))
  assert.equal(await cluster.names('ingresses', { group: 'networking.k8s.io' }), ['a'], 'its objects are left alone')
})

test('what is defined is served by the next process before it answers', async (t) => {
  const directory = await t.directory()
  const first = await start(t, { store: { level: directory } })
  await first.define(definition([version('v1')]))
  await first.ask('create', 'widgets', { body: widget('a') })
  await first.stop()
  const second = await start(t, { store: { level: directory } })
  assert.ok(second.isServed())
  assert.equal(await second.names('widgets'), ['a'])
})
