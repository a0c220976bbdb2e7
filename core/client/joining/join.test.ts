import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join as joinPath } from 'node:path'
import { createKey, createSigningRequest, issueCertificate } from '../../api/http/certificate.js'
import { loadCertificates } from '../../api/http/pki.js'
import { createSigner } from '../../api/http/signer.js'
import { createClock } from '../../kernel/clock.js'
import { assert, createTestServices, type TestContext, test } from '../../testing/contract.js'
import { authorityHash, findAuthority } from './authority.js'
import { credentialFiles, readCredential, readIfThere, writeCredential } from './credential-file.js'
import { type JoinOptions, join } from './join.js'

const day = 86_400_000
const now = createClock().now()

type Said = { readonly code: number; readonly body: unknown } | undefined
type Answer = (path: string, method: string, body: string) => Said | Promise<Said>

/** A server of a cluster that says what the test wants; `validFrom` of its certificate. */
async function site(t: TestContext, answer: Answer, { from = now - day, to = now + day, name = '127.0.0.1' } = {}) {
  const directory = await t.directory()
  const { authority } = await loadCertificates({ directory: joinPath(directory, 'pki'), names: [], now })
  const { createPrivateKey } = await import('node:crypto')
  const issuer = { commonName: 'davit-ca', key: createPrivateKey(authority.key) }
  const key = await createKey()
  const leaf = { commonName: 'server', key, purpose: 'server', names: [name], notBefore: from, notAfter: to } as const
  const tls = { key: key.export({ type: 'pkcs8', format: 'pem' }), cert: issueCertificate(leaf, issuer) }
  const listener = createServer(tls, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk
    })
    request.on('end', async () => {
      const said = (await answer(request.url ?? '', request.method ?? '', body)) ?? {
        code: 404,
        body: status(404, 'NotFound', 'not found'),
      }
      response.writeHead(said.code, { 'content-type': 'application/json' })
      response.end(typeof said.body === 'string' ? said.body : JSON.stringify(said.body))
    })
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  t.defer(
    () =>
      new Promise((resolve) => {
        listener.closeAllConnections()
        listener.close(resolve)
      }),
  )
  const server = `https://127.0.0.1:${(listener.address() as AddressInfo).port}`
  const { random, log } = createTestServices()
  const stop = new AbortController()
  t.defer(() => stop.abort(new Error('the test is over')))
  const own = joinPath(directory, 'agent')
  const options: JoinOptions = {
    ...{ server, nodeName: 'one', directory: own, clock: createClock(), random, log, signal: stop.signal },
    token: 'abcdef.0123456789abcdef',
    pin: { hash: authorityHash(authority.certificate) },
  }
  const signer = createSigner(authority, createClock())
  return { server, authority, options, own, signer, stop, listener }
}

