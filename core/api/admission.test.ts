import { ApiError } from '../client/contract.js'
import type { PluginEntry } from '../kernel/contract.js'
import { definePlugin } from '../kernel/contract.js'
import type { Pod } from '../kinds/contract.js'
import { assert, test } from '../testing/contract.js'
import { type AdmissionRequest, type ApiHooks, ApiHooksToken, type CommittedWrite, createNotes } from './contract.js'
import { configMap, deployment, pod, startApi } from './testing.js'

/** A plugin that does `tap` and nothing else. */
const tapping = (tap: (hooks: ApiHooks, owner: string) => void): PluginEntry => ({
  plugin: definePlugin({
    id: 'test-tap',
    api: '^1.0',
    requires: { hooks: ApiHooksToken },
    async setup(_context, { hooks }) {
      tap(hooks, 'test-tap')
      return {}
    },
  }),
})

test('a create in a missing namespace is 404', async (t) => {
  const api = await startApi(t)
  const status = await api.refused('create', 'configmaps', { namespace: 'nowhere', body: configMap('a') })
  assert.is(status.code, 404)
  assert.is(status.message, 'namespaces "nowhere" not found')
})

test('default, kube-system and kube-public stay; the lease namespace may go', async (t) => {
  const api = await startApi(t)
  for (const name of ['default', 'kube-system', 'kube-public']) {
    const status = await api.refused('delete', 'namespaces', { name })
    assert.is(status.code, 403)
    assert.is(status.message, `namespaces "${name}" is forbidden: this namespace may not be deleted`)
  }
  assert.is((await api.reply('delete', 'namespaces', { name: 'kube-node-lease' })).code, 200)
})

test('pods tolerate a node that is not ready or unreachable for 300 s, unless they say otherwise', async (t) => {
  const api = await startApi(t)
  const tolerations = async (name: string, spec: object = {}): Promise<readonly (readonly unknown[])[] | undefined> =>
    (await api.create<Pod>('pods', pod(name, spec))).spec?.tolerations?.map(({ key, tolerationSeconds }) => [
      key,
      tolerationSeconds,
    ])
  assert.equal(await tolerations('a'), [
    ['node.kubernetes.io/not-ready', 300],
    ['node.kubernetes.io/unreachable', 300],
  ])
  const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 }
  assert.equal(await tolerations('b', { tolerations: [own] }), [
    ['node.kubernetes.io/not-ready', 5],
    ['node.kubernetes.io/unreachable', 300],
  ])
  assert.equal(await tolerations('c', { tolerations: [{ operator: 'Exists' }] }), [[undefined, undefined]])
})

