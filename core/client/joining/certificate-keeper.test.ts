import { X509Certificate } from 'node:crypto'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadCertificates } from '../../api/http/pki.js'
import { createSigner } from '../../api/http/signer.js'
import type { CertificateSigningRequest } from '../../kinds/contract.js'
import { assert, boot, createTestServices, type TestContext, test } from '../../testing/contract.js'
import { certificateSigningRequests, edit, type KeyAndCertificate } from '../contract.js'
import { CertificateKeeper } from './certificate-keeper.js'
import { readCredential, writeCredential } from './credential-file.js'
import { clientCertificate, servingCertificate } from './node-certificates.js'

/** A hundredth of the life of a certificate. */
const part = 36_000

/** A cluster that signs every request, or says no as long as `denies`. */
async function cluster(t: TestContext) {
  const booted = await boot()
  t.defer(() => booted.stop())
  const { client, clock } = booted
  const directory = await t.directory()
  const { authority } = await loadCertificates({ directory: join(directory, 'pki'), names: [], now: clock.now() })
  const signer = createSigner(authority, clock)
  const state = { denies: false, silent: false, asked: [] as CertificateSigningRequest[] }
  const decide = async (request: CertificateSigningRequest): Promise<void> => {
    state.asked.push(request)
    if (state.silent) return
    const { usages = [] } = request.spec
    const text = Buffer.from(request.spec.request, 'base64').toString()
    const certificate = state.denies ? '' : await signer.sign(text, { usages, lifetimeMs: 100 * part })
    const changed = edit(request, (draft) => {
      draft.status = state.denies
        ? { conditions: [{ type: 'Denied', status: 'True', reason: 'No', message: 'not you' }] }
        : { certificate: Buffer.from(certificate).toString('base64') }
    })
    await client.update(certificateSigningRequests, changed, { subresource: state.denies ? 'approval' : 'status' })
  }
  t.defer(booted.clients.informer(certificateSigningRequests).on({ added: (request) => void decide(request) }))
  const { random, log } = createTestServices()
  const file = join(directory, 'own', 'node-client.pem')
  const changes: KeyAndCertificate[] = []
  const waiting = new Set<() => void>()
  const keep = (wanted = clientCertificate('one'), before?: CertificateKeeper) => {
    const changed = (pair: KeyAndCertificate): void => {
      changes.push(pair)
      for (const wake of waiting) wake()
    }
    const keeper = new CertificateKeeper({ file, wanted, client, clock, random, log, changed })
    t.defer(() => keeper.close())
    keeper.start(before)
    return keeper
  }
  /** Keys are made outside of the clock: time goes on until there are so many. */
  const changed = async (count: number, ms = 0): Promise<void> => {
    while (changes.length < count) {
      const more = new Promise<void>((resolve) => waiting.add(resolve))
      await clock.advance(ms)
      await Promise.race([more, new Promise<void>((resolve) => setTimeout(resolve, 20))])
    }
  }
  return { clock, file, state, changes, keep, changed }
}

test('without a certificate one is asked for, and lies where only its owner reads it', async (t) => {
  const { file, changes, keep, changed, state } = await cluster(t)
  keep()
  await changed(1)
  const stored = await readCredential(file)
  assert.is(stored?.certificate.trim(), changes[0]?.certificate.trim())
  assert.equal(stored?.parsed.subject.split('\n'), ['O=system:nodes', 'CN=system:node:one'])
  assert.equal([(await stat(file)).mode & 0o777, (await stat(join(file, '..'))).mode & 0o777], [0o600, 0o700])
  const [{ spec } = {} as CertificateSigningRequest] = state.asked
  assert.equal(
    [spec.signerName, spec.usages],
    ['kubernetes.io/kube-apiserver-client-kubelet', ['digital signature', 'client auth']],
  )
})

test('it is renewed with another key between seven and nine tenths of its life, and again', async (t) => {
  const { clock, changes, keep, changed, state, file } = await cluster(t)
  keep()
  await changed(1)
  await clock.advance(69 * part)
  assert.is(state.asked.length, 1)
  await clock.advance(22 * part)
  await changed(2, 15_000)
  assert.not.equal(changes[1]?.key, changes[0]?.key)
  assert.is((await readCredential(file))?.key.trim(), changes[1]?.key.trim())
  await clock.advance(91 * part)
  await changed(3, 15_000)
  assert.ok(Date.parse(new X509Certificate(changes[2]?.certificate ?? '').validTo) > clock.now())
})

test('one of a former life that is good is taken, and nothing is asked', async (t) => {
  const { keep, changed, state, changes } = await cluster(t)
  keep().close()
  keep()
  await changed(1)
  const before = state.asked.length
  keep()
  await changed(2)
  assert.is(changes[1]?.certificate, changes[0]?.certificate)
  assert.is(state.asked.length, before)
})

test('one that is over, for another name or another node, or broken, is replaced', async (t) => {
  const { clock, keep, changed, state, file, changes } = await cluster(t)
  keep(servingCertificate('one')).close()
  const first = keep(servingCertificate('one'))
  await changed(1)
  first.close()
  const served = new X509Certificate(changes[0]?.certificate ?? '')
  assert.is(served.subjectAltName, 'DNS:one')
  let asked = state.asked.length
  const renamed = { ...servingCertificate('one'), dnsNames: ['10.0.0.2'] }
  for (const wanted of [renamed, servingCertificate('two'), servingCertificate('10.0.0.2')]) {
    const count = changes.length
    const keeper = keep(wanted)
    await changed(count + 1)
    keeper.close()
    assert.ok(state.asked.length > asked)
    asked = state.asked.length
  }
  await clock.advance(200 * part)
  const over = keep(servingCertificate('two'))
  await changed(changes.length + 1)
  over.close()
  for (const text of ['', 'nonsense', (changes[0]?.certificate ?? '') + (changes[1]?.key ?? '')]) {
    await writeFile(file, text)
    assert.is(await readCredential(file), undefined)
    const keeper = keep(servingCertificate('two'))
    await changed(changes.length + 1)
    keeper.close()
  }
})

test('another one for the same file ends the first, and begins when nothing of that is under way', async (t) => {
  const { keep, changed, state, changes, file } = await cluster(t)
  const named = (name: string) => ({ ...servingCertificate('one'), dnsNames: [name] })
  state.silent = true
  const first = keep(named('name-1'))
  while (state.asked.length < 1) await changed(0).then(() => new Promise((resolve) => setTimeout(resolve, 5)))
  state.silent = false
  const second = keep(named('name-2'), first)
  const third = keep(named('name-3'), second)
  await changed(1)
  third.close()
  const served = new X509Certificate(changes[0]?.certificate ?? '')
  assert.is(served.checkHost('name-3'), 'name-3', 'neither of the others told of one')
  assert.is(state.asked.length, 2, 'the second had not begun')
  assert.is((await readCredential(file))?.certificate.trim(), changes[0]?.certificate.trim())
  assert.is(changes.length, 1)
})

test('refused, or decided by nobody: it asks again, later each time, and keeps what it has', async (t) => {
  const { clock, keep, changed, state, file, changes } = await cluster(t)
  state.denies = true
  keep()
  while (state.asked.length < 2) await changed(0, 1_000).then(() => clock.advance(1_000))
  state.denies = false
  state.silent = true
  const asked = state.asked.length
  while (state.asked.length < asked + 2) {
    await clock.advance(5_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  assert.is(await readCredential(file), undefined)
  state.silent = false
  await changed(1, 30_000)
  await writeCredential(file, changes[0] as KeyAndCertificate)
  assert.ok(await readCredential(file))
})
