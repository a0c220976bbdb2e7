import { assert, test } from '@davit/core/testing'
import type { KubeObject, ResourceKind, TypeSchema } from './contract.js'
import { compareVersions, createRegistry, pluralOf } from './registry.js'

const registry = createRegistry()
const found = (name: string): ResourceKind => {
  const kind = registry.find(name)
  assert.ok(kind, `no kind for ${name}`)
  return kind
}

test('is made in under 5 ms once warm, without building a schema', () => {
  createRegistry()
  const start = performance.now()
  createRegistry()
  assert.ok(performance.now() - start < 5)
})

test('every kind has a unique resource, a list kind, verbs and a schema with its metadata', () => {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const kind of registry.all()) {
    resources.add(`${kind.apiVersion}/${kind.resource}`)
    kinds.add(`${kind.apiVersion}/${kind.kind}`)
    assert.is(kind.listKind, `${kind.kind}List`)
    assert.is(kind.singular, kind.kind.toLowerCase())
    assert.ok(kind.verbs.length > 0, kind.kind)
    assert.is(kind.schema.type, 'object')
    for (const name of ['apiVersion', 'kind', 'metadata']) assert.ok(kind.schema.fields.has(name), `${kind.kind}.${name}`)
    assert.is(kind.hasStatus, kind.subresources.has('status'), kind.kind)
    if (kind.hasStatus) assert.ok(kind.schema.fields.has('status'), kind.kind)
    assert.ok(kind.strategy, kind.kind)
    assert.is(registry.resource(kind.group, kind.version, kind.resource), kind)
    assert.is(registry.kind(kind.apiVersion, kind.kind), kind)
  }
  assert.is(resources.size, registry.all().length)
  assert.is(kinds.size, registry.all().length)
  assert.is(registry.all().length, 61)
})

test('every GA group version of 1.33 is there, in the order of discovery', () => {
  const versions = [...new Set(registry.all().map((kind) => kind.apiVersion))]
  assert.equal(versions, [
    'v1',
    'apiregistration.k8s.io/v1',
    'apps/v1',
    'events.k8s.io/v1',
    'authentication.k8s.io/v1',
    'authorization.k8s.io/v1',
    'autoscaling/v2',
    'autoscaling/v1',
    'batch/v1',
    'certificates.k8s.io/v1',
    'networking.k8s.io/v1',
    'policy/v1',
    'rbac.authorization.k8s.io/v1',
    'storage.k8s.io/v1',
    'admissionregistration.k8s.io/v1',
    'apiextensions.k8s.io/v1',
    'scheduling.k8s.io/v1',
    'coordination.k8s.io/v1',
    'node.k8s.io/v1',
    'discovery.k8s.io/v1',
    'flowcontrol.apiserver.k8s.io/v1',
  ])
  const core = registry.all().filter((kind) => kind.group === '')
  assert.equal(
    core.map((kind) => kind.resource),
    core.map((kind) => kind.resource).sort(),
  )
})

const shortNames =
  'po=pods svc=services cm=configmaps ns=namespaces no=nodes sa=serviceaccounts ep=endpoints ev=events pv=persistentvolumes ' +
  'pvc=persistentvolumeclaims rc=replicationcontrollers rs=replicasets deploy=deployments ds=daemonsets sts=statefulsets ' +
  'cj=cronjobs hpa=horizontalpodautoscalers pdb=poddisruptionbudgets netpol=networkpolicies ing=ingresses sc=storageclasses ' +
  'csr=certificatesigningrequests pc=priorityclasses quota=resourcequotas limits=limitranges cs=componentstatuses ' +
  'crd=customresourcedefinitions crds=customresourcedefinitions'

test('finds kinds by all the names that a user types', () => {
  for (const pair of shortNames.split(' ')) {
    const [short = '', resource] = pair.split('=')
    assert.is(found(short).resource, resource)
  }
  for (const name of ['Deployment', 'deployment', 'deployments', 'deployments.apps', 'deploy.apps', 'DEPLOYMENTS.v1.apps']) {
    assert.is(found(name).kind, 'Deployment', name)
  }
  assert.is(found('events').group, '')
  assert.is(found('events.events.k8s.io').group, 'events.k8s.io')
  assert.is(found('hpa').version, 'v2')
  assert.is(found('hpa.v1.autoscaling').version, 'v1')
  assert.is(found('pods.v1').kind, 'Pod')
  assert.is(registry.find('pods.apps'), undefined)
  assert.is(registry.find('nothing'), undefined)
})

