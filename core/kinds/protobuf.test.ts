import { assert, test } from '@davit/core/testing'
import fc from 'fast-check'
import { arbitraryObject } from './arbitrary.js'
import type { KubeObject, ObjectSchema, ResourceKind, TypeSchema } from './contract.js'
import { decode } from './decode.js'
import { decodeProtobuf, isProtobuf } from './protobuf.js'
import { createRegistry } from './registry.js'

const registry = createRegistry()

// ------------------------------------------------------------------------------------------- an encoder, as Go's is

function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value))
  const bytes: number[] = []
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}
const utf8 = (text: string): number[] => [...Buffer.from(text, 'utf8')]
const tagged = (number: number, wire: number, body: readonly number[]): number[] => [...varint(number * 8 + wire), ...body]
const message = (number: number, body: readonly number[]): number[] => tagged(number, 2, [...varint(body.length), ...body])

function time(text: string): number[] {
  const at = Date.parse(text)
  const nanos = Number((/\.(\d+)Z/.exec(text)?.[1] ?? '').padEnd(9, '0'))
  return [...tagged(1, 0, varint(Math.floor(at / 1000))), ...tagged(2, 0, varint(nanos))]
}
function intOrString(value: unknown): number[] {
  const isText = typeof value === 'string'
  return [
    ...tagged(1, 0, [isText ? 1 : 0]),
    ...tagged(2, 0, varint(isText ? 0 : Number(value))),
    ...message(3, utf8(isText ? value : '')),
  ]
}
function either(schema: TypeSchema & { type: 'either' }, value: unknown): number[] {
  const boolean = schema.other.type === 'boolean'
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return message(boolean ? 2 : 1, encodeObject(schema.object, value as Record<string, unknown>))
  }
  return boolean ? tagged(1, 0, [value ? 1 : 0]) : encodeField(2, schema.other, value)
}
/** The body of a length-delimited value. */
function body(schema: TypeSchema, value: unknown): number[] {
  switch (schema.type) {
    case 'object':
      return encodeObject(schema, value as Record<string, unknown>)
    case 'bytes':
      return [...Buffer.from(String(value), 'base64')]
    case 'time':
    case 'microTime':
      return time(String(value))
    case 'quantity':
      return message(1, utf8(String(value)))
    case 'intOrString':
      return intOrString(value)
    case 'any':
      return message(1, utf8(JSON.stringify(value)))
    case 'either':
      return either(schema, value)
    default:
      return utf8(String(value))
  }
}
/** A list as the value of a map is a message of its own. */
const encodeValue = (schema: TypeSchema, value: unknown): number[] =>
  schema.type === 'array' ? message(2, encodeField(1, schema, value)) : encodeField(2, schema, value)

function encodeField(number: number, schema: TypeSchema, value: unknown): number[] {
  if (schema.type === 'array') return (value as unknown[]).flatMap((item) => encodeField(number, schema.items, item))
  if (schema.type === 'map') {
    return Object.entries(value as object).flatMap(([key, item]) =>
      message(number, [...message(1, utf8(key)), ...encodeValue(schema.values, item)]),
    )
  }
  if (schema.type === 'integer') return tagged(number, 0, varint(Number(value)))
  if (schema.type === 'boolean') return tagged(number, 0, [value ? 1 : 0])
  if (schema.type === 'number') return tagged(number, 1, [...new Uint8Array(new Float64Array([Number(value)]).buffer)])
  return message(number, body(schema, value))
}
function encodeObject(schema: ObjectSchema, object: Record<string, unknown>): number[] {
  const bytes: number[] = []
  for (const [name, value] of Object.entries(object)) {
    const field = schema.fields.get(name)
    if (!field || field.number === 0) continue
    let inner = encodeField(field.number, field.schema, value)
    for (const number of [...(field.nested ?? [])].reverse()) inner = message(number, inner)
    bytes.push(...inner)
  }
  return bytes
}
function envelope(apiVersion: string, kind: string, raw: readonly number[]): Uint8Array {
  const typeMeta = [...message(1, utf8(apiVersion)), ...message(2, utf8(kind))]
  return Uint8Array.from([...utf8('k8s'), 0, ...message(1, typeMeta), ...message(2, raw), ...message(3, []), ...message(4, [])])
}
const encode = (kind: ResourceKind, object: KubeObject): Uint8Array =>
  envelope(kind.apiVersion, kind.kind, encodeObject(kind.schema, object))

// ------------------------------------------------------------------------------------------------------------- tests

const kindOf = (apiVersion: string, name: string): ResourceKind => {
  const kind = registry.kind(apiVersion, name)
  assert.ok(kind, name)
  return kind
}
const readBytes = (bytes: Uint8Array) => {
  const read = decodeProtobuf(registry, bytes)
  if (read.error !== undefined) throw new Error(read.error)
  return read.object
}

