import { createSeededRandom } from '../kernel/host.js'
import type { IPAddress, KubeObject, Service, ServiceCIDR } from '../kinds/contract.js'
import { prefixEnd, StoreToken } from '../store/contract.js'
import { assert, boot, test } from '../testing/contract.js'
import { parseRange } from './address-range.js'
import { allocationPrefix, createPool } from './allocators.js'
import { apiPipeline } from './host.js'
import { Api, startApi } from './testing.js'

const service = (name: string, spec: object = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})

/** What the store says is taken, without the kubernetes service's own. */
async function taken(api: Api): Promise<string[]> {
  const store = api.plane.kernel.get(StoreToken)
  const { entries } = await store.range({ from: allocationPrefix, to: prefixEnd(allocationPrefix), keysOnly: true })
  return entries.map(({ key }) => key.slice(allocationPrefix.length)).filter((name) => name !== 'clusterip/10.96.0.1')
}
const portsOf = ({ spec }: Service): (number | undefined)[] => (spec?.ports ?? []).map(({ nodePort }) => nodePort)

test('default/kubernetes has port https 443 at the first address', async (t) => {
  const api = await startApi(t)
  const { spec } = await api.get<Service>('services', 'kubernetes')
  assert.is(spec?.clusterIP, '10.96.0.1')
  assert.equal([spec?.ports?.[0]?.name, spec?.ports?.[0]?.port], ['https', 443])
})

test('a cluster IP of the range is given, with its family and policy', async (t) => {
  const api = await startApi(t)
  const { spec } = await api.create<Service>('services', service('a'))
  assert.match(spec?.clusterIP ?? '', /^10\.96\./)
  assert.equal(spec?.clusterIPs, [spec?.clusterIP])
  assert.equal([spec?.ipFamilies, spec?.ipFamilyPolicy], [['IPv4'], 'SingleStack'])
  assert.equal(await taken(api), [`clusterip/${spec?.clusterIP}`])
})

const addresses = async (api: Api): Promise<string[]> => {
  const { items } = await api.list('networking.k8s.io/v1/ipaddresses', {}, { namespace: '' })
  return items.map(({ object }) => {
    const { parentRef } = (object as IPAddress).spec ?? {}
    return `${object.metadata.name} ${parentRef?.resource} ${parentRef?.namespace}/${parentRef?.name}`
  })
}

test('an IPAddress shows each address as long as its service has it, and a ServiceCIDR the range', async (t) => {
  const api = await startApi(t)
  const own = '10.96.0.1 services default/kubernetes'
  await api.create('services', service('a', { clusterIP: '10.96.5.5' }))
  await api.create('services', service('b', { clusterIP: 'None' }))
  assert.equal(await addresses(api), [own, '10.96.5.5 services default/a'])
  await api.create('services', service('c', { clusterIP: '10.96.5.6' }), { query: { dryRun: 'All' } })
  await api.refused('create', 'services', { body: service('a', { clusterIP: '10.96.5.7' }) })
  assert.equal(await addresses(api), [own, '10.96.5.5 services default/a'])
  await api.merge('services', 'a', { spec: { type: 'ExternalName', externalName: 'example.com' } })
  assert.equal(await addresses(api), [own])
  const back = await api.merge<Service>('services', 'a', { spec: { type: 'ClusterIP' } })
  assert.equal(await addresses(api), [own, `${back.spec?.clusterIP} services default/a`])
  // Who removes the object does not free the address.
  const name = back.spec?.clusterIP ?? ''
  await api.handle('delete', 'networking.k8s.io/v1/ipaddresses', { name, namespace: '' })
  assert.match(
    (await api.refused('create', 'services', { body: service('d', { clusterIP: name }) })).message,
    'already allocated',
  )
  await api.handle('delete', 'services', { name: 'a' })
  assert.equal(await addresses(api), [own])
  const range = await api.get<ServiceCIDR>('networking.k8s.io/v1/servicecidrs', 'kubernetes', { namespace: '' })
  assert.equal([range.spec?.cidrs, range.status?.conditions?.[0]?.status], [['10.96.0.0/16'], 'True'])
})

test('headless and ExternalName services take none', async (t) => {
  const api = await startApi(t)
  const headless = await api.create<Service>('services', service('a', { clusterIP: 'None' }))
  assert.equal(headless.spec?.clusterIPs, ['None'])
  const named = await api.create<Service>('services', service('b', { type: 'ExternalName', externalName: 'example.com' }))
  assert.is(named.spec?.clusterIP, undefined)
  assert.equal(await taken(api), [])
})