test('priorityClassName becomes the number; the system classes exist', async (t) => {
  const api = await startApi(t)
  const classes = 'scheduling.k8s.io/v1/priorityclasses'
  assert.is((await api.get(classes, 'system-node-critical')).value, 2_000_001_000)
  await api.create(classes, { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' })
  const high = (await api.create<Pod>('pods', pod('a', { priorityClassName: 'high' }))).spec
  assert.equal([high?.priority, high?.preemptionPolicy], [1000, 'Never'])
  const plain = (await api.create<Pod>('pods', pod('b'))).spec
  assert.equal([plain?.priority, plain?.priorityClassName], [0, undefined])
  assert.is((await api.refused('create', 'pods', { body: pod('c', { priorityClassName: 'none' }) })).code, 403)
  assert.is((await api.refused('create', 'pods', { body: pod('c', { priority: 7 }) })).code, 403)
  await api.create(classes, { metadata: { name: 'usual' }, value: 10, globalDefault: true })
  const usual = (await api.create<Pod>('pods', pod('d'))).spec
  assert.equal([usual?.priority, usual?.priorityClassName], [10, 'usual'])
})

test('a mutation is defaulted and validated like what a client sends', async (t) => {
  const plugin = tapping((hooks, owner) =>
    hooks.mutate.tap(owner, (object, { kind }) => {
      if (kind.kind !== 'Pod') return undefined
      const { spec } = object as Pod
      spec?.containers.push({ name: 'side', image: 'log' } as never)
      return object
    }),
  )
  const api = await startApi(t, { plugins: [plugin] })
  const made = await api.create<Pod>('pods', pod('a'))
  assert.is(made.spec?.containers[1]?.imagePullPolicy, 'Always')
  assert.is((await api.refused('create', 'pods', { body: pod('b', { containers: [{ name: 'side', image: 'x' }] }) })).code, 422)
})

test('a denial comes with its code, reason and message, after validation', async (t) => {
  const asked: AdmissionRequest[] = []
  const plugin = tapping((hooks, owner) =>
    hooks.validate.tap(owner, (request) => {
      asked.push(request)
      if (request.kind.kind !== 'ConfigMap') return undefined
      return { code: 418, reason: 'Teapot', message: `no ${request.operation.toLowerCase()} today` }
    }),
  )
  const api = await startApi(t, { plugins: [plugin] })
  const status = await api.refused('create', 'configmaps', { body: configMap('a') })
  assert.equal([status.code, status.reason, status.message], [418, 'Teapot', 'no create today'])
  asked.length = 0
  await api.refused('create', 'configmaps', { body: { metadata: { name: 'A B' } } })
  assert.is(asked.length, 0, 'an invalid object is not shown')
  await api.create('pods', pod('a'))
  await api.merge('pods', 'a', { metadata: { labels: { a: 'b' } } })
  await api.object('delete', 'pods', { name: 'a' })
  const shown = asked.map(({ operation, object, oldObject }) => [operation, Boolean(object), Boolean(oldObject)])
  assert.equal(shown, [
    ['CREATE', true, false],
    ['UPDATE', true, true],
    ['DELETE', false, true],
  ])
})

test('what a tap throws: its ApiError is the answer, anything else a 500', async (t) => {
  const plugin = tapping((hooks, owner) =>
    hooks.mutate.tap(owner, (object) => {
      if (object.metadata.name === 'refused') throw ApiError.of('Forbidden', 'no')
      if (object.metadata.name === 'broken') throw new Error('a bug')
      return undefined
    }),
  )
  const api = await startApi(t, { plugins: [plugin] })
  assert.is((await api.refused('create', 'configmaps', { body: configMap('refused') })).code, 403)
  const broken = await api.refused('create', 'configmaps', { body: configMap('broken') })
  assert.equal([broken.code, broken.reason], [500, 'InternalError'])
})

test('a tap may change the object of a status write in place', async (t) => {
  const plugin = tapping((hooks, owner) =>
    hooks.mutate.tap(owner, (object, { subresource }) => {
      if (subresource === 'status') (object as Pod).status = { ...(object as Pod).status, message: 'seen' }
      return undefined
    }),
  )
  const api = await startApi(t, { plugins: [plugin] })
  await api.create('pods', pod('a'))
  assert.is((await api.merge<Pod>('pods/status', 'a', { status: { phase: 'Running' } })).status?.message, 'seen')
})

test('every committed write tells who, what and why', async (t) => {
  const writes: CommittedWrite[] = []
  const plugin = tapping((hooks, owner) => hooks.committed.tap(owner, (write) => void writes.push(write)))
  const api = await startApi(t, { plugins: [plugin] })
  writes.length = 0
  const cause = { actor: 'test@1', trigger: { timer: 'tick' } }
  const made = await api.create('apps/v1/deployments', deployment('a'), { cause })
  await api.merge('apps/v1/deployments', 'a', { spec: { replicas: 2 } })
  await api.merge('apps/v1/deployments', 'a', { spec: { replicas: 2 } })
  await api.create('configmaps', configMap('dry'), { query: { dryRun: 'All' } })
  await api.object('delete', 'apps/v1/deployments', { name: 'a' })
  assert.equal(
    writes.map(({ verb }) => verb),
    ['create', 'update', 'delete'],
  )
  assert.is(writes[0]?.cause, cause)
  assert.is(writes[0]?.user.name, 'root')
  assert.equal(writes[0]?.item.object, made)
})

test('a pod that is replaced without tolerations and priority keeps them', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Pod>('pods', pod('a'))
  const sent = { ...pod('a'), metadata: { name: 'a', labels: { a: 'b' } } }
  const replaced = await api.update<Pod>('pods', sent)
  assert.equal(replaced.spec, made.spec)
  assert.equal(replaced.metadata.labels, { a: 'b' })
})

test('Endpoints are served with a warning that names EndpointSlice', async (t) => {
  const api = await startApi(t)
  const warning = 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'
  assert.equal((await api.reply('create', 'endpoints', { body: { metadata: { name: 'a' } } })).warnings, [warning])
  assert.equal((await api.list('endpoints')).warnings, [warning])
  assert.is((await api.list('configmaps')).warnings, undefined)
})

test('a committed tap that throws does not undo the reply', async (t) => {
  const plugin = tapping((hooks, owner) =>
    hooks.committed.tap(owner, () => {
      throw new Error('a broken ledger')
    }),
  )
  const api = await startApi(t, { plugins: [plugin] })
  await api.create('configmaps', configMap('a'))
  assert.ok(api.plane.lines.some(({ level, message }) => level === 'error' && message.includes('committed')))
})

test('what admission says beside its verdict is kept on the request, and its warnings stand in the reply', async (t) => {
  const plugin = tapping((hooks, owner) => {
    hooks.mutate.tap(owner, (_object, { warn, audit }) => {
      warn('first')
      audit('test/seen', 'mutate')
      return undefined
    })
    hooks.validate.tap(owner, ({ warn, audit, name }) => {
      warn('second')
      warn('first')
      audit('test/seen', 'validate')
      audit('test/name', name)
      return name === 'refused' ? { code: 403, reason: 'Forbidden', message: 'no' } : undefined
    })
  })
  const api = await startApi(t, { plugins: [plugin] })
  const made = await api.reply('create', 'configmaps', { body: configMap('a'), query: { fieldValidation: 'Warn' } })
  assert.equal(made.warnings, ['first', 'second'])
  assert.is((await api.reply('get', 'configmaps', { name: 'a' })).warnings.length, 0)
  const patched = await api.reply('patch', 'configmaps', { name: 'a', patchType: 'merge', body: { data: { a: 'b' } } })
  assert.equal(patched.warnings, ['first', 'second'])
  assert.equal((await api.reply('delete', 'configmaps', { name: 'a' })).warnings, ['second', 'first'])

  const notes = createNotes()
  await api.refused('create', 'configmaps', { body: configMap('refused'), notes })
  assert.equal(notes.warnings, ['first', 'second'])
  assert.equal(
    [...notes.annotations],
    [
      ['test/seen', 'mutate'],
      ['test/name', 'refused'],
    ],
  )
})

test('warnings of decoding come before those of admission; each request has its own', async (t) => {
  const plugin = tapping((hooks, owner) => hooks.validate.tap(owner, ({ warn, name }) => void warn(`of ${name}`)))
  const api = await startApi(t, { plugins: [plugin] })
  const body = { ...configMap('a'), dta: {} }
  const made = await api.reply('create', 'configmaps', { body, query: { fieldValidation: 'Warn' } })
  assert.equal(made.warnings, ['unknown field "dta"', 'of a'])
  const many = await Promise.all(['b', 'c', 'd'].map((name) => api.reply('create', 'configmaps', { body: configMap(name) })))
  assert.equal(
    many.map(({ warnings }) => warnings),
    [['of b'], ['of c'], ['of d']],
  )
})
