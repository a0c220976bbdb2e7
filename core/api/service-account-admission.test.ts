import type { Container, KubeObject, Pod, ServiceAccount } from '../kinds/contract.js'
import { assert, type TestContext, test } from '../testing/contract.js'
import { serviceAccountAdmission } from './host.js'
import { type Api, pod, startApi } from './testing.js'

const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const start = (t: TestContext): Promise<Api> => startApi(t, { plugins: [{ plugin: serviceAccountAdmission }] })
const account = (name: string, more: object = {}): object => ({ metadata: { name }, ...more })
const mountsOf = ({ volumeMounts = [] }: Container) => volumeMounts.map(({ name, mountPath: at }) => [name, at])

test('a Pod gets the account "default" unless it names one, by either field', async (t) => {
  const api = await start(t)
  await api.create('serviceaccounts', account('own'))
  const named = async (name: string, spec: object) => {
    const made = await api.create<Pod>('pods', pod(name, spec))
    return [made.spec.serviceAccountName, made.spec.serviceAccount]
  }
  assert.equal(await named('a', {}), ['default', 'default'])
  assert.equal(await named('b', { serviceAccountName: 'own' }), ['own', 'own'])
  assert.equal(await named('c', { serviceAccount: 'own' }), ['own', 'own'])
})

test('an account that is missing is refused in Kubernetes’ words', async (t) => {
  const api = await start(t)
  const status = await api.refused('create', 'pods', { body: pod('a', { serviceAccountName: 'x' }) })
  assert.equal([status.code, status.reason], [403, 'Forbidden'])
  const text = 'pods "a" is forbidden: error looking up service account default/x: serviceaccount "x" not found'
  assert.is(status.message, text)
  await api.create('serviceaccounts', account('x'))
  await api.create('pods', pod('a', { serviceAccountName: 'x' }))
})

test('a Pod without containers, or without a spec, is invalid rather than a fault', async (t) => {
  const api = await start(t)
  for (const spec of [undefined, {}, { containers: [] }, { containers: null }]) {
    const status = await api.refused('create', 'pods', { body: { metadata: { name: 'a' }, spec } })
    assert.ok(status.code === 422 || status.code === 400, JSON.stringify(status))
  }
})

test('a volume with token, certificate and namespace, mounted into every container', async (t) => {
  const api = await start(t)
  const initContainers = [{ name: 'first', image: 'i' }]
  const { spec } = await api.create<Pod>('pods', pod('a', { initContainers }))
  const [volume] = spec.volumes ?? []
  assert.match(volume?.name ?? '', /^kube-api-access-[a-z0-9]{5}$/)
  assert.equal(volume?.projected, {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
  })
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    assert.equal(container.volumeMounts, [{ name: volume?.name, mountPath, readOnly: true }])
  }
})

test('what is mounted at the place already stays, and what nobody needs is not added', async (t) => {
  const api = await start(t)
  const own = { name: 'own', mountPath }
  const containers = [
    { name: 'a', image: 'i', volumeMounts: [own] },
    { name: 'b', image: 'i' },
  ]
  const mixed = await api.create<Pod>('pods', pod('mixed', { containers, volumes: [{ name: 'own', emptyDir: {} }] }))
  assert.equal(mountsOf(mixed.spec.containers[0] as Container), [['own', mountPath]])
  assert.is(mixed.spec.volumes?.length, 2)
  assert.equal(mountsOf(mixed.spec.containers[1] as Container), [[mixed.spec.volumes?.[1]?.name, mountPath]])
  const alone = { containers: [containers[0]], volumes: [{ name: 'own', emptyDir: {} }] }
  assert.is((await api.create<Pod>('pods', pod('alone', alone))).spec.volumes?.length, 1)
  const brought = { volumes: [{ name: 'kube-api-access-mine', emptyDir: {} }] }
  const kept = await api.create<Pod>('pods', pod('kept', brought))
  assert.equal(kept.spec.volumes, brought.volumes)
  assert.equal(mountsOf(kept.spec.containers[0] as Container), [['kube-api-access-mine', mountPath]])
})