const familyCases: [spec: object, families: string[] | string][] = [
  [{ ipFamilyPolicy: 'PreferDualStack' }, ['IPv4']],
  [{ clusterIPs: ['10.96.7.7'] }, ['IPv4']],
  [
    { ipFamilyPolicy: 'RequireDualStack' },
    'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
  ],
  [{ ipFamilies: ['IPv6'] }, 'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster'],
  [
    { ipFamilies: ['IPv4', 'IPv6'] },
    'spec.ipFamilyPolicy: Invalid value: "SingleStack": must be RequireDualStack or PreferDualStack when multiple \'ipFamilies\' are specified',
  ],
  [
    { ipFamilyPolicy: 'PreferDualStack', clusterIPs: ['10.96.7.7', 'fd00::1'] },
    'spec.clusterIPs[1]: Invalid value: ["10.96.7.7","fd00::1"]: IPv6 is not configured on this cluster',
  ],
  [{ clusterIP: 'fd00::1' }, 'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster'],
  // Who writes the endpoints of these knows.
  [{ clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack' }, ['IPv4', 'IPv6']],
  [{ clusterIP: 'None', ipFamilies: ['IPv6'] }, ['IPv6']],
  [{ clusterIP: 'None', ipFamilies: ['IPv6'], ipFamilyPolicy: 'PreferDualStack' }, ['IPv6', 'IPv4']],
  [
    { clusterIP: 'None', ipFamilies: ['IPv6'], selector: { a: 'b' } },
    'spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster',
  ],
]
test('families that the cluster does not have are refused', async (t) => {
  const api = await startApi(t)
  for (const [spec, wanted] of familyCases) {
    const body = service('a', spec)
    const query = { dryRun: 'All' }
    if (typeof wanted === 'string') {
      const status = await api.refused('create', 'services', { body, query })
      assert.equal([status.code, status.message], [422, `Service "a" is invalid: ${wanted}`])
    } else {
      const made = await api.create<Service>('services', body, { query })
      assert.equal(made.spec?.ipFamilies, wanted)
    }
  }
  await api.create('services', service('a'))
  const status = await api.refused('patch', 'services', {
    name: 'a',
    patchType: 'merge',
    body: { spec: { ipFamilyPolicy: 'RequireDualStack' } },
  })
  assert.match(status.message, 'this cluster is not configured for dual-stack services')
})

test('a dry run of an update shows what it would be given, and takes nothing', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Service>('services', service('a'))
  const shown = await api.merge<Service>('services', 'a', { spec: { type: 'NodePort' } }, { query: { dryRun: 'All' } })
  assert.ok((portsOf(shown)[0] ?? 0) >= 30_000, `${portsOf(shown)}`)
  assert.equal(await taken(api), [`clusterip/${made.spec?.clusterIP}`])
  const port = { type: 'NodePort', ports: [{ port: 80, nodePort: portsOf(shown)[0] }] }
  assert.equal(portsOf(await api.create<Service>('services', service('b', port))), portsOf(shown))
})

test('explicit values are honoured; taken, or outside the range, is 422', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Service>('services', service('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }))
  assert.equal(portsOf(made), [30080])
  const refused = async (spec: object): Promise<string> => {
    const status = await api.refused('create', 'services', { body: service('b', spec) })
    assert.is(status.code, 422)
    return status.message
  }
  const port = (nodePort: number): object => ({ type: 'NodePort', ports: [{ port: 80, nodePort }] })
  assert.match(await refused(port(30080)), 'spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated')
  assert.match(await refused(port(80)), 'provided port is not in the valid range. The range of valid ports is 30000-32767')
  assert.match(await refused({ clusterIP: '10.96.0.1' }), 'provided IP is already allocated')
  assert.match(await refused({ clusterIP: '192.168.0.1' }), 'is not in the valid range')
  assert.equal((await taken(api)).sort(), [`clusterip/${made.spec?.clusterIP}`, 'nodeport/30080'])
})

test('a refused service leaves nothing taken', async (t) => {
  const api = await startApi(t)
  const free = { clusterIP: '10.96.5.5', type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }
  assert.is((await api.refused('create', 'services', { body: service('a', free) })).code, 422)
  await api.create('services', service('b', { clusterIP: '10.96.5.5' }))
  assert.is((await api.refused('create', 'services', { body: service('b') })).code, 409)
  assert.equal(await taken(api), ['clusterip/10.96.5.5'])
})

test('node ports are given and given back with the type; the cluster IP stays', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Service>('services', service('a'))
  const open = await api.merge<Service>('services', 'a', { spec: { type: 'NodePort' } })
  const [port] = portsOf(open)
  assert.ok(port !== undefined && port >= 30000 && port <= 32767)
  assert.is(open.spec?.clusterIP, made.spec?.clusterIP)
  assert.equal((await taken(api)).sort(), [`clusterip/${made.spec?.clusterIP}`, `nodeport/${port}`])
  const closed = await api.merge<Service>('services', 'a', { spec: { type: 'ClusterIP' } })
  assert.equal(portsOf(closed), [undefined])
  assert.equal(await taken(api), [`clusterip/${made.spec?.clusterIP}`])
  const named = await api.merge<Service>('services', 'a', { spec: { type: 'ExternalName', externalName: 'example.com' } })
  assert.is(named.spec?.clusterIP, undefined)
  assert.equal(await taken(api), [])
  const back = await api.merge<Service>('services', 'a', { spec: { type: 'ClusterIP', externalName: null } })
  assert.equal(await taken(api), [`clusterip/${back.spec?.clusterIP}`])
})

test('an update that does not name the address keeps it', async (t) => {
  const api = await startApi(t)
  const made = await api.create<Service>('services', service('a', { type: 'NodePort' }))
  const put = await api.update<Service>('services', service('a', { type: 'NodePort', selector: { app: 'a' } }))
  assert.is(put.spec?.clusterIP, made.spec?.clusterIP)
  assert.equal(portsOf(put), portsOf(made))
  assert.is((await taken(api)).length, 2)
})

test('a deleted service gives everything back', async (t) => {
  const api = await startApi(t)
  await api.create(
    'services',
    service('a', { type: 'NodePort', ports: [{ port: 80 }, { name: 'b', port: 81 }].map((p, i) => ({ name: `p${i}`, ...p })) }),
  )
  assert.is((await taken(api)).length, 3)
  await api.object('delete', 'services', { name: 'a' })
  assert.equal(await taken(api), [])
})

test('TCP and UDP on one port share the node port; health checks of Local services get their own', async (t) => {
  const api = await startApi(t)
  const ports = [
    { name: 'tcp', port: 53, protocol: 'TCP' },
    { name: 'udp', port: 53, protocol: 'UDP' },
  ]
  const dns = await api.create<Service>('services', service('dns', { type: 'NodePort', ports }))
  assert.is(portsOf(dns)[0], portsOf(dns)[1])
  const local = await api.create<Service>('services', service('lb', { type: 'LoadBalancer', externalTrafficPolicy: 'Local' }))
  assert.ok((local.spec?.healthCheckNodePort ?? 0) >= 30000)
  await api.object('delete', 'services', { name: 'lb' })
  await api.object('delete', 'services', { name: 'dns' })
  assert.equal(await taken(api), [])
})

test('a range that is used up is an error, and no two services share an address', async (t) => {
  const config = { serviceCidr: '10.9.0.0/29' }
  const plane = await boot({ plugins: [{ plugin: apiPipeline, config }] })
  t.defer(() => plane.stop())
  const api = new Api(plane)
  const made = await Promise.all([1, 2, 3, 4, 5].map((n) => api.create<Service>('services', service(`s${n}`))))
  const addresses = new Set(made.map(({ spec }) => spec?.clusterIP))
  assert.is(addresses.size, 5)
  assert.not(addresses.has('10.9.0.1'))
  assert.is((await api.refused('create', 'services', { body: service('more') })).code, 500)
})

test('what is taken is known again after a restart', async (t) => {
  const store = { level: await t.directory() }
  const first = await boot({ store, clock: 'real' })
  await new Api(first as never).create('services', service('a', { clusterIP: '10.96.3.3' }))
  await first.stop()
  const second = await boot({ store, clock: 'real' })
  t.defer(() => second.stop())
  const status = await new Api(second as never).refused('create', 'services', { body: service('b', { clusterIP: '10.96.3.3' }) })
  assert.match(status.message, 'provided IP is already allocated')
})

test('another server’s allocations are heard of through the store', async (t) => {
  const api = await startApi(t)
  const store = api.plane.kernel.get(StoreToken)
  const key = `${allocationPrefix}clusterip/10.96.9.9`
  await store.transact({ compare: [], operations: [{ type: 'put', key, value: Buffer.from('{}') }] })
  await api.plane.clock.settle()
  assert.is((await api.refused('create', 'services', { body: service('a', { clusterIP: '10.96.9.9' }) })).code, 422)
  await store.transact({ compare: [], operations: [{ type: 'delete', key }] })
  await api.plane.clock.settle()
  await api.create('services', service('a', { clusterIP: '10.96.9.9' }))
})

test('a range leaves out its first and last address', () => {
  const range = parseRange('10.96.0.0/16')
  assert.is(range.size, 65534)
  assert.is(range.address(0), '10.96.0.1')
  assert.is(range.address(range.size - 1), '10.96.255.254')
  assert.is(range.index('10.96.1.0'), 255)
  for (const outside of ['10.96.0.0', '10.96.255.255', '10.97.0.1', 'x', '10.96.0.1.1', '::1'])
    assert.is(range.index(outside), undefined)
  for (const broken of ['10.96.0.0', '10.96.0.0/31', '10.96.0/16', 'a/16', '10.0.0.0/x'])
    assert.throws(() => parseRange(broken), 'no IPv4 range')
})

test('a pool gives the low part last, and each number once', () => {
  const pool = createPool({ prefix: '/p/', size: 20, low: 5, name: String, index: Number })
  const random = createSeededRandom(1)
  const given: number[] = []
  for (let next = pool.pick(random); next !== undefined; next = pool.pick(random)) {
    pool.mark(next, true)
    given.push(next)
  }
  assert.is(new Set(given).size, 20)
  assert.ok(given.slice(0, 15).every((index) => index >= 5))
  pool.mark(7, false)
  pool.reserve(7)
  assert.is(pool.pick(random), undefined)
  pool.release(7)
  assert.is(pool.pick(random), 7)
})
