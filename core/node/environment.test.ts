import type { ConfigMap, EnvVar, Container as PodContainer, Secret, Service } from '../kinds/contract.js'
import { assert, suite } from '../testing/contract.js'
import type { VolumeReader } from './contract.js'
import { RuntimeError } from './contract.js'
import { environmentOf } from './environment.js'
import { expand } from './expand.js'
import { fieldValue } from './field-ref.js'
import { serviceVariables } from './service-variables.js'
import { container, pod } from './testing.js'

const test = suite('environment')

const configMap: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', namespace: 'default' },
  data: { COLOR: 'red', 'with-dash': 'yes', 'bad=key': 'no' },
}
const secret: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'key', namespace: 'default' },
  data: { PASSWORD: Buffer.from('hidden').toString('base64') },
}
const read: VolumeReader = {
  configMap: async (namespace, name) => (namespace === 'default' && name === 'settings' ? configMap : undefined),
  secret: async (namespace, name) => (namespace === 'default' && name === 'key' ? secret : undefined),
  persistentVolumeClaim: async () => undefined,
  persistentVolume: async () => undefined,
}
const service = (name: string, namespace: string, more: object = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace },
  spec: { clusterIP: '10.96.0.9', ports: [{ port: 6379, protocol: 'TCP' }], ...more },
})
const resources = { limits: { cpu: '1500m', memory: '100Mi' }, requests: { cpu: '250m' } }
const of = pod({ serviceAccountName: 'robot' }, undefined, { labels: { app: 'web' }, annotations: { note: 'a "b"' } })

async function variables(spec: Partial<PodContainer>, services: readonly Service[] = []): Promise<Record<string, string>> {
  const context = {
    pod: of,
    podIps: ['10.0.0.2', 'fd00::2'],
    hostIps: ['192.0.2.7'],
    allocatable: { cpu: '4', memory: '8Gi' },
    read,
    services,
  }
  const result = await environmentOf(container('main', spec), context)
  return Object.fromEntries(result.variables)
}
const field = (fieldPath: string): EnvVar => ({ name: 'X', valueFrom: { fieldRef: { fieldPath } } })
const resource = (name: string, divisor?: string): EnvVar => ({
  name: 'X',
  valueFrom: { resourceFieldRef: { resource: name, ...(divisor ? { divisor } : {}) } },
})

const expansions: readonly [string, string][] = [
  ['plain', 'plain'],
  ['$(A)', '1'],
  ['<$(A)$(B)>', '<12>'],
  ['$(NONE)', '$(NONE)'],
  ['$$(A)', '$(A)'],
  ['$$$(A)', '$1'],
  ['$A $', '$A $'],
  ['$(A', '$(A'],
  ['', ''],
]
for (const [text, expected] of expansions) {
  test(`expands ${JSON.stringify(text)}`, () =>
    assert.is(
      expand(text, (name) => ({ A: '1', B: '2' })[name]),
      expected,
    ))
}

test('values see the variables before them, and not those after', async () => {
  const env = [{ name: 'A', value: '$(B)' }, { name: 'B', value: 'b' }, { name: 'C', value: '$(B)' }, { name: 'EMPTY' }]
  assert.equal(await variables({ env }), { A: '$(B)', B: 'b', C: 'b', EMPTY: '' })
})

test('whole sources come first, with a prefix where wanted, and names that are none are skipped', async () => {
  const envFrom = [{ configMapRef: { name: 'settings' }, prefix: 'S_' }, { secretRef: { name: 'key' } }]
  const env = [{ name: 'S_COLOR', value: 'not $(S_COLOR)' }]
  const context = { pod: of, podIps: [], hostIps: [], allocatable: {}, read, services: [] }
  const result = await environmentOf(container('main', { envFrom, env }), context)
  assert.equal(Object.fromEntries(result.variables), { S_COLOR: 'not red', 'S_with-dash': 'yes', PASSWORD: 'hidden' })
  assert.equal(result.skipped, ['S_bad=key'])
})

test('keys of ConfigMaps and Secrets', async () => {
  const env = [
    { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'COLOR' } } },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'key', key: 'PASSWORD' } } },
    { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'settings', key: 'NONE', optional: true } } },
    { name: 'NOWHERE', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'x', optional: true } } },
  ]
  assert.equal(await variables({ env }), { COLOR: 'red', PASSWORD: 'hidden' })
})