/** Empty lists and maps, and the kind of an object within another, leave no trace on the wire, and neither does a list or map item that says nothing. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmpty(inner)]))
}
const emptyMaps = (schema: TypeSchema, value: unknown, root = false): unknown => {
  if (schema.type === 'object' && typeof value === 'object' && value !== null) {
    const kept = Object.entries(value).flatMap(([key, inner]) => {
      const { schema: field, number = 0 } = schema.fields.get(key) ?? {}
      if (!field || (number === 0 && !root && ['apiVersion', 'kind'].includes(key))) return []
      if (field.type === 'map' && Object.keys(inner as object).length === 0) return []
      return [[key, emptyMaps(field, inner)]]
    })
    return Object.fromEntries(kept)
  }
  if (schema.type === 'array') return (value as unknown[]).map((item) => emptyMaps(schema.items, item))
  if (schema.type === 'map') {
    return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, emptyMaps(schema.values, item)]))
  }
  if (schema.type === 'either')
    return emptyMaps(typeof value === 'object' && !Array.isArray(value) ? schema.object : schema.other, value)
  return value
}

for (const kind of registry.all()) {
  test(`${kind.apiVersion} ${kind.kind}: protobuf and JSON of one object decode alike`, () => {
    fc.assert(
      fc.property(arbitraryObject(kind), (random) => {
        const object = JSON.parse(JSON.stringify(random)) as KubeObject
        const json = decode(kind, object, { unknownFields: 'report' })
        const proto = decode(kind, readBytes(encode(kind, json.object)), { unknownFields: 'report' })
        assert.equal(proto.errors, [])
        assert.equal(proto.strict, [])
        assert.equal(withoutEmpty(proto.object), withoutEmpty(emptyMaps(kind.schema, json.object, true)))
      }),
      { numRuns: 12, seed: 11 },
    )
  })
}

test('a body that kubectl would send', () => {
  const kind = kindOf('apps/v1', 'Deployment')
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx', resources: {} }] },
      },
      strategy: {},
    },
    status: {},
  }
  assert.equal(readBytes(encode(kind, object as unknown as KubeObject)), object)
})

test('zeros that clients in Go write for absent fields are dropped by decode, and zeros that mean something stay', () => {
  const kind = kindOf('v1', 'Pod')
  const given = {
    metadata: { name: 'a', generateName: '', namespace: '', generation: 0 },
    spec: {
      nodeName: '',
      hostNetwork: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'a', image: '', stdin: false, env: [{ name: 'X', value: '0' }], livenessProbe: { timeoutSeconds: 0 } },
        { name: 'b', ports: [{ containerPort: 0, hostPort: 0 }], securityContext: { runAsUser: 0, privileged: false } },
      ],
    },
  }
  const raw = readBytes(encode(kind, given as unknown as KubeObject))
  assert.equal(decode(kind, raw, { unknownFields: 'report' }).object, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'a' },
    spec: {
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      containers: [
        { name: 'a', env: [{ name: 'X', value: '0' }], livenessProbe: {} },
        { name: 'b', ports: [{ containerPort: 0 }], securityContext: { runAsUser: 0, privileged: false } },
      ],
    },
  } as unknown as KubeObject)
})

/** Bodies that kubectl 1.33 sent. */
const captured: [command: string, body: string, want: Record<string, unknown>][] = [
  [
    'create deployment web --image=nginx --replicas=0 --port=80',
    'azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErgBCh8KA3dlYhIAGgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEoYBCAASDAoKCgNhcHASA3dlYhpsChwKABIA' +
      'GgAiACoAMgA4AEIAWgoKA2FwcBIDd2ViEkwSLgoFbmdpbngSBW5naW54KgAyCgoAEAAYUCIAKgBCAGoAcgCAAQCIAQCQAQCiAQAaADIAQgBKAFIAWABgAGgA' +
      'ggEAigEAmgEAwgEAIgIKACgAOAAaDAgAEAAYACAAKAA4ABoAIgA=',
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels: { app: 'web' } },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'nginx', image: 'nginx', ports: [{ containerPort: 80 }], resources: {} }] },
        },
        strategy: {},
      },
    },
  ],
  [
    'create service clusterip svc --tcp=80:8080',
    'azhzAAoNCgJ2MRIHU2VydmljZRJpCh8KA3N2YxIAGgAiACoAMgA4AEIAWgoKA2FwcBIDc3ZjEkIKGwoHODAtODA4MBIDVENQGFAiBwgAEJA/GgAoABIKCgNh' +
      'cHASA3N2YxoAIglDbHVzdGVySVA6AEIAUgBaAGAAaAAaAgoAGgAiAA==',
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'svc', labels: { app: 'svc' } },
      spec: {
        ports: [{ name: '80-8080', protocol: 'TCP', port: 80, targetPort: 8080 }],
        selector: { app: 'svc' },
        type: 'ClusterIP',
      },
    },
  ],
  [
    'create role r --verb=get --resource=pods',
    'azhzAAokChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgRSb2xlEiIKEQoBchIAGgAiACoAMgA4AEIAEg0KA2dldBIAGgRwb2RzGgAiAA==',
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r' },
      rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }],
    },
  ],
  [
    'create quota q --hard=cpu=1,pods=2',
    'azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRIwChEKAXESABoAIgAqADIAOABCABIZCgoKA2NwdRIDCgExCgsKBHBvZHMSAwoBMhoAGgAiAA==',
    { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard: { cpu: '1', pods: '2' } } },
  ],
  [
    'create pdb p --selector=a=b --min-available=1',
    'azhzAAogCglwb2xpY3kvdjESE1BvZERpc3J1cHRpb25CdWRnZXQSMwoRCgFwEgAaACIAKgAyADgAQgASEgoGCAAQARoAEggKBgoBYRIBYhoKCAAYACAAKAAw' +
      'ABoAIgA=',
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'p' },
      spec: { minAvailable: 1, selector: { matchLabels: { a: 'b' } } },
    },
  ],
]
for (const [command, body, want] of captured) {
  test(`kubectl ${command}`, () => {
    const { apiVersion, kind, ...raw } = readBytes(Buffer.from(body, 'base64'))
    const read = decode(kindOf(String(apiVersion), String(kind)), raw, { unknownFields: 'report' })
    assert.equal([...read.errors, ...read.strict], [])
    const { status: _, ...rest } = read.object
    assert.equal(rest as Record<string, unknown>, want)
  })
}

