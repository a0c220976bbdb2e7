/** Two whole control planes over one etcd, as two API servers are. One etcd and two planes for all cases. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, configMaps, services } from '@davit/core/client'
import type { ConfigMap, KubeObject, Service } from '@davit/core/kinds'
import { startEtcd } from '@davit/core/store/testkit'
import { assert, type Booted, boot, missing, type TestOptions, test } from '@davit/core/testing'
import plugin from './index.js'

const etcd = (await missing('etcd')) === undefined ? await startEtcd() : undefined
const needs: TestOptions = { requires: ['etcd'], timeoutMs: 20_000 }
const planes: Booted<Booted['clock']>[] = []

test.before(async () => {
  const config = { endpoints: [etcd?.endpoint], timeoutSeconds: 1 }
  for (const seed of ['a', 'b']) planes.push((await boot({ clock: 'real', seed, store: { plugin, config } })) as never)
})
test.after(async () => {
  for (const plane of planes) await plane.stop()
  await etcd?.stop()
})

const clientOf = (index: number): Client => (planes[index] as Booted).client
const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})
const service = (name: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { type: 'NodePort', ports: [{ port: 80 }] },
})
const codeOf = (error: unknown): unknown => (error as { status?: { code?: number } } | undefined)?.status?.code
const refusal = async (work: Promise<unknown>): Promise<unknown> => codeOf(await assert.rejects(work))

interface Heard {
  readonly lines: string[]
  readonly ends: (Error | undefined)[]
  count(wanted: number): Promise<void>
  close(): void
}
function listen(client: Client, resourceVersion: string): Heard {
  const lines: string[] = []
  const ends: (Error | undefined)[] = []
  const handle = client.watch(
    configMaps,
    { namespace: 'default', resourceVersion },
    {
      event: (type, { metadata }: KubeObject) => void lines.push(`${type} ${metadata.name} ${metadata.resourceVersion}`),
      end: (error) => void ends.push(error),
    },
  )
  return {
    lines,
    ends,
    close: () => handle.close(),
    async count(wanted) {
      while (lines.length < wanted) await sleep(5)
    },
  }
}

test(
  'what one server wrote the other reads at once, and its watches tell it in the same order',
  async (t) => {
    const [a, b] = [clientOf(0), clientOf(1)]
    const { resourceVersion } = await b.list(configMaps, { namespace: 'default' })
    const heard = [listen(a, resourceVersion), listen(b, resourceVersion)]
    t.defer(() => heard.forEach((one) => void one.close()))
    for (let round = 0; round < 10; round++) {
      const [writer, reader] = round % 2 === 0 ? [a, b] : [b, a]
      const made = await writer.create(configMaps, configMap(`map-${round}`))
      const read = await reader.get(configMaps, 'default', `map-${round}`)
      assert.equal(read, made)
      const { items } = await reader.list(configMaps, { namespace: 'default' })
      assert.is(items.filter(({ metadata }) => metadata.name.startsWith('map-')).length, round + 1)
    }
    await a.delete(configMaps, 'default', 'map-0')
    assert.is(await refusal(b.get(configMaps, 'default', 'map-0')), 404)
    await Promise.all(heard.map((one) => one.count(11)))
    assert.equal(heard[0]?.lines, heard[1]?.lines)
    assert.match(heard[0]?.lines[10] ?? '', 'DELETED map-0')
  },
  needs,
)

test(
  'of two servers that update the same version one succeeds, and both have the outcome',
  async () => {
    const [a, b] = [clientOf(0), clientOf(1)]
    const made = await a.create(configMaps, configMap('race'))
    const outcomes = await Promise.allSettled(
      [a, b].map((client, index) => client.update(configMaps, { ...made, data: { by: `${index}` } })),
    )
    const won = outcomes.findIndex(({ status }) => status === 'fulfilled')
    const lost = outcomes[1 - won]
    assert.is(lost?.status === 'rejected' && codeOf(lost.reason), 409)
    for (const client of [a, b]) assert.equal((await client.get(configMaps, 'default', 'race')).data, { by: `${won}` })
    const names = await Promise.allSettled([a, b].map((client) => client.create(configMaps, configMap('once'))))
    assert.equal(names.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    // Many steps of both on one object, none of them lost.
    const raise = async (client: Client): Promise<void> => {
      for (let done = 0; done < 10; ) {
        const present = await client.get(configMaps, 'default', 'race')
        const count = Number(present.data?.count ?? 0) + 1
        const step = client.update(configMaps, { ...present, data: { count: `${count}` } })
        done += await step.then(
          () => 1,
          () => 0,
        )
      }
    }
    await Promise.all([raise(a), raise(b)])
    assert.equal((await a.get(configMaps, 'default', 'race')).data, { count: '20' })
  },
  needs,
)

test(
  'cluster IPs and node ports are given out once, whichever server gives them',
  async () => {
    const made = await Promise.all(
      Array.from({ length: 30 }, (_, index) => clientOf(index % 2).create(services, service(`service-${index}`))),
    )
    assert.is(new Set(made.map(({ spec }) => spec?.clusterIP)).size, 30)
    assert.is(new Set(made.map(({ spec }) => spec?.ports?.[0]?.nodePort)).size, 30)
    const address = made[0]?.spec?.clusterIP ?? ''
    const wanted = (name: string): Service => ({ ...service(name), spec: { ...service(name).spec, clusterIP: address } })
    assert.is(await refusal(clientOf(1).create(services, wanted('taken'))), 422)
    await clientOf(0).delete(services, 'default', 'service-0')
    // The other server hears of it a moment later.
    const take = (): Promise<Service> =>
      clientOf(1)
        .create(services, wanted('free-again'))
        .catch(() => sleep(5).then(take))
    assert.is((await take()).spec?.clusterIP, address)
  },
  needs,
)

test(
  'a list begun at one server goes on at the other, in the same state',
  async () => {
    const [a, b] = [clientOf(0), clientOf(1)]
    for (let index = 0; index < 6; index++) await a.create(configMaps, configMap(`page-${index}`))
    const options = { namespace: 'default', limit: 4 }
    const first = await a.list(configMaps, options)
    await b.delete(configMaps, 'default', 'page-5')
    await b.create(configMaps, configMap('page-9'))
    const names = first.items.map(({ metadata }) => metadata.name)
    for (let token = first.continue; token !== undefined; ) {
      const page = await b.list(configMaps, { ...options, continue: token })
      assert.is(page.resourceVersion, first.resourceVersion)
      names.push(...page.items.map(({ metadata }) => metadata.name))
      token = page.continue
    }
    assert.equal(
      names.filter((name) => name.startsWith('page-')),
      ['page-0', 'page-1', 'page-2', 'page-3', 'page-4', 'page-5'],
    )
  },
  needs,
)

test(
  'an etcd that stands still is 503 for reads and 504 for a write in doubt; then all goes on, watches too',
  async (t) => {
    const [a, b] = [clientOf(0), clientOf(1)]
    const kept = await a.create(configMaps, configMap('kept'))
    const heard = listen(b, kept.metadata.resourceVersion ?? '')
    t.defer(() => heard.close())
    await a.create(configMaps, configMap('heard'))
    await heard.count(1)
    etcd?.pause()
    t.defer(() => etcd?.resume())
    const doubt = await Promise.allSettled([
      a.create(configMaps, configMap('doubt')),
      a.get(configMaps, 'default', 'kept'),
      b.list(configMaps, { namespace: 'default' }),
    ])
    assert.equal(
      doubt.map((one) => one.status === 'rejected' && codeOf(one.reason)),
      [504, 503, 503],
    )
    assert.is(await refusal(a.create(configMaps, configMap('refused'))), 503)
    etcd?.resume()
    const back = async (client: Client): Promise<unknown> => {
      for (;;) {
        const found = await client.get(configMaps, 'default', 'kept').catch(() => sleep(20))
        if (found) return found
      }
    }
    assert.equal(await Promise.all([a, b].map(back)), [kept, kept])
    const after = await a.create(configMaps, configMap('after'))
    while (!heard.lines.includes(`ADDED after ${after.metadata.resourceVersion}`)) await sleep(5)
    assert.equal(heard.ends, [])
    const names = (await b.list(configMaps, { namespace: 'default' })).items.map(({ metadata }) => metadata.name)
    assert.is(names.includes('refused'), false)
    assert.is(
      names.includes('doubt'),
      heard.lines.some((line) => line.startsWith('ADDED doubt ')),
    )
  },
  needs,
)
