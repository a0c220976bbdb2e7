import { assert, test } from '@davit/core/testing'
import type { KubeObject } from '../contract.js'
import { definitionStrategy } from '../strategies/definition.js'
import { checkStructural } from './check.js'
import type { Schema } from './schema.js'

const text: Schema = { type: 'string' }
/** Findings in a schema whose spec is the one given; `at` is where that stands. */
const at = 'S.properties[spec]'
const found = (spec: unknown): string[] =>
  checkStructural({ type: 'object', properties: { spec: spec as Schema } }, 'S').map(
    ({ field, message }) => `${field}: ${message}`,
  )
const item = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const map = (items: unknown, keys: unknown = ['n']) => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
})

const good: unknown[] = [
  text,
  { type: 'object', additionalProperties: text },
  { type: 'object', properties: { a: text }, additionalProperties: true },
  { 'x-kubernetes-int-or-string': true },
  { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }], pattern: '^a' },
  { 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }] },
  { 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
  { type: 'object', properties: { a: text }, anyOf: [{ required: ['a'] }, { properties: { a: { minLength: 2 } } }] },
  { type: 'array', items: { type: 'object', properties: { a: text } }, not: { items: { required: ['a'] } } },
  map(item({ n: text }, { required: ['n'] })),
  map(item({ n: { ...text, default: 'x' } })),
  { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
  { type: 'object', properties: { a: text }, default: { a: 'x' } },
]
for (const schema of good) {
  test(`is structural: ${JSON.stringify(schema)}`, () => assert.equal(found(schema), []))
}

const bad: [schema: unknown, ...messages: string[]][] = [
  [{}, `${at}.type: Required value: must not be empty for specified object fields`],
  [{ type: 'array' }, `${at}.items: Required value: must be specified`],
  [{ type: 'array', items: {} }, `${at}.items.type: Required value: must not be empty for specified array items`],
  [
    { type: 'text' },
    `${at}.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"`,
  ],
  [{ type: 'null' }, `${at}.type: Forbidden: type cannot be set to null, use nullable as an alternative`],
  [{ type: 'object', $ref: '#/x' }, `${at}.$ref: Forbidden: $ref is not supported`],
  [{ type: 'object', definitions: { a: text } }, `${at}.definitions: Forbidden: definitions is not supported`],
  [{ type: 'object', patternProperties: { a: text } }, `${at}.patternProperties: Forbidden: patternProperties is not supported`],
  [
    { type: 'array', items: text, uniqueItems: true },
    `${at}.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic`,
  ],
  [{ type: 'array', items: [text] }, `${at}.items: Forbidden: items must be a schema object and not an array`],
  [
    { type: 'object', properties: { a: text }, additionalProperties: text },
    `${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ],
  [
    { type: 'string', pattern: '(?=a)' },
    `${at}.pattern: Invalid value: "(?=a)": must be a valid regular expression, but isn't: error parsing regexp: invalid or unsupported Perl syntax: \`(?=\``,
  ],
  [
    { type: 'object', properties: { a: text }, allOf: [{ type: 'object' }] },
    `${at}.allOf[0].type: Forbidden: must be empty to be structural`,
  ],
  [
    { type: 'object', properties: { a: text }, anyOf: [{ properties: { a: { description: 'x', default: 'y' } } }] },
    `${at}.anyOf[0].properties[a].default: Forbidden: must be undefined to be structural`,
    `${at}.anyOf[0].properties[a].description: Forbidden: must be empty to be structural`,
  ],
  [
    { type: 'object', oneOf: [{ properties: { b: { minLength: 1 } } }] },
    `${at}.properties[b]: Required value: because it is defined in ${at}.oneOf[0].properties[b]`,
  ],
  [
    { type: 'string', 'x-kubernetes-embedded-resource': true },
    `${at}.type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true`,
    `${at}.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields`,
  ],
  [
    { 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
    `${at}.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true`,
  ],
  [
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': false },
    `${at}.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined`,
  ],
  [
    { type: 'array', items: text, 'x-kubernetes-list-type': 'bag' },
    `${at}.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "map", "set"`,
  ],
  [
    { type: 'object', 'x-kubernetes-list-type': 'atomic' },
    `${at}.type: Invalid value: "object": must be array if x-kubernetes-list-type is specified`,
  ],
  [
    { type: 'object', 'x-kubernetes-map-type': 'loose' },
    `${at}.x-kubernetes-map-type: Unsupported value: "loose": supported values: "atomic", "granular"`,
  ],
  [
    { type: 'array', items: item({}), 'x-kubernetes-list-type': 'set' },
    `${at}.items.x-kubernetes-map-type: Required value: must be atomic as item of a list with x-kubernetes-list-type=set`,
  ],
  [
    map(item({ n: text }), []),
    `${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`,
  ],
  [map(text), `${at}.items.type: Invalid value: "string": must be object if parent array's x-kubernetes-list-type is map`],
  [map(item({})), `${at}.x-kubernetes-list-map-keys[0]: Invalid value: "n": entries must all be names of item properties`],
  [
    map(item({ n: text })),
    `${at}.items.properties[n].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
  ],
  [
    map(item({ n: { type: 'object' } }, { required: ['n'] })),
    `${at}.items.properties[n].type: Invalid value: "object": must be a scalar type if parent array's x-kubernetes-list-type is map`,
  ],
  [
    { type: 'array', items: text, 'x-kubernetes-list-map-keys': ['a'] },
    `${at}.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty`,
  ],
  [{ type: 'integer', default: 'x' }, `${at}.default: Invalid value: "string":  in body must be of type integer: "string"`],
  [{ type: 'object', default: { a: 1 } }, `${at}.default: Invalid value: {"a":1}: must be pruned`],
]
for (const [schema, ...messages] of bad) {
  test(`is refused: ${JSON.stringify(schema)}`, () => {
    const list = found(schema)
    for (const message of messages) assert.ok(list.includes(message), `${message}\nnot in\n${list.join('\n')}`)
  })
}

test('the root is an object, and metadata is not its business', () => {
  const root = (schema: Schema): string[] => checkStructural(schema, 'S').map(({ field }) => field)
  assert.equal(root({ type: 'string' }), ['S.type'])
  assert.equal(root({}), ['S.type'])
  assert.equal(root({ type: 'object', additionalProperties: text }), ['S.additionalProperties'])
  const metadata = (properties: Record<string, Schema>): Schema => ({
    type: 'object',
    properties: { metadata: { type: 'object', properties } },
  })
  assert.equal(root(metadata({ name: { ...text, maxLength: 5 } })), [])
  assert.equal(root(metadata({ labels: { type: 'object' } })), ['S.properties[metadata]'])
})

type Spec = Record<string, unknown>
const schema = { openAPIV3Schema: { type: 'object' } }
const v1: Spec = { name: 'v1', served: true, storage: true, schema }
function definitionFindings(change: Spec, name = 'widgets.example.com'): string[] {
  const names = { plural: 'widgets', kind: 'Widget' }
  const object = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [v1], ...change },
  } as unknown as KubeObject
  definitionStrategy.defaults?.(object)
  definitionStrategy.prepareCreate?.(object)
  return (definitionStrategy.validate?.(object) ?? []).map(({ field, message }) => `${field}: ${message}`)
}

