import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { assert, test } from '../../testing/contract.js'
import { addressBytes, createKey, issueCertificate } from './certificate.js'
import * as der from './der.js'

const run = promisify(execFile)
const period = { notBefore: Date.parse('2026-01-01T00:00:00Z'), notAfter: Date.parse('2060-01-01T00:00:00Z') }

async function makeAuthority() {
  const key = await createKey()
  const text = issueCertificate({ commonName: 'test-ca', key, purpose: 'authority', ...period }, { commonName: 'test-ca', key })
  return { key, text, certificate: new X509Certificate(text) }
}

test('DER lengths take the short form up to 127 bytes and the long form beyond', () => {
  assert.is(der.octetString(Buffer.alloc(127)).subarray(0, 2).toString('hex'), '047f')
  assert.is(der.octetString(Buffer.alloc(128)).subarray(0, 3).toString('hex'), '048180')
  assert.is(der.octetString(Buffer.alloc(256)).subarray(0, 4).toString('hex'), '04820100')
})

test('DER integers are natural numbers without needless zeros', () => {
  assert.is(der.integer(Uint8Array.of(0)).toString('hex'), '020100')
  assert.is(der.integer(Uint8Array.of(0, 0, 5)).toString('hex'), '020105')
  assert.is(der.integer(Uint8Array.of(0x80)).toString('hex'), '02020080')
})

test('DER identifiers with large arcs are written in base 128', () => {
  assert.is(der.objectIdentifier('1.2.840.10045.4.3.2').toString('hex'), '06082a8648ce3d040302')
  assert.is(der.objectIdentifier('2.5.29.17').toString('hex'), '0603551d11')
})

test('DER times change their form in 2050', () => {
  assert.is(der.time(Date.parse('2049-12-31T23:59:59Z')).subarray(2).toString(), '491231235959Z')
  assert.is(der.time(Date.parse('2050-01-01T00:00:00.9Z')).subarray(2).toString(), '20500101000000Z')
})

test('an authority signs itself', async () => {
  const { certificate, key } = await makeAuthority()
  assert.ok(certificate.ca)
  assert.ok(certificate.verify(certificate.publicKey))
  assert.ok(certificate.checkIssued(certificate))
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key.export({ type: 'pkcs8', format: 'pem' }))))
  assert.is(Date.parse(certificate.validTo), period.notAfter)
})

test('a server is known by each of its names, and by no other', async () => {
  const authority = await makeAuthority()
  const names = ['localhost', 'kubernetes.default.svc', '127.0.0.1', '::1', 'fd00::10.96.0.1']
  const text = issueCertificate(
    { commonName: 'server', key: await createKey(), purpose: 'server', names, ...period },
    { commonName: 'test-ca', key: authority.key },
  )
  const certificate = new X509Certificate(text)
  assert.ok(certificate.verify(authority.certificate.publicKey))
  assert.ok(certificate.checkIssued(authority.certificate))
  assert.not(certificate.ca)
  assert.is(certificate.checkHost('localhost'), 'localhost')
  assert.is(certificate.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc')
  for (const address of ['127.0.0.1', '::1', 'fd00::a60:1']) assert.is(certificate.checkIP(address), address)
  assert.is(certificate.checkHost('example.com'), undefined)
  assert.is(certificate.checkIP('127.0.0.2'), undefined)
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1'])
})

test('a client carries its organizations', async () => {
  const authority = await makeAuthority()
  const request = {
    commonName: 'jörg',
    organizations: ['system:masters', 'team'],
    key: await createKey(),
    purpose: 'client',
  } as const
  const certificate = new X509Certificate(
    issueCertificate({ ...request, ...period }, { commonName: 'test-ca', key: authority.key }),
  )
  assert.is(certificate.subject, 'O=system:masters\nO=team\nCN=jörg')
  assert.equal(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
})

test('serial numbers differ', async () => {
  const [one, two] = [await makeAuthority(), await makeAuthority()]
  assert.is.not(one.certificate.serialNumber, two.certificate.serialNumber)
})

test('every written form of an address becomes its bytes', () => {
  assert.is(addressBytes('10.96.0.1').toString('hex'), '0a600001')
  assert.is(addressBytes('::').toString('hex'), '0'.repeat(32))
  assert.is(addressBytes('2001:db8::1').toString('hex'), '20010db8000000000000000000000001')
  assert.is(addressBytes('::ffff:1.2.3.4').toString('hex'), '00000000000000000000ffff01020304')
  assert.is(addressBytes('1:2:3:4:5:6:7:8').toString('hex'), '00010002000300040005000600070008')
})

test(
  'OpenSSL accepts the chain for each purpose',
  async (t) => {
    const directory = await t.directory()
    const authority = await makeAuthority()
    await writeFile(join(directory, 'ca.crt'), authority.text)
    for (const purpose of ['server', 'client'] as const) {
      const request = { commonName: purpose, key: await createKey(), purpose, names: ['localhost'], ...period }
      await writeFile(join(directory, `${purpose}.crt`), issueCertificate(request, { commonName: 'test-ca', key: authority.key }))
      const check = ['verify', '-x509_strict', '-CAfile', join(directory, 'ca.crt'), '-purpose', `ssl${purpose}`]
      const { stdout } = await run('openssl', [...check, join(directory, `${purpose}.crt`)])
      assert.match(stdout, /: OK/)
      const other = purpose === 'server' ? 'client' : 'server'
      await assert.rejects(run('openssl', [...check.slice(0, -1), `ssl${other}`, join(directory, `${purpose}.crt`)]))
    }
  },
  { requires: ['openssl'] },
)
