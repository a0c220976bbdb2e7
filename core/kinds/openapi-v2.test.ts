import { assert, test } from '@davit/core/testing'
import type { Json } from './openapi-definitions.js'
import { openApiV2, openApiV2Minimal } from './openapi-v2.js'
import { createRegistry } from './registry.js'

interface Swagger {
  readonly swagger: string
  readonly paths: Record<string, Record<string, Json>>
  readonly definitions: Record<string, Json & { properties?: Record<string, Json> }>
}
const kinds = createRegistry().all()
const texts = { 'io.k8s.api.core.v1.PodSpec': { affinity: 'Where it runs.' } }
const document = openApiV2(kinds, texts) as Swagger

test('the least document is the field swagger with the text 2.0', () => {
  const [tag = 0, length, ...text] = openApiV2Minimal
  assert.equal([tag >> 3, tag & 7, length], [1, 2, text.length])
  assert.is(String.fromCharCode(...text), document.swagger)
})

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
