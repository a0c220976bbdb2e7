import { ApiError, type Client, limitRanges, persistentVolumeClaims, pods } from '@davit/core/client'
import type { Container, LimitRangeItem, Pod, ResourceRequirements } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

async function plane(t: TestContext, ...items: LimitRangeItem[]): Promise<Client> {
  const booted = await boot({ plugins: [{ plugin }] })
  t.defer(() => booted.stop())
  if (items.length > 0) await limit(booted.client, 'limits', ...items)
  return booted.client
}

async function limit(client: Client, name: string, ...limits: LimitRangeItem[]): Promise<void> {
  const metadata = { name, namespace: 'default' }
  await client.create(limitRanges, { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits } })
}

const container = (resources?: ResourceRequirements, name = 'main', more: Partial<Container> = {}): Container => ({
  name,
  image: 'web:1',
  ...(resources && { resources }),
  ...more,
})

function create(client: Client, containers: Container[], more: Partial<Pod['spec']> = {}): Promise<Pod> {
  const metadata = { name: 'web', namespace: 'default' }
  return client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers, ...more } })
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => assert.unreachable('it was let through')).catch((thrown: unknown) => thrown)
  assert.ok(error instanceof ApiError)
  assert.equal([error.code, error.reason], [403, 'Forbidden'])
  return error.message.replace('pods "web" is forbidden: ', '')
}

test('without a LimitRange nothing is touched', async (t) => {
  const { spec, metadata } = await create(await plane(t), [container()])
  assert.equal(spec.containers[0]?.resources ?? {}, {})
  assert.is(metadata.annotations, undefined)
})

test('containers get the defaults that they lack, and an annotation says which', async (t) => {
  const client = await plane(t, {
    type: 'Container',
    default: { cpu: '500m', memory: '512Mi' },
    defaultRequest: { cpu: '100m', memory: '256Mi' },
  })
  const own = { requests: { cpu: '50m' }, limits: { memory: '1Gi' } }
  const { spec, metadata } = await create(client, [container(), container(own, 'own')], {
    initContainers: [container(undefined, 'first')],
  })
  const all = { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '500m', memory: '512Mi' } }
  assert.equal(spec.containers[0]?.resources, all)
  assert.equal(spec.initContainers?.[0]?.resources, all)
  assert.equal(spec.containers[1]?.resources, {
    requests: { cpu: '50m', memory: '1Gi' },
    limits: { memory: '1Gi', cpu: '500m' },
  })
  assert.is(
    metadata.annotations?.['kubernetes.io/limit-ranger'],
    'LimitRanger plugin set: cpu, memory request for container main; cpu, memory limit for container main; ' +
      'cpu limit for container own; cpu, memory request for init container first; cpu, memory limit for init container first',
  )
})

test('the maximum is the default limit, and the minimum the default request', async (t) => {
  const client = await plane(t, { type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } })
  const { spec } = await create(client, [container()])
  assert.equal(spec.containers[0]?.resources, { requests: { cpu: '2', memory: '1Mi' }, limits: { cpu: '2' } })
})

