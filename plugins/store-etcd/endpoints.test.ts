/** Which etcd is spoken to, and how: several endpoints, certificates, and one that is another than before. */
import type { KeyObject } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createKey, issueCertificate } from '@davit/core/api/testkit'
import { startEtcd } from '@davit/core/store/testkit'
import { assert, missing, type TestContext, type TestOptions, test } from '@davit/core/testing'
import type { EtcdConfig } from './config.js'
import { openEtcdStore } from './open.js'
import type { EtcdStore } from './store.js'
import { configOf, proxyTo, realServices } from './testing.js'

const etcd = (await missing('etcd')) === undefined ? await startEtcd() : undefined
const needs: TestOptions = { requires: ['etcd'] }
const nobody = 'http://127.0.0.1:1'

test.after(() => etcd?.stop())

async function open(t: TestContext, config: EtcdConfig, services = realServices()): Promise<EtcdStore> {
  const store = await openEtcdStore(config, services)
  t.defer(() => store.close())
  return store
}
const put = (store: EtcdStore, key: string) =>
  store.transact({ compare: [], operations: [{ type: 'put', key, value: Buffer.from('x') }] })

/** The keys that a watch of everything is told of from now on. */
async function follow(t: TestContext, store: EtcdStore): Promise<string[]> {
  const told: string[] = []
  const handle = store.watch(
    { from: '/', to: '0', after: await store.current() },
    {
      events: (events) => void told.push(...events.map((one) => (one.type === 'put' ? one.entry.key : '-'))),
      end: () => undefined,
    },
  )
  t.defer(() => handle.close())
  return told
}

test(
  'a member that does not answer is passed over, at the start and later, by watches too',
  async (t) => {
    const proxies = [await proxyTo(etcd?.endpoint ?? ''), await proxyTo(etcd?.endpoint ?? '')]
    for (const proxy of proxies) t.defer(() => proxy.close())
    const store = await open(t, { ...configOf(nobody, ...proxies.map(({ endpoint }) => endpoint)), prefix: '/several' })
    const told = await follow(t, store)
    await put(store, '/1')
    // Whichever is in use: of the two, one is gone now.
    await proxies[0]?.close()
    assert.is((await store.range({ from: '/', to: '0' })).count, 1)
    const next = await put(store, '/2').catch(() => put(store, '/2'))
    assert.ok(next.ok)
    while (!told.includes('/2')) await sleep(5)
    assert.equal([...new Set(told)], ['/1', '/2'])
  },
  needs,
)

test(
  'watches go along to the next member when theirs is silent, long before its connection breaks',
  async (t) => {
    const proxies = [await proxyTo(etcd?.endpoint ?? ''), await proxyTo(etcd?.endpoint ?? '')]
    for (const proxy of proxies) t.defer(() => proxy.close())
    const services = realServices()
    const config = { ...configOf(...proxies.map(({ endpoint }) => endpoint)), prefix: '/silent', timeoutSeconds: 1 }
    const store = await open(t, config, services)
    const told = await follow(t, store)
    await put(store, '/1')
    proxies[0]?.swallow()
    await assert.rejects(store.current(), { code: 'DAVIT_STORE_UNAVAILABLE' })
    while (!store.reachable) await sleep(5)
    await put(store, '/2')
    while (!told.includes('/2')) await sleep(5)
    // When it breaks at last, that concerns nobody.
    await proxies[0]?.close()
    await put(store, '/3')
    while (!told.includes('/3')) await sleep(5)
    assert.equal(told, ['/1', '/2', '/3'])
    assert.is(services.lines.filter(({ message }) => message.startsWith('etcd does not answer')).length, 1)
  },
  needs,
)

test(
  'an etcd with other data in the place of the one before is refused for good',
  async (t) => {
    const proxy = await proxyTo(etcd?.endpoint ?? '')
    t.defer(() => proxy.close())
    const store = await open(t, { ...configOf(proxy.endpoint), prefix: '/changed' })
    await put(store, '/a')
    let ended: unknown
    store.watch(
      { from: '/', to: '0', after: await store.current() },
      { events: () => undefined, end: (error) => (ended = error) },
    )
    const other = await startEtcd()
    t.defer(() => other.stop())
    proxy.target = other.endpoint
    proxy.cut()
    while (ended === undefined) await sleep(5)
    assert.is((ended as { code?: unknown }).code, 'DAVIT_STORE_FAILED')
    for (const work of [() => store.current(), () => store.get('/a'), () => put(store, '/b')]) {
      const error = await assert.rejects(work, /another cluster/)
      assert.is((error as { code?: unknown }).code, 'DAVIT_STORE_FAILED')
    }
    assert.is(store.reachable, false)
  },
  needs,
)

interface Files {
  readonly authority: string
  file(name: string): string
}
/** An authority, a certificate of etcd's and one of ours by it, as PEM files. */
async function certificates(t: TestContext): Promise<Files> {
  const directory = await t.directory()
  const file = (name: string): string => join(directory, name)
  const times = { notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 }
  const key = await createKey()
  const issuer = { commonName: 'etcd-ca', key }
  const pem = (of: KeyObject) => String(of.export({ type: 'pkcs8', format: 'pem' }))
  await writeFile(file('ca.crt'), issueCertificate({ ...times, commonName: 'etcd-ca', key, purpose: 'authority' }, issuer))
  for (const purpose of ['server', 'client'] as const) {
    const own = await createKey()
    const names = purpose === 'server' ? { names: ['127.0.0.1', 'localhost'] } : {}
    await writeFile(file(`${purpose}.key`), pem(own))
    await writeFile(
      file(`${purpose}.crt`),
      issueCertificate({ ...times, commonName: purpose, key: own, purpose, ...names }, issuer),
    )
  }
  return { authority: file('ca.crt'), file }
}

test(
  'both sides show certificates, and who has none is refused with the reason',
  async (t) => {
    const { authority, file } = await certificates(t)
    const tls = ['--client-cert-auth', '--trusted-ca-file', authority]
    const secured = await startEtcd({
      scheme: 'https',
      args: [...tls, '--cert-file', file('server.crt'), '--key-file', file('server.key')],
    })
    t.defer(() => secured.stop())
    const config = { ...configOf(secured.endpoint), timeoutSeconds: 5 }
    const store = await open(t, { ...config, caFile: authority, certFile: file('client.crt'), keyFile: file('client.key') })
    assert.ok((await put(store, '/a')).ok)
    assert.is((await store.range({ from: '/', to: '0' })).count, 1)
    const refusal = async (changes: Partial<EtcdConfig>): Promise<string> => {
      const error = await assert.rejects(openEtcdStore({ ...config, timeoutSeconds: 0.5, ...changes }, realServices()))
      assert.is((error as { code?: unknown }).code, 'DAVIT_STORE_OPEN_FAILED')
      return error.message
    }
    assert.match(await refusal({}), /certificate/)
    assert.match(await refusal({ caFile: authority }), secured.endpoint)
    assert.match(await refusal({ caFile: authority, certFile: file('client.crt') }), 'certFile and keyFile belong together')
    assert.match(await refusal({ caFile: file('none.crt') }), /ENOENT.*none\.crt/)
  },
  needs,
)