const version = (more: Spec) => ({ versions: [{ ...v1, ...more }] })
const webhook = (clientConfig: unknown, more: Spec = {}) => ({
  conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'], ...more } },
})
const definitions: [change: Spec, ...messages: string[]][] = [
  [{}],
  [{ scope: 'Global' }, 'spec.scope: Unsupported value: "Global": supported values: "Cluster", "Namespaced"'],
  [
    { names: { plural: 'widgets', kind: 'Widget', listKind: 'Widget' } },
    'spec.names.listKind: Invalid value: "Widget": kind and listKind may not be the same',
  ],
  [{ preserveUnknownFields: true }, 'spec.preserveUnknownFields: Invalid value: true: cannot set to true'],
  [{ versions: [{ ...v1, storage: false }] }, 'must have exactly one version marked as storage version'],
  [{ versions: [v1, v1] }, 'spec.versions: Invalid value: ["v1","v1"]: must contain unique version names'],
  [{ versions: [{ ...v1, name: 'V1' }] }, 'spec.versions[0].name: Invalid value: "V1": a DNS-1035 label'],
  [version({ schema: undefined }), 'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required'],
  [
    { versions: [{ ...v1, schema: { openAPIV3Schema: { type: 'string' } } }] },
    'spec.validation.openAPIV3Schema.type: Invalid value: "string": must be object at the root',
  ],
  [
    { versions: [v1, { ...v1, name: 'v2', storage: false, schema: { openAPIV3Schema: {} } }] },
    'spec.versions[1].schema.openAPIV3Schema.type: Required value: must not be empty at the root',
  ],
  [
    version({ subresources: { scale: { specReplicasPath: '.status.x', statusReplicasPath: 'status.x' } } }),
    'spec.subresources.scale.specReplicasPath: Invalid value: ".status.x": should be a json path under .spec',
    'spec.subresources.scale.statusReplicasPath: Invalid value: "status.x": must be a simple json path starting with .',
  ],
  [
    version({ additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a[' }] }),
    'spec.additionalPrinterColumns[0].type: Invalid value: "text": must be one of boolean,date,integer,number,string',
    'spec.additionalPrinterColumns[0].jsonPath: Invalid value: ".a[": is an invalid path',
  ],
  [
    version({ selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.color' }] }),
    'spec.versions[0].selectableFields[0].jsonPath: Invalid value: ".spec.color": is an invalid path',
    'spec.versions[0].selectableFields[1].jsonPath: Duplicate value: ".spec.color"',
  ],
  [
    version({ deprecationWarning: 'x' }),
    'spec.versions[0].deprecationWarning: Invalid value: "x": can only be set for deprecated versions',
  ],
  [{ conversion: { strategy: 'Magic' } }, 'spec.conversion.strategy: Unsupported value: "Magic"'],
  [
    { conversion: { strategy: 'Webhook' } },
    'spec.conversion.webhookClientConfig: Required value: required when strategy is set to Webhook',
  ],
  [webhook({}), 'spec.conversion.webhookClientConfig: Required value: exactly one of url or service is required'],
  [
    webhook({ url: 'http://a' }),
    `spec.conversion.webhookClientConfig.url: Invalid value: "http": 'https' is the only allowed URL scheme`,
  ],
  [webhook({ url: 'https://u@a' }), 'user information is not permitted in the URL'],
  [webhook({ url: 'https://a', caBundle: 'eA==' }), 'unable to load root certificates'],
  [webhook({ service: { name: 'a' } }), 'spec.conversion.webhookClientConfig.service.namespace: Required value'],
  [
    webhook({ url: 'https://a' }, { conversionReviewVersions: ['v9'] }),
    'spec.conversion.conversionReviewVersions: Invalid value: ["v9"]: must include at least one of v1, v1beta1',
  ],
]
for (const [change, ...messages] of definitions) {
  test(`a definition with ${JSON.stringify(change)}`, () => {
    const list = definitionFindings(change)
    if (messages.length === 0) assert.equal(list, [])
    for (const message of messages)
      assert.ok(
        list.some((one) => one.includes(message)),
        `${message}\nnot in\n${list.join('\n')}`,
      )
  })
}

test('the name of a definition is that of its resource, and a protected group wants an approval', () => {
  assert.equal(definitionFindings({}, 'gadgets.example.com'), [
    'metadata.name: Invalid value: "gadgets.example.com": must be spec.names.plural+"."+spec.group',
  ])
  const list = definitionFindings({ group: 'widgets.k8s.io' }, 'widgets.widgets.k8s.io')
  assert.is(list.length, 1)
  assert.match(list[0] ?? '', 'metadata.annotations[api-approved.kubernetes.io]: Required value: protected groups')
  assert.match(definitionFindings({ group: 'plain' }, 'widgets.plain')[0] ?? '', 'should be a domain with at least one dot')
})