test('bodies of subresources can be decoded, but are not served', () => {
  for (const kind of registry.all()) {
    for (const { kind: of } of kind.subresources.values()) {
      if (!of || of.kind.endsWith('Options')) continue
      assert.ok(registry.kind(of.group === '' ? of.version : `${of.group}/${of.version}`, of.kind), of.kind)
    }
  }
  const eviction = registry.kind('policy/v1beta1', 'Eviction')
  assert.ok(eviction)
  assert.ok(eviction.schema.fields.has('deleteOptions'))
  assert.not.ok(registry.all().includes(eviction))
})

const rules: [property: keyof ResourceKind, value: unknown, resources: string][] = [
  [
    'createOnUpdate',
    true,
    'clusterrolebindings clusterroles endpoints events events leases limitranges rolebindings roles runtimeclasses services',
  ],
  [
    'deleteReturnsObject',
    true,
    'csidrivers csinodes csistoragecapacities namespaces persistentvolumeclaims persistentvolumes pods podtemplates ' +
      'resourcequotas serviceaccounts services storageclasses volumeattachments',
  ],
  ['defaultPropagation', 'Orphan', 'jobs replicationcontrollers'],
  [
    'unconditionalUpdate',
    false,
    'apiservices csidrivers csinodes csistoragecapacities customresourcedefinitions leases mutatingwebhookconfigurations ' +
      'poddisruptionbudgets runtimeclasses validatingadmissionpolicies validatingadmissionpolicybindings ' +
      'validatingwebhookconfigurations volumeattachments',
  ],
  ['generation', 'spec-and-annotations', 'deployments'],
  ['escapes', 'go', 'controllerrevisions'],
  ['generation', 'non-metadata', 'endpointslices mutatingwebhookconfigurations validatingwebhookconfigurations'],
  [
    'stored',
    false,
    'bindings localsubjectaccessreviews selfsubjectaccessreviews selfsubjectreviews selfsubjectrulesreviews ' +
      'subjectaccessreviews tokenreviews',
  ],
]
for (const [property, value, resources] of rules) {
  test(`${property} is ${value} for exactly the kinds that it should be`, () => {
    const of = registry.all().filter((kind) => kind[property] === value)
    assert.is(
      of
        .map((kind) => kind.resource)
        .sort()
        .join(' '),
      resources,
    )
  })
}

test('categories', () => {
  const inCategory = (category: string) =>
    registry
      .all()
      .filter((kind) => kind.categories.includes(category))
      .map((kind) => kind.resource)
  assert.equal(inCategory('all').sort(), [
    'cronjobs',
    'daemonsets',
    'deployments',
    'horizontalpodautoscalers',
    'horizontalpodautoscalers',
    'jobs',
    'pods',
    'replicasets',
    'replicationcontrollers',
    'services',
    'statefulsets',
  ])
  assert.ok(inCategory('api-extensions').includes('customresourcedefinitions'))
})

test('selectable fields read values as text', () => {
  const read = (resource: string, label: string, object: Record<string, unknown>) =>
    found(resource).selectableFields.get(label)?.(object as unknown as KubeObject)
  assert.is(read('pods', 'spec.nodeName', { spec: { nodeName: 'a' } }), 'a')
  assert.is(read('pods', 'spec.nodeName', {}), '')
  assert.is(read('nodes', 'spec.unschedulable', { spec: {} }), 'false')
  assert.is(read('nodes', 'spec.unschedulable', { spec: { unschedulable: true } }), 'true')
  assert.is(read('jobs', 'status.successful', { status: { succeeded: 2 } }), '2')
  assert.is(read('replicasets', 'status.replicas', {}), '0')
  assert.is(read('events', 'source', { source: { component: 'kubelet' } }), 'kubelet')
  assert.is(read('events', 'source', { reportingComponent: 'scheduler' }), 'scheduler')
  assert.is(read('pods', 'spec.image', {}), undefined)
})

