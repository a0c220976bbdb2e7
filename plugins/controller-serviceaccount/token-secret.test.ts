import { type ApiAddress, ApiAddressToken, TokenIssuerToken } from '@davit/core/api'
import { isNotFound, secrets, serviceAccounts } from '@davit/core/client'
import { type ControlPlane, controlPlane } from '@davit/core/controller/testkit'
import { definePlugin } from '@davit/core/kernel'
import type { Secret, ServiceAccount } from '@davit/core/kinds'
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
async function plane(t: TestContext): Promise<ControlPlane> {
  const cluster = await controlPlane(t, [{ plugin }], { beside: [{ plugin: server }] })
  // Making the key takes the machine's time, which `quiet` does not wait for.
  await cluster.kernel.get(TokenIssuerToken).keys()
  cluster.writes()
  return cluster
}

const type = 'kubernetes.io/service-account-token'
const makeAccount = ({ client }: ControlPlane, name = 'robot'): Promise<ServiceAccount> =>
  client.create(serviceAccounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'default' } })
function makeSecret({ client }: ControlPlane, annotations: Record<string, string> = {}, more: object = {}): Promise<Secret> {
  const metadata = {
    name: 'key',
    namespace: 'default',
    annotations: { 'kubernetes.io/service-account.name': 'robot', ...annotations },
  }
  return client.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type, ...more })
}
function find({ client }: ControlPlane): Promise<Secret | undefined> {
  return client.get(secrets, 'default', 'key').catch((error: unknown) => {
    if (!isNotFound(error)) throw error
    return undefined
  })
}
const text = (secret: Secret | undefined, key: string) => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString()

test('a Secret that asks for a token gets one, the certificate and the namespace', async (t) => {
  const cluster = await plane(t)
  const account = await makeAccount(cluster)
  await makeSecret(cluster, {}, { data: { mine: 'eA==' } })
  await cluster.quiet()
  const filled = await find(cluster)
  assert.equal([text(filled, 'ca.crt'), text(filled, 'namespace'), text(filled, 'mine')], ['PEM', 'default', 'x'])
  assert.is(filled?.metadata.annotations?.['kubernetes.io/service-account.uid'], account.metadata.uid)
  const claims = await cluster.kernel.get(TokenIssuerToken).verify(text(filled, 'token'))
  const prefix = 'kubernetes.io/serviceaccount/'
  assert.equal(claims, {
    iss: 'kubernetes/serviceaccount',
    [`${prefix}namespace`]: 'default',
    [`${prefix}secret.name`]: 'key',
    [`${prefix}service-account.name`]: 'robot',
    [`${prefix}service-account.uid`]: account.metadata.uid,
    sub: 'system:serviceaccount:default:robot',
  })
  cluster.writes()
  await cluster.pass(3_600_000)
  assert.equal(cluster.writes(), [], 'once is enough')
})

test('what is taken out or forged comes back, a token that is there stays', async (t) => {
  const cluster = await plane(t)
  await makeAccount(cluster)
  await makeSecret(cluster)
  await cluster.quiet()
  const before = await find(cluster)
  await cluster.client.patch(secrets, 'default', 'key', 'merge', { data: { 'ca.crt': 'eA==', namespace: null } })
  await cluster.quiet()
  assert.equal((await find(cluster))?.data, before?.data)
  await cluster.client.patch(secrets, 'default', 'key', 'merge', { data: { token: null } })
  await cluster.quiet()
  const after = text(await find(cluster), 'token')
  assert.ok(after !== '' && after !== text(before, 'token'))
})

test('a Secret goes with its account', async (t) => {
  const cluster = await plane(t)
  await makeAccount(cluster)
  await makeSecret(cluster)
  await cluster.quiet()
  await cluster.client.delete(serviceAccounts, 'default', 'robot')
  await cluster.quiet()
  assert.is(await find(cluster), undefined)
})

test('a Secret of no account, or of a former one of the name, goes', async (t) => {
  const cluster = await plane(t)
  await makeSecret(cluster)
  await cluster.quiet()
  assert.is(await find(cluster), undefined)
  await makeAccount(cluster)
  await makeSecret(cluster, { 'kubernetes.io/service-account.uid': 'former' })
  await cluster.quiet()
  assert.is(await find(cluster), undefined)
})

test('an account and its Secret that are made at the same time find each other', async (t) => {
  const cluster = await plane(t)
  await Promise.all([makeAccount(cluster), makeSecret(cluster)])
  await cluster.quiet()
  assert.ok(text(await find(cluster), 'token'))
})

test('other Secrets are nobody’s affair', async (t) => {
  const cluster = await plane(t)
  await makeSecret(cluster, {}, { type: 'Opaque' })
  await cluster.quiet()
  assert.equal([(await find(cluster))?.data, cluster.writes()], [undefined, []])
})