const refusals: readonly [string, LimitRangeItem, Container[], string][] = [
  [
    'a limit above the maximum',
    { type: 'Container', max: { cpu: '500m' } },
    [container({ limits: { cpu: '1' } })],
    'maximum cpu usage per Container is 500m, but limit is 1',
  ],
  [
    'a request below the minimum',
    { type: 'Container', min: { memory: '64Mi' } },
    [container({ requests: { memory: '32Mi' } })],
    'minimum memory usage per Container is 64Mi, but request is 32Mi',
  ],
  [
    'a limit below the minimum',
    { type: 'Container', min: { cpu: '100m' }, defaultRequest: { cpu: '100m' } },
    [container({ limits: { cpu: '50m' } })],
    'minimum cpu usage per Container is 100m, but request is 50m',
  ],
  [
    'a ratio that is too wide',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    [container({ requests: { cpu: '100m' }, limits: { cpu: '500m' } })],
    'cpu max limit to request ratio per Container is 2, but provided ratio is 5.000000',
  ],
  [
    'a ratio without a request',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    [container()],
    'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
  ],
  [
    'a ratio without a limit',
    { type: 'Container', maxLimitRequestRatio: { cpu: '2' } },
    [container({ requests: { cpu: '1' } })],
    'cpu max limit to request ratio per Container is 2, but no limit is specified or limit is 0',
  ],
  [
    'the containers of a Pod together',
    { type: 'Pod', max: { cpu: '1' } },
    [container({ limits: { cpu: '600m' } }), container({ limits: { cpu: '600m' } }, 'second')],
    'maximum cpu usage per Pod is 1, but limit is 1200m',
  ],
  [
    'a Pod without a limit',
    { type: 'Pod', max: { cpu: '1' } },
    [container()],
    'maximum cpu usage per Pod is 1.  No limit is specified',
  ],
  [
    'a Pod without a request',
    { type: 'Pod', min: { cpu: '1' } },
    [container()],
    'minimum cpu usage per Pod is 1.  No request is specified',
  ],
]
for (const [name, item, containers, expected] of refusals) {
  test(`refused: ${name}`, async (t) => {
    const text = await refusal(create(await plane(t, item), containers))
    assert.is(text, expected)
  })
}

test('init containers count at their peak, sidecars beside the others', async (t) => {
  const client = await plane(t, { type: 'Pod', max: { cpu: '1' } })
  const sidecar = { restartPolicy: 'Always' }
  const fits = await create(client, [container({ limits: { cpu: '500m' } })], {
    initContainers: [container({ limits: { cpu: '300m' } }, 'beside', sidecar), container({ limits: { cpu: '700m' } }, 'first')],
  })
  assert.is(fits.spec.containers.length, 1)
  await client.delete(pods, 'default', 'web', { gracePeriodSeconds: 0 })
  const text = await refusal(
    create(client, [container({ limits: { cpu: '500m' } })], {
      initContainers: [
        container({ limits: { cpu: '300m' } }, 'beside', sidecar),
        container({ limits: { cpu: '701m' } }, 'first'),
      ],
    }),
  )
  assert.is(text, 'maximum cpu usage per Pod is 1, but limit is 1001m')
})

test('every LimitRange of the namespace counts, those of others do not', async (t) => {
  const client = await plane(t, { type: 'Container', max: { cpu: '2' } })
  await limit(client, 'memory', { type: 'Container', max: { memory: '1Gi' } })
  await refusal(create(client, [container({ limits: { memory: '2Gi' } })]))
  const elsewhere = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'kube-system' } }
  await client.create(pods, { ...elsewhere, spec: { containers: [container({ limits: { cpu: '9' } })] } })
})

test('claims are held to their size, also when they grow', async (t) => {
  const client = await plane(t, { type: 'PersistentVolumeClaim', min: { storage: '1Gi' }, max: { storage: '2Gi' } })
  const claim = (storage: string) => ({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'default' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  })
  const refused = async (storage: string) => refusal(client.create(persistentVolumeClaims, claim(storage)))
  const prefix = 'persistentvolumeclaims "data" is forbidden: '
  assert.is(await refused('3Gi'), `${prefix}maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi`)
  assert.is(await refused('512Mi'), `${prefix}minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 512Mi`)
  await client.create(persistentVolumeClaims, claim('1Gi'))
})

test('a dry run is held to the limits too, and a Pod that is there is left alone', async (t) => {
  const client = await plane(t)
  await create(client, [container({ limits: { cpu: '4' } })])
  await limit(client, 'limits', { type: 'Container', max: { cpu: '1' } })
  const labelled = await client.patch(pods, 'default', 'web', 'merge', { metadata: { labels: { a: 'b' } } })
  assert.equal(labelled.metadata.labels, { a: 'b' })
  const metadata = { name: 'other', namespace: 'default' }
  const spec = { containers: [container({ limits: { cpu: '2' } })] }
  await assert.rejects(client.create(pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec }, { dryRun: true }))
})
