import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { KeyAndCertificate } from '../../client/contract.js'
import { assert, createTestServices, type TestContext, test } from '../../testing/contract.js'
import type { CertificateSigner } from '../contract.js'
import { loadCertificates } from '../http/pki.js'
import { createSigner } from '../http/signer.js'
import { keepNodeCertificate } from './node-certificate.js'

const dayMs = 86_400_000
/** When another is due. */
const dueMs = 365 * dayMs * 0.8

/** A CA that refuses as long as `fails`, and signs no sooner than `gate`. */
async function own(t: TestContext) {
  const { clock, log, lines } = createTestServices()
  const { authority } = await loadCertificates({ directory: join(await t.directory(), 'pki'), names: [], now: clock.now() })
  const ca = createSigner(authority, clock)
  const state = { fails: false, asked: 0, gate: Promise.resolve() }
  const signer: CertificateSigner = {
    ...ca,
    async sign(request, options) {
      state.asked += 1
      await state.gate
      if (state.fails) throw new Error('the disk is full')
      return ca.sign(request, options)
    },
  }
  const seen: KeyAndCertificate[] = []
  const undos: (() => void)[] = []
  t.defer(() => {
    for (const undo of undos) undo()
  })
  const options = { nodes: ['one', 'two'], identity: undefined, signer, clock, log }
  const keep = () => keepNodeCertificate({ ...options, changed: (pair) => void seen.push(pair) }, (undo) => void undos.push(undo))
  /** Keys are made outside of the clock. */
  const until = async (reached: () => boolean): Promise<void> => {
    while (!reached()) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const stop = (): void => {
    for (const undo of undos) undo()
  }
  return { clock, lines, state, seen, keep, until, stop }
}

test('one for all nodes of the process, and another long before its end', async (t) => {
  const { clock, seen, keep, until } = await own(t)
  await keep()
  const [first] = seen
  const parsed = new X509Certificate(first?.certificate ?? '')
  assert.equal([parsed.checkHost('one'), parsed.checkHost('two')], ['one', 'two'])
  await clock.advance(dueMs)
  await until(() => seen.length === 2)
  assert.not.equal(seen[1]?.key, first?.key)
  assert.ok(Date.parse(new X509Certificate(seen[1]?.certificate ?? '').validTo) > clock.now() + 364 * dayMs)
})

test('a renewal that fails is tried again, later each time', async (t) => {
  const { clock, lines, state, seen, keep, until } = await own(t)
  await keep()
  state.fails = true
  await clock.advance(dueMs)
  const failures = () => lines.filter(({ level }) => level === 'error').length
  await until(() => failures() === 1)
  await clock.advance(1_000)
  await until(() => failures() === 2)
  await clock.advance(1_999)
  assert.is(state.asked, 3, 'not yet')
  state.fails = false
  await clock.advance(1)
  await until(() => seen.length === 2)
  assert.is(state.asked, 4)
})

test('a first one that cannot be signed is told to whoever starts', async (t) => {
  const { state, keep } = await own(t)
  state.fails = true
  await assert.rejects(keep(), /the disk is full/)
})

test('who stops while one is being signed hears of none, and leaves no timer', async (t) => {
  const { clock, state, seen, keep, until, stop } = await own(t)
  await keep()
  let open = (): void => undefined
  state.gate = new Promise((resolve) => {
    open = resolve
  })
  await clock.advance(dueMs)
  await until(() => state.asked === 2)
  stop()
  open()
  await new Promise((resolve) => setTimeout(resolve, 50))
  await clock.advance(2 * dueMs)
  assert.equal([seen.length, state.asked], [1, 2])
})
