import { X509Certificate } from 'node:crypto'
import { request as send } from 'node:https'
import { hostname } from 'node:os'
import { ApiAddressToken, ApiHooksToken, CertificateSignerToken } from '@davit/core/api'
import { certificateSigningRequests, edit, isNotFound } from '@davit/core/client'
import { controllerHost, controlPlane, grantsOnly } from '@davit/core/controller/testkit'
import type { CertificateSigningRequest } from '@davit/core/kinds'
import { assert, boot, type TestContext, test } from '@davit/core/testing'
import plugin from './index.js'
import { directory, makeRequest, server, signingRequest } from './testing.js'

const kubelet = { signerName: 'kubernetes.io/kube-apiserver-client-kubelet' }
const nodeSubject = '/O=system:nodes/CN=system:node:one'
const bootstrapper = { username: 'system:bootstrap:abc', groups: ['system:bootstrappers'] }

async function plane(t: TestContext) {
  const place = await directory(t)
  const at = await controlPlane(t, [{ plugin }], { beside: [server(place)] })
  const { client } = at
  const stored = async (): Promise<CertificateSigningRequest | undefined> => {
    await at.quiet()
    return client.get(certificateSigningRequests, '', 'a').catch((error: unknown) => {
      if (!isNotFound(error)) throw error
      return undefined
    })
  }
  const decide = async (type: string) => {
    const known = await client.get(certificateSigningRequests, '', 'a')
    const changed = edit(known, (draft) => {
      const lastUpdateTime = `${new Date(at.clock.now()).toISOString().slice(0, 19)}Z`
      draft.status = { ...draft.status, conditions: [{ type, status: 'True', reason: 'r', message: 'm', lastUpdateTime }] }
    })
    await client.update(certificateSigningRequests, changed, { subresource: 'approval' })
  }
  const create = async (subject: string, spec: Partial<CertificateSigningRequest['spec']> = {}, ...more: string[]) => {
    const { request } = await makeRequest(place, subject, ...more)
    // The reader is loaded with the first request, which takes longer than a few turns.
    await at.kernel.get(CertificateSignerToken).read(request)
    return client.create(certificateSigningRequests, signingRequest('a', request, spec))
  }
  const certificate = async () => {
    const text = (await stored())?.status?.certificate
    return text === undefined ? undefined : new X509Certificate(Buffer.from(text, 'base64'))
  }
  return { ...at, create, decide, stored, certificate }
}

const conditions = (request: CertificateSigningRequest | undefined) =>
  (request?.status?.conditions ?? []).map(({ type, reason, message }) => `${type} ${reason}: ${message}`)

test('what is approved is signed, for as long as was asked', async (t) => {
  const { create, decide, certificate, stored, clock } = await plane(t)
  await create('/O=dev/CN=jane', { expirationSeconds: 3600 })
  assert.is((await stored())?.status?.certificate, undefined)
  await decide('Approved')
  const made = await certificate()
  assert.equal(made?.subject.split('\n'), ['O=dev', 'CN=jane'])
  assert.is(Date.parse(made?.validTo ?? ''), clock.now() + 3_600_000)
})

test('what is denied, and what another signs, is left alone', async (t) => {
  const { create, decide, certificate } = await plane(t)
  await create('/CN=jane')
  await decide('Denied')
  assert.is(await certificate(), undefined)
  const other = await plane(t)
  await other.create('/CN=jane', { signerName: 'example.com/own' })
  await other.decide('Approved')
  assert.is(await other.certificate(), undefined)
})

