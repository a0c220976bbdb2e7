import { X509Certificate } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assert, test } from '../../testing/contract.js'
import { certificateNames, hostPort, reachable } from './addresses.js'
import { kubeconfigText, writeKubeconfig } from './kubeconfig.js'
import { loadCertificates } from './pki.js'
import { writeAtomically } from './write-file.js'
import { parseYaml } from './yaml.js'

const now = Date.parse('2026-06-01T00:00:00Z')
const day = 86_400_000
const names = ['localhost', '127.0.0.1']

async function snapshot(directory: string): Promise<Record<string, string>> {
  const files = (await readdir(directory)).sort()
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(join(directory, file), 'utf8')])))
}

test('the first start makes everything, for its owner alone', async (t) => {
  const directory = join(await t.directory(), 'new', 'pki')
  const made = await loadCertificates({ directory, names, now })
  const files = ['admin.crt', 'admin.key', 'ca.crt', 'ca.key', 'server.crt', 'server.key']
  assert.equal((await readdir(directory)).sort(), files)
  assert.is((await stat(directory)).mode & 0o777, 0o700)
  for (const file of files.filter((name) => name.endsWith('.key')))
    assert.is((await stat(join(directory, file))).mode & 0o777, 0o600)
  const admin = new X509Certificate(made.admin.certificate)
  assert.is(admin.subject, 'O=system:masters\nCN=davit-admin')
  assert.ok(admin.verify(new X509Certificate(made.authority.certificate).publicKey))
})

test('a second start reads what is there and writes nothing', async (t) => {
  const directory = await t.directory()
  const first = await loadCertificates({ directory, names, now })
  const files = await snapshot(directory)
  assert.equal(await loadCertificates({ directory, names, now: now + day }), first)
  assert.equal(await snapshot(directory), files)
})

test('a certificate that is about to expire is renewed with its key', async (t) => {
  const directory = await t.directory()
  const first = await loadCertificates({ directory, names, now })
  const later = await loadCertificates({ directory, names, now: now + 340 * day })
  assert.is(later.server.key, first.server.key)
  assert.is.not(later.server.certificate, first.server.certificate)
  assert.is(later.authority.certificate, first.authority.certificate)
  assert.ok(Date.parse(new X509Certificate(later.server.certificate).validTo) > now + 600 * day)
})

test('a new name renews the server’s certificate alone', async (t) => {
  const directory = await t.directory()
  const first = await loadCertificates({ directory, names, now })
  const more = await loadCertificates({ directory, names: [...names, 'api.example', '10.1.2.3'], now })
  assert.is(new X509Certificate(more.server.certificate).checkHost('api.example'), 'api.example')
  assert.is(new X509Certificate(more.server.certificate).checkIP('10.1.2.3'), '10.1.2.3')
  assert.is(more.admin.certificate, first.admin.certificate)
  // Fewer names need no new one.
  assert.is((await loadCertificates({ directory, names, now })).server.certificate, more.server.certificate)
})

test('leaves follow an authority that was replaced', async (t) => {
  const directory = await t.directory()
  await loadCertificates({ directory, names, now })
  await Promise.all(['ca.key', 'ca.crt'].map((file) => rm(join(directory, file))))
  const made = await loadCertificates({ directory, names, now })
  const authority = new X509Certificate(made.authority.certificate)
  for (const leaf of [made.server, made.admin]) assert.ok(new X509Certificate(leaf.certificate).verify(authority.publicKey))
})

test('a start that died between a key and its certificate is made good', async (t) => {
  const directory = await t.directory()
  await loadCertificates({ directory, names, now })
  await rm(join(directory, 'server.crt'))
  const made = await loadCertificates({ directory, names, now })
  assert.ok(new X509Certificate(made.server.certificate).checkHost('localhost'))
})

test('damage and an expired authority are errors with a code', async (t) => {
  const directory = await t.directory()
  const made = await loadCertificates({ directory, names, now })
  await assert.rejects(loadCertificates({ directory, names, now: now + 4000 * day }), { code: 'DAVIT_PKI_CA_EXPIRED' })
  await writeFile(join(directory, 'server.key'), made.admin.key)
  await assert.rejects(loadCertificates({ directory, names, now }), { code: 'DAVIT_PKI_UNREADABLE' })
  await writeFile(join(directory, 'server.key'), 'no key')
  await assert.rejects(loadCertificates({ directory, names, now }), { code: 'DAVIT_PKI_UNREADABLE' })
})

test('the names of the certificate are ordered, known once, and hold no wildcard address', () => {
  const pods = { address: '10.96.0.1', clusterDomain: 'cluster.local' }
  const list = certificateNames(['0.0.0.0', 'localhost', 'api.example', 'bücher.example', ''], pods)
  assert.equal(certificateNames(['api.example'], pods), list)
  const other = certificateNames([], { address: '172.20.0.1', clusterDomain: 'mine.example' })
  assert.ok(other.includes('172.20.0.1') && other.includes('kubernetes.default.svc.mine.example') && !other.includes('10.96.0.1'))
  assert.is(list.filter((name) => name === 'localhost').length, 1)
  for (const name of ['127.0.0.1', '::1', '10.96.0.1', 'kubernetes.default.svc.cluster.local']) assert.ok(list.includes(name))
  assert.is(reachable('0.0.0.0'), '127.0.0.1')
  assert.is(reachable('10.0.0.7'), '10.0.0.7')
  assert.is(hostPort('::1', 1), '[::1]:1')
})

test('a kubeconfig holds all that a client needs', async (t) => {
  const content = { url: 'https://127.0.0.1:6443', ca: 'CA', certificate: 'CERT', key: 'KEY' }
  const config = parseYaml(kubeconfigText(content)) as {
    clusters: { cluster: Record<string, string> }[]
    users: { user: Record<string, string> }[]
    'current-context': string
  }
  assert.is(config.clusters[0]?.cluster.server, content.url)
  assert.is(Buffer.from(config.users[0]?.user['client-key-data'] ?? '', 'base64').toString(), 'KEY')
  assert.is(config['current-context'], 'davit')
  const path = join(await t.directory(), 'config')
  await writeKubeconfig(path, content)
  const { ino, mode } = await stat(path)
  assert.is(mode & 0o777, 0o600)
  await writeKubeconfig(path, content)
  assert.is((await stat(path)).ino, ino)
  await writeKubeconfig(path, { ...content, url: 'https://127.0.0.1:1' })
  assert.is.not((await stat(path)).ino, ino)
})

test('a file that cannot be written leaves nothing behind', async (t) => {
  const directory = await t.directory()
  await writeAtomically(join(directory, 'taken'), 'old', 0o600)
  await assert.rejects(writeAtomically(join(directory, 'taken', 'below'), 'new', 0o600))
  assert.equal(await snapshot(directory), { taken: 'old' })
})
