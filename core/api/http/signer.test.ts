import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assert, createTestServices, type TestContext, test } from '../../testing/contract.js'
import { createKey, createSigningRequest } from './certificate.js'
import { loadCertificates } from './pki.js'
import { createSigner } from './signer.js'

const run = promisify(execFile)
const day = 86_400_000
const terms = { usages: ['digital signature', 'key encipherment', 'client auth'], lifetimeMs: day }

async function parts(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'davit-signer-'))
  t.defer(() => rm(directory, { recursive: true }))
  const { clock } = createTestServices()
  const { authority } = await loadCertificates({ directory, names: [], now: clock.now() })
  const request = async (
    subject: string,
    key: readonly string[] = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
    ...more: string[]
  ) => {
    const path = join(directory, 'request.pem')
    const newKey = ['-newkey', ...key, '-nodes', '-keyout', join(directory, 'key.pem')]
    await run('openssl', ['req', '-new', '-batch', ...newKey, '-subj', subject, '-out', path, ...more])
    return readFile(path, 'utf8')
  }
  return { authority: new X509Certificate(authority.certificate), signer: createSigner(authority, clock), request, clock }
}

const keys: readonly (readonly string[])[] = [
  ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  ['rsa:2048'],
  ['ed25519'],
]
for (const key of keys) {
  test(`a request with a key of ${key.join(' ')} is signed as it was sent`, async (t) => {
    const { authority, signer, request, clock } = await parts(t)
    const sent = await request('/O=dev/O=ops/CN=jane', key)
    assert.equal(await signer.read(sent), {
      ...{ commonName: 'jane', organizations: ['dev', 'ops'], dnsNames: [], ipAddresses: [], otherNames: 0 },
    })
    const certificate = new X509Certificate(await signer.sign(sent, terms))
    assert.ok(certificate.verify(authority.publicKey) && certificate.checkIssued(authority))
    assert.equal(certificate.subject.split('\n'), ['O=dev', 'O=ops', 'CN=jane'])
    assert.is(Date.parse(certificate.validTo), clock.now() + day)
    assert.ok(Date.parse(certificate.validFrom) < clock.now())
    assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.not(certificate.ca)
  })
}

test('alternative names come along, and are told by kind', async (t) => {
  const { signer, request } = await parts(t)
  const names = 'subjectAltName=DNS:one,IP:10.0.0.1,IP:::1,email:a@example.com'
  const sent = await request('/O=system:nodes/CN=system:node:one', undefined, '-addext', names)
  const { dnsNames, ipAddresses, otherNames } = await signer.read(sent)
  assert.equal([dnsNames, ipAddresses, otherNames], [['one'], ['10.0.0.1', '::1'], 1])
  const certificate = new X509Certificate(await signer.sign(sent, { ...terms, usages: ['digital signature', 'server auth'] }))
  assert.is(certificate.checkHost('one'), 'one')
  assert.is(certificate.checkIP('10.0.0.1'), '10.0.0.1')
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
})

test('a request of our own making is read as one of openssl is', async (t) => {
  const { signer, authority } = await parts(t)
  const key = await createKey()
  const who = { commonName: 'system:node:one', organizations: ['system:nodes'] }
  // What looks like an address stays a name.
  const dnsNames = ['one', '10.0.0.1']
  const sent = createSigningRequest({ ...who, key, dnsNames })
  assert.equal(await signer.read(sent), { ...who, dnsNames, ipAddresses: [], otherNames: 0 })
  const certificate = new X509Certificate(await signer.sign(sent, terms))
  assert.ok(certificate.verify(authority.publicKey) && certificate.checkPrivateKey(key))
  const plain = await signer.read(createSigningRequest({ ...who, key }))
  assert.equal(plain, { ...who, dnsNames: [], ipAddresses: [], otherNames: 0 })
})

test('no certificate outlives the authority, and extensions beside the names are not taken over', async (t) => {
  const { authority, signer, request } = await parts(t)
  const sent = await request('/CN=jane', undefined, '-addext', 'basicConstraints=critical,CA:TRUE')
  const certificate = new X509Certificate(await signer.sign(sent, { ...terms, lifetimeMs: 100_000 * day }))
  assert.is(certificate.validTo, authority.validTo)
  assert.not(certificate.ca)
})

test('what is no request, or is not signed by its own key, is refused', async (t) => {
  const { signer, request } = await parts(t)
  const sent = await request('/CN=jane')
  const der = Buffer.from(sent.replace(/-----.*?-----/g, ''), 'base64')
  const pem = (bytes: Uint8Array) =>
    `-----BEGIN CERTIFICATE REQUEST-----\n${Buffer.from(bytes).toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`
  assert.is((await signer.read(pem(der))).commonName, 'jane')
  const forged = Buffer.from(der)
  forged.write('jake', forged.indexOf('jane'))
  await assert.rejects(signer.read(pem(forged)), /not signed by its own key/)
  await assert.rejects(signer.sign(pem(forged), terms), /not signed by its own key/)
  for (const wrong of [
    '',
    'x',
    pem(Buffer.alloc(0)),
    pem(Buffer.from('3003020100', 'hex')),
    pem(der.subarray(0, 60)),
    pem(Buffer.concat([der, der])),
  ]) {
    await assert.rejects(signer.read(wrong))
  }
  for (let at = 0; at < der.length; at += 7) {
    const broken = Buffer.from(der)
    broken[at] = (broken[at] ?? 0) ^ 0xff
    await assert.rejects(signer.read(pem(broken)))
  }
})
