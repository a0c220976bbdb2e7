import { assert, test } from '@davit/core/testing'
import type { KubeObject, ObjectSchema, ResourceKind } from './contract.js'
import { equalJson, equalOrEmpty } from './equal.js'
import * as say from './field-error.js'
import { nameCheck } from './metadata.js'
import { applySchemaDefaults, checkSchema } from './schema-plan.js'
import { defaulted, findings, type Manifest, updateFindings } from './strategies/testing.js'
import { applyDefaults, validate, validateUpdate } from './strategy.js'

const account = (metadata: object): Manifest => ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
const long = (count: number) => 'x'.repeat(count)

const sound: [name: string, metadata: object][] = [
  ['a name', { name: 'a.b-c' }],
  ['labels', { name: 'a', labels: { 'x.io/y': 'Z', empty: '' } }],
  ['annotations of any text', { name: 'a', annotations: { 'X.io/Y': '{"a": [1]}' } }],
  ['finalizers', { name: 'a', finalizers: ['x.io/y', 'foregroundDeletion'] }],
  [
    'one controller among owners',
    {
      name: 'a',
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'A', name: 'a', uid: '1', controller: true },
        { apiVersion: 'v1', kind: 'B', name: 'b', uid: '2' },
      ],
    },
  ],
]
for (const [name, metadata] of sound) test(`metadata: ${name} is sound`, () => assert.equal(findings(account(metadata)), []))

const owner = { apiVersion: 'v1', kind: 'A', name: 'a', uid: '1' }
const wrong: [metadata: object, error: RegExp][] = [
  [{ name: 'A' }, /^metadata\.name: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of/],
  [{ name: long(254) }, /must be no more than 253 characters/],
  [{ name: '' }, /^metadata\.name: Required value: name or generateName is required$/],
  [{ name: 'a', generateName: 'A-' }, /^metadata\.generateName: Invalid value: "A-"/],
  [{ name: 'a', labels: { '-': 'b' } }, /^metadata\.labels: Invalid value: "-": name part must consist of/],
  [{ name: 'a', labels: { a: 'b c' } }, /^metadata\.labels: Invalid value: "b c": a valid label must be an empty string or/],
  [{ name: 'a', labels: { a: long(64) } }, /must be no more than 63 characters/],
  [{ name: 'a', annotations: { 'a b': '' } }, /^metadata\.annotations: Invalid value: "a b"/],
  [{ name: 'a', annotations: { a: long(256 * 1024) } }, /^metadata\.annotations: Too long: may not be more than 262144 bytes$/],
  [{ name: 'a', finalizers: ['mine'] }, /name is neither a standard finalizer name nor is it fully qualified/],
  [{ name: 'a', finalizers: ['a/b/c'] }, /^metadata\.finalizers\[0\]: Invalid value: "a\/b\/c"/],
  [{ name: 'a', finalizers: ['orphan', 'foregroundDeletion'] }, /finalizer orphan and foregroundDeletion cannot be both set/],
  [
    { name: 'a', ownerReferences: [{ ...owner, uid: '' }] },
    /^metadata\.ownerReferences\[0\]\.uid: Invalid value: "": must not be empty$/,
  ],
  [{ name: 'a', ownerReferences: [{ ...owner, kind: 'Event' }] }, /is disallowed from being an owner/],
  [
    {
      name: 'a',
      ownerReferences: [
        { ...owner, controller: true },
        { ...owner, uid: '2', controller: true },
      ],
    },
    /Only one reference can have Controller set to true\. Found "true" in references for A\/a and A\/a/,
  ],
]
for (const [metadata, error] of wrong) {
  test(`metadata: ${JSON.stringify(metadata).slice(0, 60)} is refused`, () => {
    const found = findings(account(metadata))
    assert.ok(
      found.some((one) => error.test(one)),
      found.join('\n') || 'nothing was found',
    )
  })
}

test('the form of a name depends on the kind', () => {
  const good = (group: string, kind: string, name: string) => nameCheck({ group, kind })(name) === undefined
  assert.ok(good('rbac.authorization.k8s.io', 'ClusterRole', 'system:node'))
  assert.not.ok(good('', 'Pod', 'system:node'))
  assert.not.ok(good('', 'Namespace', 'a.b'))
  assert.not.ok(good('', 'Service', '1a'))
  assert.ok(good('example.com', 'toString', 'a.b'))
})

