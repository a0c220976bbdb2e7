import { assert, test } from '@davit/core/testing'
import fc from 'fast-check'
import { arbitraryObject } from './arbitrary.js'
import type { Pod, ResourceKind } from './contract.js'
import { decode } from './decode.js'
import { createRegistry } from './registry.js'

const registry = createRegistry()
const kindOf = (name: string): ResourceKind => {
  const kind = registry.find(name) ?? registry.kind('v1', name)
  assert.ok(kind, name)
  return kind
}
const read = (name: string, input: unknown) => decode(kindOf(name), input, { unknownFields: 'report' })
const pod = (spec: unknown, metadata: unknown = { name: 'a' }) => ({ apiVersion: 'v1', kind: 'Pod', metadata, spec })

test('takes a Pod over as it is', () => {
  const input = pod({ containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80 }] }], nodeSelector: { a: 'b' } })
  const { object, errors, strict } = read('pods', input)
  assert.equal(object, input)
  assert.equal(errors, [])
  assert.equal(strict, [])
  assert.is.not(object.metadata, input.metadata, 'a fresh tree')
})

test('prunes unknown fields, and reports their paths', () => {
  const input = pod(
    { containers: [{ name: 'a' }, { name: 'b', imagge: 'x', env: [{ nome: 'y' }] }], replicas: 2 },
    { name: 'a', labelz: {} },
  )
  const { object, strict } = read('pods', { ...input, extra: 1 })
  assert.equal(object, pod({ containers: [{ name: 'a' }, { name: 'b', env: [{}] }] }))
  assert.equal(strict, [
    'unknown field "metadata.labelz"',
    'unknown field "spec.containers[1].imagge"',
    'unknown field "spec.containers[1].env[0].nome"',
    'unknown field "spec.replicas"',
    'unknown field "extra"',
  ])
  assert.equal(decode(kindOf('pods'), input, { unknownFields: 'drop' }).strict, [])
})

test('paths go through templates', () => {
  const { strict } = read('deploy', { spec: { template: { spec: { containers: [{ imagge: 'x' }] } } } })
  assert.equal(strict, ['unknown field "spec.template.spec.containers[0].imagge"'])
})

test('what a Go client writes for "absent" is harmless', () => {
  const { object, errors, strict } = read('deploy', {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a', creationTimestamp: null },
    spec: {
      replicas: null,
      strategy: {},
      template: { metadata: { creationTimestamp: null }, spec: { containers: [{ name: 'a', resources: {} }], volumes: null } },
    },
    status: {},
  })
  assert.equal(errors, [])
  assert.equal(strict, [])
  assert.equal(object, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { strategy: {}, template: { metadata: {}, spec: { containers: [{ name: 'a', resources: {} }] } } },
    status: {},
  })
})

test('an optional list or map that is empty is absent; a required one and an object stay', () => {
  const container = { name: 'a', ports: [], env: [], resources: { limits: {} }, securityContext: {} }
  const { object } = read('pods', pod({ containers: [container], nodeSelector: {}, volumes: [{ emptyDir: {} }] }, { labels: {} }))
  assert.equal(object.metadata, {})
  const left = { name: 'a', resources: {}, securityContext: {} }
  assert.equal(object.spec, { containers: [left], volumes: [{ emptyDir: {} }] })
  assert.equal(read('pods', pod({ containers: [] })).object.spec, { containers: [] })
})

test('null is an empty list where a list is required, and a zero value inside lists and maps', () => {
  assert.equal(read('endpointslices', { endpoints: null }).object.endpoints, [])
  assert.equal(read('pods', pod({ containers: [null] })).object.spec, { containers: [{}] })
  assert.equal(read('pods', pod({}, { name: 'a', labels: { a: null } })).object.metadata.labels, { a: '' })
})

test('fills in what every stored object has', () => {
  assert.equal(read('pods', {}).object, { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: {} } as never)
  assert.equal(read('cm', {}).object, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} } as never)
})

const canonical: [path: string, given: unknown, want: unknown][] = [
  ['cpu', '1000m', '1'],
  ['cpu', '0.5', '500m'],
  ['cpu', 2, '2'],
  ['cpu', 0.1, '100m'],
  ['memory', '1024Mi', '1Gi'],
]
for (const [name, given, want] of canonical) {
  test(`quantity ${JSON.stringify(given)} becomes ${want}`, () => {
    const { object, errors } = read('pods', pod({ containers: [{ resources: { limits: { [name]: given } } }] }))
    assert.equal(errors, [])
    assert.is((object as Pod).spec.containers[0]?.resources?.limits?.[name], want as string)
  })
}

const times: [given: string, seconds: string | undefined, micro: string | undefined][] = [
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000Z'],
  ['2026-01-02T03:04:05.6789Z', '2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678900Z'],
  ['2026-01-02T03:04:05.123456789+01:30', '2026-01-02T01:34:05Z', '2026-01-02T01:34:05.123456Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000Z'],
  ['2026-02-29T00:00:00Z', undefined, undefined],
  ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000000Z'],
  ['2026-13-01T00:00:00Z', undefined, undefined],
  ['2026-01-01', undefined, undefined],
  ['', undefined, undefined],
]
for (const [given, seconds, micro] of times) {
  test(`time ${JSON.stringify(given)}`, () => {
    const whole = read('pods', pod({}, { name: 'a', deletionTimestamp: given }))
    assert.is(whole.object.metadata.deletionTimestamp, seconds)
    assert.is(whole.errors.length, seconds === undefined ? 1 : 0)
    const lease = read('leases', { spec: { renewTime: given } })
    assert.is((lease.object.spec as { renewTime?: string }).renewTime, micro)
  })
}