test('an empty time is none; the time 0 is one', () => {
  const meta = (bytes: number[]) => readBytes(envelope('v1', 'ConfigMap', message(1, bytes))).metadata
  assert.equal(meta(message(8, [])), {})
  assert.equal(meta(message(8, [...tagged(1, 0, [0]), ...tagged(2, 0, [0])])), { creationTimestamp: '1970-01-01T00:00:00Z' })
})

test('negative integers and those beyond 2^32 are exact', () => {
  const spec = (value: number) => readBytes(envelope('v1', 'Pod', message(2, tagged(4, 0, varint(value))))).spec
  for (const value of [-1, -(2 ** 40), 2 ** 40, Number.MAX_SAFE_INTEGER, 0, 127, 128]) {
    assert.equal(spec(value), { terminationGracePeriodSeconds: value })
  }
})

test('packed lists are read too', () => {
  const packed = message(14, message(4, [...varint(1), ...varint(300)]))
  assert.equal(readBytes(envelope('v1', 'Pod', message(2, packed))).spec, { securityContext: { supplementalGroups: [1, 300] } })
})

test('fields of newer releases are passed over, whatever their wire type', () => {
  const unknown = [
    ...tagged(900, 0, [1]),
    ...message(901, [1, 2]),
    ...tagged(902, 1, [1, 2, 3, 4, 5, 6, 7, 8]),
    ...tagged(903, 5, [1, 2, 3, 4]),
  ]
  assert.equal(readBytes(envelope('v1', 'ConfigMap', unknown)), { apiVersion: 'v1', kind: 'ConfigMap' })
})

test('bodies of requests: delete options in any version, evictions in the old one', () => {
  const grace = tagged(1, 0, varint(0))
  assert.is(readBytes(envelope('apps/v1', 'DeleteOptions', grace)).gracePeriodSeconds, 0)
  assert.equal(readBytes(envelope('policy/v1beta1', 'Eviction', message(1, message(1, utf8('a'))))).metadata, { name: 'a' })
})

test('what is no protobuf, or of no kind, says so', () => {
  assert.not.ok(isProtobuf(Uint8Array.from(utf8('{"kind":"Pod"}'))))
  assert.match(decodeProtobuf(registry, Uint8Array.from(utf8('{}'))).error ?? '', 'expected prefix')
  assert.is(decodeProtobuf(registry, envelope('v1', 'Nothing', [])).error, 'no kind "Nothing" is registered for version "v1"')
  const encoded = Uint8Array.from([...utf8('k8s'), 0, ...message(3, utf8('gzip'))])
  assert.match(decodeProtobuf(registry, encoded).error ?? '', 'gzip')
})

test('broken bytes answer an error, and never throw', () => {
  const kind = kindOf('v1', 'Pod')
  const whole = encode(kind, { metadata: { name: 'a' }, spec: { containers: [{ name: 'b' }] } } as unknown as KubeObject)
  for (let length = 0; length < whole.length - 4; length++) {
    const { error } = decodeProtobuf(registry, whole.subarray(0, length))
    if (error === undefined) continue
    assert.type(error, 'string')
  }
  const broken: [raw: number[], want: string][] = [
    [tagged(2, 0, [1]), 'wire type 0 instead of 2'],
    [message(1, message(1, [0xff])), 'not valid UTF-8'],
    [tagged(1, 3, []), 'wire type 3'],
    [[0x12, 0x7f, 0x00], 'unexpected end'],
    [
      tagged(
        9,
        0,
        Array.from({ length: 11 }, () => 0xff),
      ),
      'longer than ten bytes',
    ],
  ]
  for (const [raw, want] of broken) assert.match(decodeProtobuf(registry, envelope('v1', 'Pod', raw)).error ?? '', want)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (raw) => {
      const read = decodeProtobuf(registry, envelope('v1', 'Pod', [...raw]))
      assert.ok(read.error !== undefined || read.object.kind === 'Pod')
    }),
    { numRuns: 500, seed: 11 },
  )
})