test('a kind without namespaces is in none', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n', namespace: 'default' } }
  assert.equal(findings(node), ['metadata.namespace: Forbidden: not allowed on this type'])
})

test('what is immutable in metadata stays', () => {
  const change = (metadata: object) =>
    updateFindings(account({ name: 'a', uid: '1' }), (object) => void Object.assign(object.metadata, metadata))
  assert.equal(change({}), [])
  assert.equal(change({ labels: { a: 'b' }, finalizers: ['a/b'] }), [])
  assert.equal(change({ uid: '2' }), ['metadata.uid: Invalid value: "2": field is immutable'])
  assert.equal(change({ name: 'b' }), ['metadata.name: Invalid value: "b": field is immutable'])
  assert.equal(change({ namespace: 'other' }), ['metadata.namespace: Invalid value: "other": field is immutable'])
})

test('an object that is being deleted gets no new finalizers and is not un-deleted', () => {
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  const marked = account({ name: 'a', deletionTimestamp, finalizers: ['a/b', 'c/d'] })
  const change = (metadata: object) => updateFindings(marked, (object) => void Object.assign(object.metadata, metadata))
  assert.equal(change({ finalizers: ['c/d'] }), [])
  assert.equal(change({ finalizers: ['a/b', 'e/f'] }), [
    'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"e/f"}',
  ])
  assert.match(change({ deletionTimestamp: undefined }).join(), /field is immutable; may only be changed via deletion/)
})

test('a status write is not held to the rules of the spec', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', spec: { containers: [{ name: 'c', image: 'i' }] } }
  const breakIt = (object: KubeObject) => void Object.assign(object.spec as object, { containers: [] })
  assert.equal(updateFindings(pod, breakIt, 'status'), [])
  assert.ok(updateFindings(pod, breakIt).length > 0)
})

// ------------------------------------------------------------------------------------------------------ schema plans

const leaf: ObjectSchema = {
  type: 'object',
  name: 'Leaf',
  fields: new Map([
    ['name', { schema: { type: 'string' }, required: true, number: 1 }],
    ['mode', { schema: { type: 'string', values: ['a', 'b'] }, required: false, number: 2, default: 'a' }],
    ['count', { schema: { type: 'integer', bits: 32 }, required: true, number: 3, default: 0 }],
  ]),
}
const fields = new Map<
  string,
  {
    schema: ObjectSchema['fields'] extends ReadonlyMap<string, infer F> ? (F extends { schema: infer S } ? S : never) : never
    required: boolean
    number: number
  }
>([
  ['one', { schema: leaf, required: false, number: 1 }],
  ['many', { schema: { type: 'array', items: leaf }, required: true, number: 2 }],
  ['map', { schema: { type: 'map', values: leaf }, required: false, number: 3 }],
  ['modes', { schema: { type: 'array', items: { type: 'string', values: ['x', 'y'] } }, required: false, number: 4 }],
])
const tree: ObjectSchema = { type: 'object', name: 'Tree', fields }
fields.set('self', { schema: tree, required: false, number: 5 })
fields.set('status', { schema: leaf, required: false, number: 6 })

test('defaults of the schema reach lists, maps and recursion, and leave out zero values', () => {
  const object = { one: {}, many: [{ mode: 'b' }, {}], map: { k: {} }, self: { self: { one: {} } } }
  applySchemaDefaults(tree, object)
  assert.equal(object, {
    one: { mode: 'a' },
    many: [{ mode: 'b' }, { mode: 'a' }],
    map: { k: { mode: 'a' } },
    self: { self: { one: { mode: 'a' } } },
  })
})

test('checks of the schema name the path, and leave status to the server', () => {
  const errors: ReturnType<typeof validate> = []
  const object = {
    one: { mode: 'c' },
    many: [{ name: 'n' }, { name: '' }],
    map: { k: {} },
    modes: ['x', 'z'],
    self: { one: {} },
    status: { mode: 'zzz' },
  }
  checkSchema(errors, tree, object, '')
  assert.equal(
    errors.map(({ field, message }) => `${field}: ${message}`),
    [
      'modes[1]: Unsupported value: "z": supported values: "x", "y"',
      'one.name: Required value',
      'one.mode: Unsupported value: "c": supported values: "a", "b"',
      'many[1].name: Required value',
      'map[k].name: Required value',
      'self.one.name: Required value',
    ],
  )
})

