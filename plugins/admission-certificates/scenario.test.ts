import { ApiHooksToken, createKey, createSigningRequest } from '@davit/core/api'
import { ApiError, ClientsToken, certificateSigningRequests, edit } from '@davit/core/client'
import type { CertificateSigningRequest } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'

const request = (name: string, more: object = {}): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name },
  spec: {
    request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n').toString('base64'),
    signerName: 'example.com/own',
    usages: ['client auth'],
    ...more,
  },
})

/** `rights`: "verb signer"; everything else is allowed. */
async function plane(t: TestContext, ...rights: string[]) {
  const { kernel, stop } = await boot({ plugins: [{ plugin }] })
  t.defer(stop)
  kernel.get(ApiHooksToken).authorize.tap('test', ({ verb, name, resource }) => ({
    allowed: resource !== 'signers' || rights.includes(`${verb} ${name}`),
    reason: '',
  }))
  const client = kernel.get(ClientsToken).as({ name: 'jane', groups: ['dev'] })
  const decide = async (type: string, subresource: string, more: object = {}) => {
    const stored = await client.get(certificateSigningRequests, '', 'a')
    const changed = edit(stored, (draft) => {
      draft.status = { ...draft.status, conditions: [{ type, status: 'True', reason: 'r', message: 'm' }], ...more }
    })
    return client.update(certificateSigningRequests, changed, { subresource })
  }
  return { client, decide }
}

async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.unreachable('it was let through'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ApiError && error.code === 403)
  return error.message.replace('certificatesigningrequests.certificates.k8s.io "a" is forbidden: ', '')
}

test('a request says who sent it, whatever is written there', async (t) => {
  const { client } = await plane(t)
  const { spec } = await client.create(
    certificateSigningRequests,
    request('a', { username: 'root', groups: ['system:masters'], uid: '1' }),
  )
  assert.equal([spec.username, spec.groups, spec.uid], ['jane', ['dev', 'system:authenticated'], undefined])
})

test('who may not approve for the signer is refused, whatever he may do with requests', async (t) => {
  const { client, decide } = await plane(t, 'sign example.com/own')
  await client.create(certificateSigningRequests, request('a'))
  const text = 'user not permitted to approve requests with signerName "example.com/own"'
  assert.is(await refusal(decide('Approved', 'approval')), text)
  assert.is(await refusal(decide('Denied', 'approval')), text)
})

test('rights on a signer, or on all of its domain', async (t) => {
  for (const right of ['approve example.com/own', 'approve example.com/*']) {
    const { client, decide } = await plane(t, right)
    await client.create(certificateSigningRequests, request('a'))
    const { status } = await decide('Approved', 'approval')
    assert.is(status?.conditions?.[0]?.type, 'Approved')
  }
})

test('signing and failing need the right to sign, other writes of the status do not', async (t) => {
  const { client, decide } = await plane(t)
  const made = await client.create(certificateSigningRequests, request('a'))
  const text = 'user not permitted to sign requests with signerName "example.com/own"'
  assert.is(await refusal(decide('Failed', 'status')), text)
  assert.is(await refusal(decide('Failed', 'status', { certificate: Buffer.from('c').toString('base64') })), text)
  await client.updateStatus(certificateSigningRequests, { ...made, metadata: { ...made.metadata, labels: { a: 'b' } } })
})

test('nobody asks the cluster for a certificate of its masters, nor for one that cannot be read', async (t) => {
  const { client } = await plane(t)
  const asked = async (name: string, organizations: readonly string[], signerName = 'kubernetes.io/kube-apiserver-client') => {
    const pem = createSigningRequest({ commonName: 'jane', organizations, key: await createKey(), dnsNames: [] })
    const more = { signerName, request: Buffer.from(pem).toString('base64') }
    return client.create(certificateSigningRequests, request(name, more))
  }
  const text = 'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed'
  assert.is(await refusal(asked('a', ['dev', 'system:masters'])), text)
  assert.is((await asked('b', ['dev'])).metadata.name, 'b')
  assert.is((await asked('c', ['system:masters'], 'example.com/own')).metadata.name, 'c', 'another signer decides for itself')
  const unreadable = client.create(
    certificateSigningRequests,
    request('a', { signerName: 'kubernetes.io/kube-apiserver-client' }),
  )
  assert.match(await refusal(unreadable), 'failed to parse CSR: ')
})
