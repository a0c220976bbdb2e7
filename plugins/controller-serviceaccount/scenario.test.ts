import { type ApiAddress, ApiAddressToken } from '@davit/core/api'
import { configMaps, namespaces, serviceAccounts } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin } from '@davit/core/kernel'
import { assert, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const address: ApiAddress = { url: 'https://127.0.0.1:1', host: '127.0.0.1', port: 1, ca: 'PEM', kubeconfig: '' }
const server = definePlugin({
  id: 'address',
  api: '^1.0',
  stage: 'api',
  provides: { address: ApiAddressToken },
  setup: async () => ({ provides: { address } }),
})

const plane = (t: TestContext) => controlPlane(t, [{ plugin }], { beside: [{ plugin: server }] })

async function makeNamespace({ client, quiet }: ControlPlane, name: string): Promise<void> {
  await client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: {} })
  await quiet()
}

test('every namespace is furnished, and what is taken away comes back', async (t) => {
  const cluster = await plane(t)
  const { client } = cluster
  await makeNamespace(cluster, 'team')
  for (const namespace of ['default', 'kube-system', 'team']) {
    assert.ok(await client.get(serviceAccounts, namespace, 'default'))
    assert.equal((await client.get(configMaps, namespace, 'kube-root-ca.crt')).data, { 'ca.crt': 'PEM' })
  }
  await client.delete(serviceAccounts, 'team', 'default')
  await client.delete(configMaps, 'team', 'kube-root-ca.crt')
  await client.patch(configMaps, 'default', 'kube-root-ca.crt', 'merge', { data: { 'ca.crt': 'forged', more: 'x' } })
  await cluster.quiet()
  assert.ok(await client.get(serviceAccounts, 'team', 'default'))
  for (const namespace of ['team', 'default']) {
    assert.equal((await client.get(configMaps, namespace, 'kube-root-ca.crt')).data, { 'ca.crt': 'PEM' })
  }
  cluster.writes()
  await client.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine', namespace: 'team' } })
  await cluster.pass(3_600_000)
  assert.equal(cluster.writes(), [])
})

test('without a server there is no certificate to publish', async (t) => {
  const cluster = await controlPlane(t, [{ plugin }])
  const items = (await cluster.client.list(configMaps, { namespace: 'default' })).items
  assert.equal(items, [])
  assert.ok(await cluster.client.get(serviceAccounts, 'default', 'default'))
})