test('schema, metadata and hand are asked in this order, and the same finding counts once', () => {
  const finding = say.required('one.name')
  const sound = { apiVersion: 'example.com/v1', kind: 'Tree', metadata: { name: 't' }, one: { name: 'n' }, isSound: true }
  const kind = {
    group: 'example.com',
    kind: 'Tree',
    namespaced: true,
    schema: tree,
    strategy: {
      defaults: (object: KubeObject) => void Object.assign(object, { hand: true }),
      validate: (object: KubeObject) => ('isSound' in object ? [] : [finding, say.forbidden('x', 'no')]),
      validateUpdate: (_object: KubeObject, _old: KubeObject, subresource?: string) => [
        say.forbidden('y', subresource ?? 'itself'),
      ],
      validateStatusUpdate: () => [say.forbidden('status', 'no')],
    },
  } as unknown as ResourceKind
  const object = { apiVersion: 'example.com/v1', kind: 'Tree', metadata: { name: 't' }, one: {} }
  applyDefaults(kind, object)
  assert.equal(object, { ...object, one: { mode: 'a' }, hand: true } as typeof object)
  const names = (errors: ReturnType<typeof validate>) => errors.map(({ field, message }) => `${field}: ${message}`)
  assert.equal(names(validate(kind, object)), ['one.name: Required value', 'x: Forbidden: no'])
  assert.equal(names(validateUpdate(kind, object, sound)), [
    'one.name: Required value',
    'x: Forbidden: no',
    'y: Forbidden: itself',
  ])
  assert.equal(names(validateUpdate(kind, object, sound, 'scale')).at(-1), 'y: Forbidden: scale')
  assert.equal(names(validateUpdate(kind, object, sound, 'status')), ['status: Forbidden: no'])
})

test('findings are worded as Kubernetes words them', () => {
  const cases: [{ reason: string; message: string }, reason: string, message: string][] = [
    [say.required('f'), 'FieldValueRequired', 'Required value'],
    [say.required('f', 'why'), 'FieldValueRequired', 'Required value: why'],
    [say.invalid('f', 'a"b', 'no'), 'FieldValueInvalid', 'Invalid value: "a\\"b": no'],
    [say.invalid('f', undefined, 'no'), 'FieldValueInvalid', 'Invalid value: "null": no'],
    [say.invalid('f', { a: 1 }, 'no'), 'FieldValueInvalid', 'Invalid value: {"a":1}: no'],
    [say.notSupported('f', 'X', ['B', 'A']), 'FieldValueNotSupported', 'Unsupported value: "X": supported values: "A", "B"'],
    [say.forbidden('f', 'no'), 'FieldValueForbidden', 'Forbidden: no'],
    [say.duplicate('f', 'a'), 'FieldValueDuplicate', 'Duplicate value: "a"'],
    [say.notFound('f', 'a'), 'FieldValueNotFound', 'Not found: "a"'],
    [say.tooLong('f', 5), 'FieldValueTooLong', 'Too long: may not be more than 5 bytes'],
    [say.tooMany('f', 6, 5), 'FieldValueTooMany', 'Too many: 6: must have at most 5 items'],
  ]
  for (const [error, reason, message] of cases) assert.equal([error.reason, error.message], [reason, message])
})

test('JSON trees are equal whatever the order of keys, and undefined is absent', () => {
  const same: [unknown, unknown][] = [
    [
      { a: 1, b: [1, { c: 2 }] },
      { b: [1, { c: 2 }], a: 1 },
    ],
    [{ a: undefined }, {}],
    [{}, { a: undefined }],
    [null, null],
  ]
  const different: [unknown, unknown][] = [
    [{ a: 1 }, { a: 2 }],
    [{ a: null }, {}],
    [[1], [1, 2]],
    [[], {}],
    [{}, []],
    [1, '1'],
    [{ toString: 1 }, {}],
  ]
  for (const [a, b] of same) assert.ok(equalJson(a, b))
  for (const [a, b] of different) assert.not.ok(equalJson(a, b))
  for (const empty of [undefined, null, [], {}]) assert.ok(equalOrEmpty(empty, undefined))
  assert.not.ok(equalOrEmpty([0], undefined))
})