const wrong: [name: string, input: unknown, field: string, message: string][] = [
  [
    'deploy',
    { spec: { replicas: '3' } },
    'spec.replicas',
    'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'pods',
    pod({ containers: [{ name: 'a' }, { image: 7 }] }),
    'spec.containers[1].image',
    'json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string',
  ],
  [
    'pods',
    pod({ containers: {} }),
    'spec.containers',
    'json: cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container',
  ],
  ['pods', pod([]), 'spec', 'json: cannot unmarshal array into Go struct field Pod.spec of type PodSpec'],
  [
    'pods',
    pod({ hostNetwork: 'yes' }),
    'spec.hostNetwork',
    'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
  ],
  [
    'deploy',
    { spec: { replicas: 1.5 } },
    'spec.replicas',
    'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'deploy',
    { spec: { replicas: 2 ** 31 } },
    'spec.replicas',
    'json: cannot unmarshal number 2147483648 into Go struct field DeploymentSpec.spec.replicas of type int32',
  ],
  [
    'pods',
    pod({}, { name: 'a', labels: { a: true } }),
    'metadata.labels.a',
    'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels.a of type string',
  ],
  ['cm', { data: ['a'] }, 'data', 'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string'],
  ['secrets', { data: { a: '!' } }, 'data.a', 'illegal base64 data'],
  [
    'pods',
    pod({ containers: [{ resources: { limits: { cpu: '1x' } } }] }),
    'spec.containers[0].resources.limits.cpu',
    "unable to parse quantity's suffix",
  ],
  [
    'pods',
    pod({}, { name: 'a', deletionTimestamp: 'soon' }),
    'metadata.deletionTimestamp',
    'parsing time "soon" as "2006-01-02T15:04:05Z07:00"',
  ],
  ['pods', 'a pod', '', 'json: cannot unmarshal string into value of type Pod'],
]
for (const [name, input, field, message] of wrong) {
  test(`a wrong type: ${message}`, () => {
    const { errors } = read(name, input)
    assert.equal(errors, [{ reason: 'FieldValueTypeInvalid', field, message }])
  })
}

test('all wrong types are told at once', () => {
  const { errors } = read('pods', pod({ containers: [{ name: 1, image: 2 }], hostPID: 3 }))
  assert.equal(
    errors.map((error) => error.field),
    ['spec.containers[0].name', 'spec.containers[0].image', 'spec.hostPID'],
  )
})

test('null and nothing are no object', () => {
  assert.is(read('pods', null).errors.length, 1)
  assert.is(read('pods', undefined).errors.length, 1)
})

test('an IntOrString keeps its type', () => {
  for (const port of [80, '80', 'http']) {
    const { object } = read('svc', { spec: { ports: [{ port: 80, targetPort: port }] } })
    assert.equal((object.spec as { ports: unknown[] }).ports, [{ port: 80, targetPort: port }])
  }
})

test('base64 may be wrapped in lines', () => {
  assert.equal(read('secrets', { data: { a: 'aGVs\nbG8=' } }).object.data, { a: 'aGVsbG8=' })
})

test('keys named __proto__ are data, and change no prototype', () => {
  const input = JSON.parse('{"metadata":{"name":"a","labels":{"__proto__":"x"}},"__proto__":{"polluted":"yes"}}')
  const { object, strict } = read('cm', input)
  assert.equal(Object.keys(object.metadata.labels ?? {}), ['__proto__'])
  assert.is(object.polluted, undefined)
  assert.equal(strict, ['unknown field "__proto__"'])
})

test("a CRD's schema: a schema or a boolean, recursive, with free values inside", () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'object', additionalProperties: { type: 'string', typo: 1 } }, b: { additionalProperties: true } },
    default: { any: [1, null, { x: 'y' }] },
    items: { type: 'string' },
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const crd = { spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema: schema } }] } }
  const { strict, errors, object } = read('crd', crd)
  assert.equal(errors, [])
  assert.equal(strict, ['unknown field "spec.versions[0].schema.openAPIV3Schema.properties.a.additionalProperties.typo"'])
  const spec = object.spec as typeof crd.spec
  assert.equal(spec.versions[0]?.schema.openAPIV3Schema.default, schema.default)
  assert.is.not(spec.versions[0]?.schema.openAPIV3Schema.default, schema.default, 'even free values are fresh')
})

test('metadata.managedFields keep their field sets', () => {
  const entry = { manager: 'a', operation: 'Update', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { '.': {}, 'f:a': {} } } }
  assert.equal(read('cm', { metadata: { name: 'a', managedFields: [entry] } }).object.metadata.managedFields, [entry])
})

const frozen = (value: unknown): unknown => {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).map(frozen)
  return value
}
const hasFrozen = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && (Object.isFrozen(value) || Object.values(value).some(hasFrozen))

for (const kind of registry.all()) {
  test(`${kind.apiVersion} ${kind.kind}: decoding what was decoded changes nothing, and never the input`, () => {
    fc.assert(
      fc.property(arbitraryObject(kind), (input) => {
        const first = decode(kind, frozen(input), { unknownFields: 'report' })
        assert.equal(first.errors, [])
        assert.equal(first.strict, [])
        assert.not.ok(hasFrozen(first.object), 'fresh')
        const again = decode(kind, JSON.parse(JSON.stringify(first.object)), { unknownFields: 'report' })
        assert.equal(again.object, first.object)
      }),
      { numRuns: 12, seed: 7 },
    )
  })
}

test('never throws, whatever comes', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('pods', 'deploy', 'crd', 'cm'), (input, name) => {
      assert.ok(read(name, input).object.metadata)
      assert.ok(read(name, { metadata: input, spec: input, data: input, status: input }).object)
    }),
    { numRuns: 200, seed: 7 },
  )
})