test('kinds come and go, and listeners hear of it', () => {
  const own = createRegistry()
  let calls = 0
  const stop = own.onChange(() => calls++)
  const pod = own.find('pods')
  assert.ok(pod)
  const widget: ResourceKind = {
    ...pod,
    group: 'example.com',
    version: 'v1',
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    resource: 'widgets',
    singular: 'widget',
    shortNames: ['wd'],
  }
  const remove = own.register(widget)
  assert.is(own.find('wd'), widget)
  assert.is(own.all().at(-1), widget)
  const renamed: ResourceKind = { ...widget, kind: 'Gadget', singular: 'gadget' }
  const removeRenamed = own.register(renamed)
  assert.is(own.kind('example.com/v1', 'Widget'), undefined, 'a replaced kind leaves nothing behind')
  remove()
  assert.is(own.find('gadget'), renamed, 'the replaced kind cannot take the new one away')
  removeRenamed()
  assert.is(own.resource('example.com', 'v1', 'widgets'), undefined)
  stop()
  own.register(widget)
  assert.is(calls, 3)
})

test('versions are ordered as Kubernetes orders them', () => {
  const versions = ['foo10', 'v1', 'v11alpha2', 'v10', 'v3beta1', 'v2', 'foo1', 'v12alpha1', 'v11beta2', 'v10beta3']
  assert.equal(versions.sort(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v10beta3',
    'v3beta1',
    'v12alpha1',
    'v11alpha2',
    'foo1',
    'foo10',
  ])
})

test('plurals', () => {
  for (const [one, many] of ['pod pods', 'ingress ingresses', 'networkpolicy networkpolicies', 'widget widgets'].map((p) =>
    p.split(' '),
  )) {
    assert.is(pluralOf(one ?? ''), many)
  }
})

test('the schema knows the facts of the API', () => {
  const field = (schema: TypeSchema, ...path: string[]): TypeSchema => {
    const [first, ...rest] = path
    if (first === undefined) return schema
    const inner = schema.type === 'array' ? schema.items : schema
    assert.is(inner.type, 'object')
    const next = inner.type === 'object' ? inner.fields.get(first)?.schema : undefined
    assert.ok(next, first)
    return field(next, ...rest)
  }
  const pod = found('pods').schema
  const ports = field(pod, 'spec', 'containers', 'ports')
  assert.ok(ports.type === 'array')
  assert.is(ports.listType, 'map')
  assert.equal(ports.keys, ['containerPort', 'protocol'])
  assert.is(ports.patch, 'merge')
  assert.is(ports.mergeKey, 'containerPort')
  const volumes = field(pod, 'spec', 'volumes')
  assert.ok(volumes.type === 'array' && volumes.patch === 'merge,retainKeys')
  assert.ok(field(pod, 'spec', 'volumes', 'emptyDir').type === 'object', 'inlined')
  const selector = field(pod, 'spec', 'nodeSelector')
  assert.ok(selector.type === 'map' && selector.atomic)
  const labels = field(found('deploy').schema, 'spec', 'selector')
  assert.ok(labels.type === 'object' && labels.atomic)
  const strategy = field(found('deploy').schema, 'spec')
  assert.ok(strategy.type === 'object' && strategy.fields.get('strategy')?.retainKeys)
  const claim = field(found('pv').schema, 'spec', 'claimRef')
  assert.ok(claim.type === 'object' && !claim.atomic, 'granular here, atomic elsewhere')
  const volume = field(pod, 'spec', 'volumes')
  assert.ok(volume.type === 'array' && volume.items.type === 'object')
  assert.equal(volume.items.fields.get('emptyDir')?.nested, [2])
  const properties = field(found('crd').schema, 'spec', 'versions', 'schema', 'openAPIV3Schema', 'properties')
  assert.ok(properties.type === 'map')
  assert.is(properties.values, field(found('crd').schema, 'spec', 'versions', 'schema', 'openAPIV3Schema'), 'recursive')
})

test('every type that the kinds reach can be built', () => {
  const seen = new Set<TypeSchema>()
  const walk = (schema: TypeSchema): void => {
    if (seen.has(schema)) return
    seen.add(schema)
    if (schema.type === 'object') for (const one of schema.fields.values()) walk(one.schema)
    else if (schema.type === 'array') walk(schema.items)
    else if (schema.type === 'map') walk(schema.values)
    else if (schema.type === 'either') {
      walk(schema.object)
      walk(schema.other)
    }
  }
  for (const kind of registry.all()) walk(kind.schema)
  const objects = [...seen].filter((schema) => schema.type === 'object')
  assert.ok(objects.length > 380, `${objects.length} object types`)
})
