import { assert, test } from '@davit/core/testing'
import type { Json } from './openapi-definitions.js'
import { OpenApiV2 } from './openapi-v2.js'
import { encodeOpenApiV2 } from './openapi-v2-protobuf.js'
import { createRegistry } from './registry.js'
import { WireReader } from './wire.js'

interface Swagger {
  readonly swagger: string
  readonly paths: Record<string, Record<string, Json>>
  readonly definitions: Record<string, Json & { properties?: Record<string, Json> }>
}
const kinds = createRegistry().all()
const texts = { 'io.k8s.api.core.v1.PodSpec': { affinity: 'Where it runs.' } }
const whole = new OpenApiV2()
for (const apiVersion of new Set(kinds.map((kind) => kind.apiVersion))) {
  whole.add(
    kinds.filter((kind) => kind.apiVersion === apiVersion),
    texts,
  )
}
const document = whole.document as unknown as Swagger

test('every reference resolves, and nothing of version 3 is left', () => {
  let references = 0
  const walk = (value: unknown, inProperties = false): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, inner] of Object.entries(value)) {
      if (key === '$ref' && typeof inner === 'string') {
        references++
        assert.ok(document.definitions[inner.replace('#/definitions/', '')], inner)
      } else {
        if (!inProperties) assert.not.ok(['allOf', 'oneOf', 'requestBody', 'content'].includes(key), key)
        walk(inner, key === 'properties')
      }
    }
  }
  walk(document)
  assert.ok(references > 1500, `${references} references`)
})

test('every kind has a definition with its group, version and kind', () => {
  const served = new Set(
    Object.values(document.definitions).flatMap((definition) =>
      ((definition['x-kubernetes-group-version-kind'] ?? []) as Json[]).map((gvk) => `${gvk.group}/${gvk.version}/${gvk.kind}`),
    ),
  )
  for (const kind of kinds) {
    assert.ok(served.has(`${kind.group}/${kind.version}/${kind.kind}`), kind.kind)
    if (kind.verbs.includes('list')) assert.ok(served.has(`${kind.group}/${kind.version}/${kind.listKind}`), kind.listKind)
  }
})

test('PATCH lists dryRun, takes its body as a parameter and says its types', () => {
  const patch = document.paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch
  assert.ok(patch)
  const parameters = patch.parameters as Json[]
  assert.equal(
    parameters.map((parameter) => `${parameter.in} ${parameter.name}`),
    ['body body', 'query dryRun', 'query fieldManager', 'query fieldValidation', 'query force'],
  )
  assert.is(parameters[1]?.type, 'string')
  assert.ok((patch.consumes as string[]).includes('application/strategic-merge-patch+json'))
  assert.is(patch['x-kubernetes-action'], 'patch')
})

test('facts stand beside references', () => {
  const spec = document.definitions['io.k8s.api.core.v1.PodSpec']?.properties
  assert.equal(spec?.affinity, { description: 'Where it runs.', $ref: '#/definitions/io.k8s.api.core.v1.Affinity' })
  assert.is(spec?.containers?.['x-kubernetes-patch-merge-key'], 'name')
})

test('what is an integer or a string says so', () => {
  const { definitions } = document
  assert.equal(definitions['io.k8s.apimachinery.pkg.util.intstr.IntOrString'], { format: 'int-or-string', type: 'string' })
  assert.equal(definitions['io.k8s.apimachinery.pkg.api.resource.Quantity'], { type: 'string' })
})

/** Parts of a message by their numbers; numbers that are no messages as they are. */
function messageOf(bytes: Uint8Array): Map<number, (Uint8Array | number)[]> {
  const parts = new Map<number, (Uint8Array | number)[]>()
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.varint()
    const value = tag % 8 === 2 ? reader.bytes() : reader.varint()
    parts.set(tag >> 3, [...(parts.get(tag >> 3) ?? []), value])
  }
  return parts
}
const at = (bytes: Uint8Array, ...path: number[]): Uint8Array =>
  path.reduce((inner, number) => messageOf(inner).get(number)?.[0] as Uint8Array, bytes)
const textAt = (bytes: Uint8Array, ...path: number[]): string => Buffer.from(at(bytes, ...path)).toString()
/** Entries of a map of messages. */
const entries = (bytes: Uint8Array, number: number): Map<string, Uint8Array> =>
  new Map((messageOf(bytes).get(number) as Uint8Array[]).map((entry) => [textAt(entry, 1), at(entry, 2)]))

test('as protobuf it says the same, by the numbers of openapi.v2', () => {
  const bytes = encodeOpenApiV2(whole.document)
  assert.is(textAt(bytes, 1), '2.0')
  const definitions = entries(at(bytes, 9), 1)
  assert.equal([...definitions.keys()], Object.keys(document.definitions))
  const pod = definitions.get('io.k8s.api.core.v1.Pod') as Uint8Array
  assert.is(textAt(pod, 22, 1), 'object')
  const gvk = entries(pod, 31).get('x-kubernetes-group-version-kind') as Uint8Array
  assert.equal(JSON.parse(textAt(gvk, 2)), [{ group: '', kind: 'Pod', version: 'v1' }])
  assert.is(textAt(entries(at(pod, 25), 1).get('spec') as Uint8Array, 1), '#/definitions/io.k8s.api.core.v1.PodSpec')
  const spec = entries(at(definitions.get('io.k8s.api.core.v1.PodSpec') as Uint8Array, 25), 1)
  assert.is(textAt(spec.get('affinity') as Uint8Array, 4), 'Where it runs.')
  assert.is(textAt(spec.get('containers') as Uint8Array, 23, 1, 1), '#/definitions/io.k8s.api.core.v1.Container')
  assert.is(textAt(spec.get('nodeSelector') as Uint8Array, 21, 1, 22, 1), 'string')
  const required = messageOf(definitions.get('io.k8s.api.core.v1.Container') as Uint8Array).get(19) as Uint8Array[]
  assert.ok(required.some((name) => Buffer.from(name).toString() === 'name'))
})

test('as protobuf, PATCH has its parameters and its kind', () => {
  const paths = entries(at(encodeOpenApiV2(whole.document), 8), 2)
  assert.equal([...paths.keys()], Object.keys(document.paths))
  const patch = at(paths.get('/apis/apps/v1/namespaces/{namespace}/deployments/{name}') as Uint8Array, 8)
  const gvk = entries(patch, 13).get('x-kubernetes-group-version-kind') as Uint8Array
  assert.equal(JSON.parse(textAt(gvk, 2)), { group: 'apps', kind: 'Deployment', version: 'v1' })
  const [body, ...queries] = (messageOf(patch).get(8) as Uint8Array[]).map((item) => at(item, 1))
  assert.is(textAt(body as Uint8Array, 1, 2), 'body')
  assert.equal(
    queries.map((query) => [textAt(query, 2, 3, 4), textAt(query, 2, 3, 2)]),
    ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) => [name, 'query']),
  )
})