const status = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  status: 'Failure',
  code,
  reason,
  message,
})
const infoOf = (ca: string) => ({
  code: 200,
  body: {
    kind: 'ConfigMap',
    data: {
      kubeconfig: JSON.stringify({
        clusters: [{ cluster: { 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
      }),
    },
  },
})
const isInfo = (path: string): boolean => path.endsWith('/cluster-info')

test('the CA is believed by its hash alone', async (t) => {
  let shown = ''
  const { server, authority } = await site(t, (path) => (isInfo(path) ? infoOf(shown) : undefined))
  const hash = authorityHash(authority.certificate)
  assert.match(hash, /^sha256:[0-9a-f]{64}$/)
  shown = authority.certificate
  assert.is(await findAuthority(server, { hash }), shown)
  assert.is(await findAuthority(server, { hash: hash.toUpperCase().replace('SHA', 'sha') }), shown)
  assert.is(await findAuthority(server, { unsafe: true }), shown)
  assert.is(await findAuthority('https://nowhere.invalid', { certificate: shown }), shown)
  await assert.rejects(findAuthority(server, {}), /nothing says by which CA/)
  await assert.rejects(findAuthority(server, { hash: `sha256:${'0'.repeat(64)}` }), /and not the one that was named/)
  await assert.rejects(findAuthority(server, { hash: 'md5:12' }), /is no hash/)
  await assert.rejects(findAuthority(server, { certificate: 'x' }), /the file of the CA is no certificate/)
  shown = 'nonsense'
  await assert.rejects(findAuthority(server, { unsafe: true }), /is no certificate/)
  const key = await createKey()
  const leaf = { commonName: 'x', key, purpose: 'client', notBefore: now, notAfter: now + day } as const
  shown = issueCertificate(leaf, { commonName: 'x', key })
  await assert.rejects(findAuthority(server, { unsafe: true }), /is not that of a CA/)
})

test('a CA that is shown behind the one with the hash is not believed', async (t) => {
  let shown = ''
  const { server, authority, options, own } = await site(t, (path) => (isInfo(path) ? infoOf(shown) : undefined))
  const real = authority.certificate
  const hash = authorityHash(real)
  const file = joinPath(await t.directory(), 'pki')
  const foreign = (await loadCertificates({ directory: file, names: [], now })).authority.certificate
  for (const bundle of [real + foreign, foreign + real, `${real}text between\n${foreign}`]) {
    shown = bundle
    await assert.rejects(findAuthority(server, { hash }), /and not the one that was named/)
    await assert.rejects(join(options), /and not the one that was named/)
  }
  assert.is(await readIfThere(joinPath(own, credentialFiles.authority)), undefined)
  // What is no certificate to us might be one to another reader of the text.
  shown = `${real}-----BEGIN TRUSTED CERTIFICATE-----\n${foreign.split('\n').slice(1, -2).join('\n')}\n-----END TRUSTED CERTIFICATE-----\n`
  assert.is(await findAuthority(server, { hash }), real)
  // The same key twice, as a CA has that was renewed.
  shown = real + real
  assert.is(await findAuthority(server, { hash }), shown)
  assert.is(await findAuthority(server, { certificate: real + foreign }), real + foreign)
})

test('of a CA that is stored already each certificate must be the one that is named', async (t) => {
  const { options, own, authority } = await signing(t)
  await join(options)
  const other = (await loadCertificates({ directory: joinPath(await t.directory(), 'pki'), names: [], now })).authority
  const file = joinPath(own, credentialFiles.authority)
  await writeFile(file, authority.certificate + other.certificate)
  await assert.rejects(join(options), /is a node of a cluster with another CA/)
  await join({ ...options, pin: { certificate: authority.certificate + other.certificate } })
  await writeFile(file, '')
  await assert.rejects(join(options), /ca.crt is no certificate/)
  await writeFile(file, authority.certificate)
  await join({ ...options, pin: { hash: authorityHash(authority.certificate).toUpperCase().replace('SHA', 'sha') } })
})

test('a server that shows no CA, or none that can be read', async (t) => {
  let said: { code: number; body: unknown } = { code: 403, body: status(403, 'Forbidden', 'no') }
  const { server } = await site(t, () => said)
  await assert.rejects(findAuthority(server, { unsafe: true }), /does not show its CA.*davit token create/)
  for (const body of ['', '[]', { data: {} }, { data: { kubeconfig: '{' } }]) {
    said = { code: 200, body }
    await assert.rejects(findAuthority(server, { unsafe: true }), /cannot be read|no certificate/)
  }
})

/** One that signs, and takes any certificate; `refusals`: what it says to the first watches instead. */
async function signing(t: TestContext, node?: object, refusals: Said[] = []) {
  let signed = ''
  const at: Awaited<ReturnType<typeof site>> = await site(t, async (path, method, body) => {
    if (isInfo(path)) return infoOf(at.authority.certificate)
    if (path.endsWith('/nodes/one')) return node ? { code: 200, body: node } : undefined
    if (method === 'POST') {
      const request = JSON.parse(body)
      signed = Buffer.from(request.spec.request, 'base64').toString()
      return { code: 201, body: { ...request, metadata: { name: 'csr-1' } } }
    }
    if (!path.includes('watch=')) return undefined
    const refusal = refusals.shift()
    if (refusal) return refusal
    const certificate = await at.signer.sign(signed, { usages: ['client auth'], lifetimeMs: day })
    const object = { metadata: { name: 'csr-1' }, status: { certificate: Buffer.from(certificate).toString('base64') } }
    return { code: 200, body: `${JSON.stringify({ type: 'ADDED', object })}\n` }
  })
  return at
}

test('joining leaves the CA and a certificate of the node; the next time neither token nor hash is needed', async (t) => {
  const { options, own, authority } = await signing(t)
  await join(options)
  assert.is(await readIfThere(joinPath(own, credentialFiles.authority)), authority.certificate)
  const first = await readCredential(joinPath(own, credentialFiles.client))
  assert.equal(first?.parsed.subject.split('\n'), ['O=system:nodes', 'CN=system:node:one'])
  const { token: _token, ...later } = options
  await join({ ...later, pin: {} })
  assert.is((await readCredential(joinPath(own, credentialFiles.client)))?.certificate, first?.certificate)
  await assert.rejects(join({ ...later, nodeName: 'two' }), /are those of system:node:one, and not of node two/)
  await assert.rejects(join({ ...later, pin: { hash: `sha256:${'1'.repeat(64)}` } }), /is a node of a cluster with another CA/)
})

test('a certificate that is over wants a token again', async (t) => {
  const { options, own, signer } = await signing(t)
  await join(options)
  const key = await createKey()
  const request = createSigningRequest({ commonName: 'system:node:one', organizations: ['system:nodes'], key })
  const certificate = await signer.sign(request, { usages: ['client auth'], lifetimeMs: -1_000 })
  await writeCredential(joinPath(own, credentialFiles.client), {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate,
  })
  const { token: _token, ...without } = options
  await assert.rejects(join(without), /no certificate that is good, and no token/)
  await join(options)
})

test('a name that a ready node has is refused; one that is not ready is taken over', async (t) => {
  const nodeOf = (ready: string) => ({ metadata: { name: 'one' }, status: { conditions: [{ type: 'Ready', status: ready }] } })
  const taken = await signing(t, nodeOf('True'))
  await assert.rejects(join(taken.options), /there is a node one already, and it is ready/)
  const away = await signing(t, nodeOf('Unknown'))
  await join(away.options)
})

test('a token that is not taken, and a certificate that is not', async (t) => {
  const strict: Awaited<ReturnType<typeof site>> = await site(t, (path) =>
    isInfo(path) ? infoOf(strict.authority.certificate) : { code: 401, body: status(401, 'Unauthorized', 'Unauthorized') },
  )
  await assert.rejects(join(strict.options), /does not take the token: it is wrong, or has expired/)
  const key = await createKey()
  const request = createSigningRequest({ commonName: 'system:node:one', organizations: ['system:nodes'], key })
  const certificate = await strict.signer.sign(request, { usages: ['client auth'], lifetimeMs: day })
  const pair = { key: key.export({ type: 'pkcs8', format: 'pem' }).toString(), certificate }
  await writeCredential(joinPath(strict.own, credentialFiles.client), pair)
  await assert.rejects(join(strict.options), /the server does not let this node in: Unauthorized/)
})

test('who may not watch the request is refused at once; a watch that ends is begun anew', async (t) => {
  const forbidden = await signing(t, undefined, [{ code: 403, body: status(403, 'Forbidden', 'you may not watch') }])
  await assert.rejects(join(forbidden.options), /the server does not let this node in: you may not watch/)
  const unknown = await signing(t, undefined, [{ code: 401, body: status(401, 'Unauthorized', 'Unauthorized') }])
  await assert.rejects(join(unknown.options), /does not take the token/)
  const gone = { type: 'ERROR', object: status(410, 'Expired', 'too old') }
  await join((await signing(t, undefined, [{ code: 200, body: `${JSON.stringify(gone)}\n` }])).options)
})

test('by the clock of this machine the server is of another time', async (t) => {
  const early = await site(t, () => undefined, { from: now + day, to: now + 2 * day })
  await assert.rejects(join({ ...early.options, pin: { certificate: early.authority.certificate } }), /is not valid yet/)
  const late = await site(t, () => undefined, { from: now - 2 * day, to: now - day })
  await assert.rejects(join({ ...late.options, pin: { certificate: late.authority.certificate } }), /has expired/)
})

test('a certificate for another address, or of another CA, is not trusted', async (t) => {
  const elsewhere = await site(t, () => undefined, { name: '10.0.0.1' })
  await assert.rejects(join({ ...elsewhere.options, pin: { certificate: elsewhere.authority.certificate } }), /cannot be trusted/)
  const other = await site(t, () => undefined)
  await assert.rejects(join({ ...other.options, pin: { certificate: elsewhere.authority.certificate } }), /cannot be trusted/)
})

test('a server that is away is waited for, until somebody stops it', async (t) => {
  const { options, stop } = await signing(t)
  const gone = { ...options, server: 'https://127.0.0.1:1' }
  const joining = join(gone)
  stop.abort(new Error('enough'))
  await assert.rejects(joining, /enough/)
})