const refused: readonly [string, string, Partial<CertificateSigningRequest['spec']>, string[], string][] = [
  ['usages of another signer', '/CN=jane', { usages: ['server auth'] }, [], 'invalid usages for this signer: server auth'],
  [
    'a master of the cluster',
    '/O=dev/O=system:masters/CN=jane',
    {},
    [],
    'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
  ],
  ['a node of no group', '/CN=system:node:one', kubelet, [], 'subject organization is not system:nodes'],
  ['a node by no name', '/O=system:nodes/CN=one', kubelet, [], 'subject common name does not begin with system:node:'],
  ['a node with names', nodeSubject, kubelet, ['-addext', 'subjectAltName=DNS:x'], 'DNS subjectAltNames are not allowed'],
  [
    'a serving node without names',
    nodeSubject,
    { signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth', 'digital signature'] },
    [],
    'DNS or IP subjectAltName is required',
  ],
]
for (const [name, subject, spec, more, message] of refused) {
  test(`fails: ${name}`, async (t) => {
    const { create, decide, stored } = await plane(t)
    await create(subject, spec, ...more)
    await decide('Approved')
    assert.equal(conditions(await stored()).at(-1), `Failed SignerValidationFailure: ${message}`)
  })
}

test('what cannot be read fails', async (t) => {
  const { client, decide, stored } = await plane(t)
  await client.create(
    certificateSigningRequests,
    signingRequest('a', '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n'),
  )
  await decide('Approved')
  assert.match(conditions(await stored()).at(-1) ?? '', /^Failed SignerValidationFailure: unable to parse csr: /)
})

test("a node's first certificate is approved where its group may ask, and for nobody else", async (t) => {
  const { create, stored, kernel, certificate } = await plane(t)
  kernel.get(ApiHooksToken).authorize.tap('test', ({ user, subresource }) => {
    return subresource === 'nodeclient' && user.groups.includes('system:bootstrappers')
      ? { allowed: true, reason: '' }
      : undefined
  })
  await create(nodeSubject, { ...kubelet, ...bootstrapper })
  assert.equal(conditions(await stored()), [
    'Approved AutoApproved: Auto approving kubelet client certificate after SubjectAccessReview.',
  ])
  assert.equal((await certificate())?.subject.split('\n'), ['O=system:nodes', 'CN=system:node:one'])
  const other = await plane(t)
  await other.create(nodeSubject, { ...kubelet, ...bootstrapper })
  assert.equal(conditions(await other.stored()), [])
})

const serving = { signerName: 'kubernetes.io/kubelet-serving', usages: ['digital signature', 'server auth'] }
const asNode = { username: 'system:node:one', groups: ['system:nodes'] }
const asAddress = { ...asNode, username: 'system:node:10.0.0.7' }
const named: readonly [string, string, string, object, boolean][] = [
  ['its own name', nodeSubject, 'DNS:one', asNode, true],
  ['its own name, which looks like an address', '/O=system:nodes/CN=system:node:10.0.0.7', 'DNS:10.0.0.7', asAddress, true],
  ['its own name and an address', nodeSubject, 'DNS:one,IP:10.0.0.7', asNode, false],
  ['an address alone', '/O=system:nodes/CN=system:node:10.0.0.7', 'IP:10.0.0.7', asAddress, false],
  ['the name of another', nodeSubject, 'DNS:two', asNode, false],
  ['its own name and that of another', nodeSubject, 'DNS:one,DNS:two', asNode, false],
  ['a certificate of another', '/O=system:nodes/CN=system:node:two', 'DNS:two', asNode, false],
  ['one without the right to', nodeSubject, 'DNS:one', { ...asNode, groups: ['others'] }, false],
]
for (const [name, subject, names, who, approved] of named) {
  test(`a serving certificate for ${name} is ${approved ? '' : 'not '}approved`, async (t) => {
    const { create, stored, kernel } = await plane(t)
    kernel.get(ApiHooksToken).authorize.tap('test', ({ user, subresource }) => {
      return subresource === 'selfnodeserver' && user.groups.includes('system:nodes') ? { allowed: true, reason: '' } : undefined
    })
    await create(subject, { ...serving, ...who }, '-addext', `subjectAltName=${names}`)
    const message = 'Approved AutoApproved: Auto approving self kubelet serving certificate after SubjectAccessReview.'
    assert.equal(conditions(await stored()), approved ? [message] : [])
  })
}

const reserved = [
  'localhost',
  'kubernetes.default.svc',
  'a.svc',
  'a.b.svc.cluster.local',
  'cluster.local',
  '127.0.0.2',
  hostname().toLowerCase(),
]
for (const name of [...reserved, '*', '*.svc', 'LOCALHOST', 'localhost.', '']) {
  const isOdd = !reserved.includes(name)
  const why = isOdd
    ? 'is no name of a node'
    : 'is a name of the API server, of this machine or of Services, and no node may have it'
  test(`no node is called "${name}": neither joins by that name nor serves by it`, async (t) => {
    const { create, stored, kernel, client, decide } = await plane(t)
    kernel.get(ApiHooksToken).authorize.tap('test', () => ({ allowed: true, reason: '' }))
    const subject = `/O=system:nodes/CN=system:node:${name}`
    await create(subject, { ...kubelet, ...bootstrapper })
    assert.equal(conditions(await stored()), [`Denied NameReserved: "${name}" ${why}`])
    await client.delete(certificateSigningRequests, '', 'a')
    if (name === '') return
    const more = ['-addext', `subjectAltName=DNS:${name}`]
    await create(subject, { ...serving, username: `system:node:${name}`, groups: ['system:nodes'] }, ...more)
    assert.equal(conditions(await stored()), [`Denied NameReserved: "${name}" ${why}`])
    await client.delete(certificateSigningRequests, '', 'a')
    // Nor where somebody is quicker to approve it by hand.
    const { request } = await makeRequest(await directory(t), nodeSubject, ...more)
    await client.create(certificateSigningRequests, signingRequest('a', request, serving))
    await decide('Approved').catch(() => undefined)
    assert.is((await stored())?.status?.certificate, undefined)
  })
}

test('an address of the API server is not signed for a node, others are where somebody approves them', async (t) => {
  const { create, decide, stored, certificate, client } = await plane(t)
  await create(nodeSubject, { ...serving, ...asNode }, '-addext', 'subjectAltName=DNS:one,IP:127.0.0.1')
  assert.match(conditions(await stored()).at(-1) ?? '', /^Denied NameReserved: "127.0.0.1"/)
  await client.delete(certificateSigningRequests, '', 'a')
  await create(nodeSubject, { ...serving, ...asNode }, '-addext', 'subjectAltName=DNS:one,IP:10.0.0.7')
  await decide('Approved')
  assert.is((await certificate())?.checkIP('10.0.0.7'), '10.0.0.7')
})

test('old requests go, an hour after the decision or a day without one', async (t) => {
  const { create, decide, stored, pass } = await plane(t)
  await create('/CN=jane')
  await pass(23 * 3_600_000)
  assert.ok(await stored())
  await pass(3_700_000)
  assert.is(await stored(), undefined)
  await create('/CN=jane')
  await decide('Approved')
  await pass(3_500_000)
  assert.ok((await stored())?.status?.certificate)
  await pass(200_000)
  assert.is(await stored(), undefined)
})

test('the certificate lets its owner in', async (t) => {
  const place = await directory(t)
  const { client, kernel, stop } = await boot({
    clock: 'real',
    plugins: [server(place), { plugin: controllerHost }, { plugin: grantsOnly }, { plugin }],
  })
  t.defer(stop)
  const { key, request } = await makeRequest(place, '/O=dev/CN=jane')
  const made = await client.create(certificateSigningRequests, signingRequest('a', request))
  const approved = edit(made, (draft) => {
    draft.status = { conditions: [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }] }
  })
  await client.update(certificateSigningRequests, approved, { subresource: 'approval' })
  const cert = await new Promise<string>((resolve) => {
    const watch = client.watch(
      certificateSigningRequests,
      {},
      {
        event(_type, { status }) {
          if (!status?.certificate) return
          resolve(Buffer.from(status.certificate, 'base64').toString())
          watch.close()
        },
        end: () => undefined,
      },
    )
  })
  const { port, ca } = kernel.get(ApiAddressToken)
  const reply = await new Promise<string>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, ca, key, cert, path: '/api/v1/namespaces/default/pods', agent: false }
    const call = send(options, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    call.on('error', reject)
    call.end()
  })
  // Known by name, and allowed nothing: nobody gave jane a role here.
  assert.match(reply, /User \\"jane\\" cannot list resource/)
})