test('whether it is mounted: the Pod’s word, then its account’s, then yes', async (t) => {
  const api = await start(t)
  await api.create('serviceaccounts', account('shy', { automountServiceAccountToken: false }))
  const mounted = async (name: string, spec: object) =>
    ((await api.create<Pod>('pods', pod(name, spec))).spec.volumes?.length ?? 0) > 0
  assert.is(await mounted('a', { automountServiceAccountToken: false }), false)
  assert.is(await mounted('b', { serviceAccountName: 'shy' }), false)
  assert.is(await mounted('c', { serviceAccountName: 'shy', automountServiceAccountToken: true }), true)
  assert.is(await mounted('d', { automountServiceAccountToken: true }), true)
})

test('secrets for pulling images come from the account, unless the Pod brings its own', async (t) => {
  const api = await start(t)
  await api.create('serviceaccounts', account('puller', { imagePullSecrets: [{ name: 'registry' }] }))
  const pulls = async (name: string, spec: object) =>
    (await api.create<Pod>('pods', pod(name, { serviceAccountName: 'puller', ...spec }))).spec.imagePullSecrets
  assert.equal(await pulls('a', {}), [{ name: 'registry' }])
  assert.equal(await pulls('b', { imagePullSecrets: [{ name: 'mine' }] }), [{ name: 'mine' }])
})

test('a mirror Pod is stored as it is, and may bring nothing of the API along', async (t) => {
  const api = await start(t)
  const mirror = (name: string, spec: object = {}): KubeObject => ({
    ...pod(name, { nodeName: 'one', ...spec }),
    metadata: { name, annotations: { 'kubernetes.io/config.mirror': 'x' } },
  })
  const stored = await api.create<Pod>('pods', mirror('a'))
  assert.equal([stored.spec.serviceAccountName, stored.spec.volumes], [undefined, undefined])
  const refusal = async (spec: object) => (await api.refused('create', 'pods', { body: mirror('b', spec) })).message
  const secretEnv = { valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }
  const cases: readonly (readonly [object, string])[] = [
    [{ serviceAccountName: 'default' }, 'a mirror pod may not reference service accounts'],
    [{ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, 'a mirror pod may not reference secrets'],
    [{ volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] }, 'a mirror pod may not reference secrets'],
    [{ imagePullSecrets: [{ name: 's' }] }, 'a mirror pod may not reference secrets'],
    [{ containers: [{ name: 'c', image: 'i', env: [{ name: 'A', ...secretEnv }] }] }, 'a mirror pod may not reference secrets'],
    [
      { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      'a mirror pod may not use ServiceAccountToken volume projections',
    ],
  ]
  for (const [spec, text] of cases) assert.is(await refusal(spec), `pods "b" is forbidden: ${text}`)
})

test('a Pod right after its namespace waits a moment for the account, together with others', async (t) => {
  const api = await start(t)
  await api.create('namespaces', { metadata: { name: 'fresh' } })
  const rest = { namespace: 'fresh' }
  const pending = Promise.all(['a', 'b', 'c'].map((name) => api.create<Pod>('pods', pod(name), rest)))
  await api.plane.clock.settle()
  await api.create<ServiceAccount>('serviceaccounts', account('other'), rest)
  await api.create<ServiceAccount>('serviceaccounts', account('default'), rest)
  assert.equal(
    (await pending).map(({ metadata }) => metadata.name),
    ['a', 'b', 'c'],
  )
})

test('the wait for an account that never comes ends', async (t) => {
  const api = await start(t)
  await api.create('namespaces', { metadata: { name: 'fresh' } })
  const pending = api.refused('create', 'pods', { body: pod('a'), namespace: 'fresh' })
  await api.plane.clock.settle()
  await api.plane.clock.advance(2000)
  assert.match((await pending).message, 'error looking up service account fresh/default: serviceaccount "default" not found')
})

test('updates of Pods need no account', async (t) => {
  const api = await start(t)
  await api.create('serviceaccounts', account('own'))
  await api.create('pods', pod('a', { serviceAccountName: 'own' }))
  await api.reply('delete', 'serviceaccounts', { name: 'own' })
  const { metadata } = await api.merge('pods', 'a', { metadata: { labels: { a: 'b' } } })
  assert.equal(metadata.labels, { a: 'b' })
})