const refusals: readonly [string, Partial<PodContainer>, string][] = [
  ['a ConfigMap', { envFrom: [{ configMapRef: { name: 'nowhere' } }] }, 'configmap "nowhere" not found'],
  [
    'a Secret',
    { env: [{ name: 'X', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'x' } } }] },
    'secret "nowhere" not found',
  ],
  [
    'a key',
    { env: [{ name: 'X', valueFrom: { configMapKeyRef: { name: 'settings', key: 'NONE' } } }] },
    "couldn't find key NONE in ConfigMap default/settings",
  ],
  ['a field', { env: [field('status.phase')] }, 'unsupported fieldPath: status.phase'],
  ['a resource', { env: [resource('limits')] }, 'unsupported container resource: limits'],
]
for (const [what, spec, message] of refusals) {
  test(`${what} that is missing is a CreateContainerConfigError`, async () => {
    const error = await assert.rejects(variables(spec), message)
    assert.is((error as RuntimeError).problem, 'CreateContainerConfigError')
    assert.ok(error instanceof RuntimeError)
  })
}

const fields: readonly [string, string][] = [
  ['metadata.name', 'web'],
  ['metadata.namespace', 'default'],
  ['metadata.uid', 'u1'],
  ["metadata.labels['app']", 'web'],
  ["metadata.annotations['none']", ''],
  ['metadata.annotations', 'note="a \\"b\\""'],
  ['spec.nodeName', 'one'],
  ['spec.serviceAccountName', 'robot'],
  ['status.podIP', '10.0.0.2'],
  ['status.podIPs', '10.0.0.2,fd00::2'],
  ['status.hostIP', '192.0.2.7'],
]
for (const [path, expected] of fields) {
  test(`field ${path}`, async () => assert.is((await variables({ env: [field(path)] })).X, expected))
}
test('an unknown field has no value', () => {
  assert.is(fieldValue({ fieldPath: 'spec.x' }, { pod: of, podIps: [], hostIps: [], allocatable: {} }), undefined)
})

const amounts: readonly [string, string | undefined, string][] = [
  ['limits.cpu', undefined, '2'],
  ['limits.cpu', '1m', '1500'],
  ['requests.cpu', '1m', '250'],
  ['limits.memory', undefined, '104857600'],
  ['limits.memory', '1Mi', '100'],
  ['requests.memory', '1Mi', '100'],
  ['limits.memory', '1Gi', '1'],
]
for (const [name, divisor, expected] of amounts) {
  test(`resource ${name} in ${divisor ?? 'units'}`, async () => {
    assert.is((await variables({ resources, env: [resource(name, divisor)] })).X, expected)
  })
}
test('without a limit it is what the node has', async () => {
  assert.is((await variables({ env: [resource('limits.cpu')] })).X, '4')
  assert.is((await variables({ env: [resource('limits.memory', '1Gi')] })).X, '8')
})

test('a service gives its address, its ports and the older names', () => {
  const found = serviceVariables(
    [service('redis-primary', 'default', { ports: [{ name: 'db-port', port: 6379 }] })],
    'default',
    true,
  )
  assert.equal(Object.fromEntries(found), {
    REDIS_PRIMARY_SERVICE_HOST: '10.96.0.9',
    REDIS_PRIMARY_SERVICE_PORT: '6379',
    REDIS_PRIMARY_PORT: 'tcp://10.96.0.9:6379',
    REDIS_PRIMARY_SERVICE_PORT_DB_PORT: '6379',
    REDIS_PRIMARY_PORT_6379_TCP: 'tcp://10.96.0.9:6379',
    REDIS_PRIMARY_PORT_6379_TCP_PROTO: 'tcp',
    REDIS_PRIMARY_PORT_6379_TCP_PORT: '6379',
    REDIS_PRIMARY_PORT_6379_TCP_ADDR: '10.96.0.9',
  })
})

test('services of elsewhere, headless ones and those without ports give nothing; the API always does', () => {
  const services = [
    service('other', 'elsewhere'),
    service('headless', 'default', { clusterIP: 'None' }),
    service('bare', 'default', { ports: [] }),
    service('mine', 'default'),
    service('kubernetes', 'default'),
  ]
  const hosts = (links: boolean, namespace: string): string[] =>
    [...serviceVariables(services, namespace, links).keys()].filter((name) => name.endsWith('_SERVICE_HOST'))
  assert.equal(hosts(true, 'default'), ['MINE_SERVICE_HOST', 'KUBERNETES_SERVICE_HOST'])
  assert.equal(hosts(false, 'default'), ['KUBERNETES_SERVICE_HOST'])
  assert.equal(hosts(true, 'elsewhere'), ['OTHER_SERVICE_HOST', 'KUBERNETES_SERVICE_HOST'])
})

test('own variables beat those of services, and may be made of them', async () => {
  const env = [
    { name: 'MINE_SERVICE_PORT', value: 'mine' },
    { name: 'URL', value: 'http://$(MINE_SERVICE_HOST)' },
  ]
  const found = await variables({ env }, [service('mine', 'default')])
  assert.equal([found.MINE_SERVICE_PORT, found.URL], ['mine', 'http://10.96.0.9'])
})