test('an update may leave what was wrong before, but neither add to it nor change it for another wrong value', () => {
  const manifest: Manifest = {
    apiVersion: 'v1',
    kind: 'PodTemplate',
    template: {
      metadata: { labels: { a: 'no label' } },
      spec: { containers: [{ name: 'A', image: 'i', env: [{ name: '', value: 'v' }] }] },
    },
  }
  type Template = {
    template: { metadata: { labels: object }; spec: { containers: { name: string; image: string; env: object[] }[] } }
  }
  const after = (change: (object: Template) => void): string[] =>
    updateFindings(manifest, (object) => change(object as unknown as Template)).map((text) => text.replace(/: .*/, ''))
  assert.ok(findings(manifest).length >= 3)
  assert.equal(
    after(() => undefined),
    [],
  )
  assert.equal(
    after(({ template }) => Object.assign(template.spec.containers[0] ?? {}, { image: 'j' })),
    [],
  )
  assert.equal(
    after(({ template }) => Object.assign(template.metadata.labels, { b: 'b' })),
    ['template.metadata.labels'],
  )
  assert.equal(
    after(({ template }) => Object.assign(template.spec.containers[0] ?? {}, { name: 'B' })),
    ['template.spec.containers[0].name'],
  )
  assert.equal(
    after(({ template }) => void template.spec.containers.push({ name: 'c', image: '', env: [] })),
    ['template.spec.containers[1].image'],
  )
})

test('what is missing counts as left only where all that it would be in is', () => {
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a' }] } }
  const after = (change: (object: typeof template) => void): string[] =>
    updateFindings({ apiVersion: 'v1', kind: 'PodTemplate', template }, (object) =>
      change((object as unknown as { template: typeof template }).template),
    ).map((text) => text.replace(/: .*/, ''))
  assert.equal(
    after(({ metadata }) => Object.assign(metadata.labels, { c: 'd' })),
    [],
  )
  assert.equal(
    after(({ spec }) => Object.assign(spec, { containers: [{ name: 'other' }] })),
    ['template.spec.containers[0].image'],
  )
  assert.equal(
    after(({ spec }) => Object.assign(spec.containers[0] ?? {}, { image: 'i' })),
    [],
  )
})

test('findings about no place, and those of the rules for updates and for status, are left out where nothing they are about changed', () => {
  const rules = {
    validate: () => [say.required('spec.{a, b}')],
    validateUpdate: () => [say.invalid('spec.c', 1, 'no')],
    validateStatusUpdate: () => [say.invalid('status.d', 1, 'no'), say.required('status.e')],
  }
  const tree = { type: 'object', name: 'Any', fields: new Map() }
  const kind = { group: 'example.com', kind: 'Any', namespaced: true, schema: tree, strategy: rules } as unknown as ResourceKind
  const old = {
    apiVersion: 'example.com/v1',
    kind: 'Any',
    metadata: { name: 'x', namespace: 'y' },
    spec: { c: 1 },
    status: { d: 1 },
  }
  const after = (change: object, subresource?: string) =>
    validateUpdate(kind, { ...old, ...change } as KubeObject, old as KubeObject, subresource).map(({ field }) => field)
  const labelled = { metadata: { ...old.metadata, labels: { a: 'b' } } }
  assert.equal(after(labelled), [])
  assert.equal(after({ spec: { c: 1, a: 1 } }), ['spec.{a, b}'])
  assert.equal(after({ spec: { c: 2 } }), ['spec.{a, b}', 'spec.c'])
  assert.equal(after(labelled, 'status'), [])
  assert.equal(after({ status: { d: 2 } }, 'status'), ['status.d', 'status.e'])
  assert.equal(after({ status: { d: 1, f: 1 } }, 'status'), ['status.e'])
})

test('each built-in kind that has a hand-written strategy can be defaulted from nothing', () => {
  const kinds = [
    'Pod',
    'Service',
    'Namespace',
    'Node',
    'Secret',
    'ConfigMap',
    'Event',
    'Endpoints',
    'LimitRange',
    'ResourceQuota',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'ReplicationController',
    'PodTemplate',
  ]
  for (const kind of kinds) assert.ok(defaulted({ apiVersion: 'v1', kind }))
  for (const kind of ['Deployment', 'ReplicaSet', 'DaemonSet', 'StatefulSet', 'ControllerRevision'])
    assert.ok(defaulted({ apiVersion: 'apps/v1', kind }))
})
