/** Objects that an earlier release let in: an update of something else must not meet the rules of today. */
import type { KubeObject } from '../kinds/contract.js'
import { type Key, StoreToken } from '../store/contract.js'
import { assert, test } from '../testing/contract.js'
import { type Api, startApi } from './testing.js'

const metadata = (name: string) => ({ name, namespace: 'default', uid: `uid-${name}`, creationTimestamp: '2020-01-01T00:00:00Z' })

async function stored(api: Api, key: Key, object: object): Promise<void> {
  const operation = { type: 'put', key, value: Buffer.from(JSON.stringify(object)) } as const
  await api.plane.kernel.get(StoreToken).transact({ compare: [], operations: [operation] })
  await api.plane.clock.settle()
}

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metadata('d'),
  spec: {
    replicas: 1,
    selector: { matchLabels: { a: 'b' } },
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 70_000 }] }], restartPolicy: 'Always' },
    },
  },
}

test('a Deployment whose template is wrong by the rules of today takes labels, scales and a new image', async (t) => {
  const api = await startApi(t)
  await stored(api, '/apps/deployments/default/d', deployment)
  const merge = (body: object): Promise<KubeObject> => api.merge('apps/v1/deployments', 'd', body)
  await merge({ metadata: { labels: { x: 'y' } } })
  await merge({ spec: { replicas: 3 } })
  const image = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'j' }]
  await api.object('patch', 'apps/v1/deployments', { name: 'd', patchType: 'json', body: image })
  const put = await api.get('apps/v1/deployments', 'd')
  assert.equal(
    (await api.update('apps/v1/deployments', { ...put, metadata: { ...put.metadata, labels: {} } })).metadata.labels,
    undefined,
  )
  const port = [{ op: 'replace', path: '/spec/template/spec/containers/0/ports/0/containerPort', value: 70_001 }]
  const status = await api.refused('patch', 'apps/v1/deployments', { name: 'd', patchType: 'json', body: port })
  assert.equal(
    status.details?.causes?.map(({ field }) => field),
    ['spec.template.spec.containers[0].ports[0].containerPort'],
  )
  const also = await api.refused('patch', 'apps/v1/deployments', {
    name: 'd',
    patchType: 'merge',
    body: { metadata: { labels: { '-': 'x' } } },
  })
  assert.equal(
    also.details?.causes?.map(({ field }) => field),
    ['metadata.labels'],
  )
  const create = { ...put, metadata: { name: 'e' } }
  assert.is((await api.refused('create', 'apps/v1/deployments', { body: create })).code, 422)
})

test('a Service with ports that are wrong by the rules of today is read, labelled and mended', async (t) => {
  const api = await startApi(t)
  const ports = [
    { port: 80, protocol: 'TCP', targetPort: 80 },
    { port: 81, protocol: 'TCP', targetPort: 81 },
  ]
  const spec = { type: 'ClusterIP', clusterIP: 'None', clusterIPs: ['None'], ports, sessionAffinity: 'None' }
  await stored(api, '/core/services/default/s', { apiVersion: 'v1', kind: 'Service', metadata: metadata('s'), spec })
  assert.equal((await api.merge('services', 's', { metadata: { labels: { x: 'y' } } })).metadata.labels, { x: 'y' })
  const third = [...ports, { port: 82 }]
  const status = await api.refused('patch', 'services', { name: 's', patchType: 'merge', body: { spec: { ports: third } } })
  assert.match(status.message, 'spec.ports[2].name: Required value')
  assert.not.match(status.message, 'spec.ports[1].name')
  const mended = ports.map((port, index) => ({ ...port, name: `p${index}` }))
  await api.merge('services', 's', { spec: { ports: mended } })
  assert.is((await api.refused('patch', 'services', { name: 's', patchType: 'merge', body: { spec: { ports } } })).code, 422)
})
