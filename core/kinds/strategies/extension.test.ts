import { assert, test } from '@davit/core/testing'
import type { KubeObject } from '../contract.js'
import { created, defaulted, findings, type Manifest, spec, updateFindings } from './testing.js'

const of = (apiVersion: string, kind: string, fields: object): Manifest => ({ apiVersion, kind, ...fields })
const rbac = (kind: string, fields: object) => of('rbac.authorization.k8s.io/v1', kind, fields)
const net = (kind: string, fields: object) => of('networking.k8s.io/v1', kind, fields)
const store = (kind: string, fields: object) => of('storage.k8s.io/v1', kind, fields)
const hooks = (kind: string, fields: object) => of('admissionregistration.k8s.io/v1', kind, fields)
const hook = { name: 'a.b.c', clientConfig: { url: 'https://x' }, sideEffects: 'None', admissionReviewVersions: ['v1'] }
const binding = (kind: string, fields: object = {}) => rbac(kind, { roleRef: { kind: 'ClusterRole', name: 'r' }, ...fields })
const definition = (fields: object = {}, name = 'things.example.com'): Manifest => ({
  ...of('apiextensions.k8s.io/v1', 'CustomResourceDefinition', {
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      ...fields,
    },
  }),
  metadata: { name },
})
const scaler = (fields: object = {}, version = 'v2') =>
  of(`autoscaling/${version}`, 'HorizontalPodAutoscaler', {
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, ...fields },
  })
const budget = (fields: object) => of('policy/v1', 'PodDisruptionBudget', { spec: fields })
const priority = (value: number, name = 'x') => ({
  ...of('scheduling.k8s.io/v1', 'PriorityClass', { value }),
  metadata: { name },
})
const request = (fields: object) =>
  of('certificates.k8s.io/v1', 'CertificateSigningRequest', {
    spec: {
      request: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K',
      signerName: 'a.b/c',
      usages: ['client auth'],
      ...fields,
    },
  })
const backend = { service: { name: 's', port: { number: 80 } } }
const ingress = (fields: object) => net('Ingress', { spec: fields })

const group = 'rbac.authorization.k8s.io'
const defaults: [name: string, manifest: Manifest, field: string, want: unknown][] = [
  ['RoleBinding', binding('RoleBinding'), 'roleRef', { kind: 'ClusterRole', name: 'r', apiGroup: group }],
  [
    'subjects',
    binding('ClusterRoleBinding', {
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    }),
    'subjects',
    [
      { kind: 'User', name: 'u', apiGroup: group },
      { kind: 'ServiceAccount', name: 's', namespace: 'n' },
    ],
  ],
  [
    'ValidatingWebhook',
    hooks('ValidatingWebhookConfiguration', {
      webhooks: [{ ...hook, clientConfig: { service: { name: 's', namespace: 'n' } }, rules: [{ operations: ['*'] }] }],
    }),
    'webhooks',
    [
      {
        ...hook,
        clientConfig: { service: { name: 's', namespace: 'n', port: 443 } },
        rules: [{ operations: ['*'], scope: '*' }],
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 10,
      },
    ],
  ],
  [
    'MutatingWebhook',
    hooks('MutatingWebhookConfiguration', { webhooks: [{ ...hook, timeoutSeconds: 3 }] }),
    'webhooks',
    [
      {
        ...hook,
        failurePolicy: 'Fail',
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
        timeoutSeconds: 3,
        reinvocationPolicy: 'Never',
      },
    ],
  ],
  [
    'ValidatingAdmissionPolicy',
    hooks('ValidatingAdmissionPolicy', { spec: { matchConstraints: { resourceRules: [{ operations: ['*'] }] } } }),
    'spec',
    {
      failurePolicy: 'Fail',
      matchConstraints: {
        resourceRules: [{ operations: ['*'], scope: '*' }],
        matchPolicy: 'Equivalent',
        namespaceSelector: {},
        objectSelector: {},
      },
    },
  ],
  [
    'ValidatingAdmissionPolicyBinding',
    hooks('ValidatingAdmissionPolicyBinding', { spec: { policyName: 'p', paramRef: { name: 'n' } } }),
    'spec',
    { policyName: 'p', paramRef: { name: 'n', parameterNotFoundAction: 'Deny' } },
  ],
  ['NetworkPolicy', net('NetworkPolicy', { spec: { podSelector: {} } }), 'spec', { podSelector: {}, policyTypes: ['Ingress'] }],
  [
    'NetworkPolicy with egress',
    net('NetworkPolicy', { spec: { podSelector: {}, egress: [{ ports: [{ port: 53 }] }] } }),
    'spec',
    { podSelector: {}, egress: [{ ports: [{ port: 53, protocol: 'TCP' }] }], policyTypes: ['Ingress', 'Egress'] },
  ],
  [
    'IngressClass',
    net('IngressClass', { spec: { controller: 'a.b/c', parameters: { kind: 'K', name: 'n' } } }),
    'spec',
    { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', scope: 'Cluster' } },
  ],
  ['StorageClass', store('StorageClass', { provisioner: 'p' }), 'volumeBindingMode', 'Immediate'],
  ['StorageClass reclaims', store('StorageClass', { provisioner: 'p' }), 'reclaimPolicy', 'Delete'],
  [
    'CSIDriver',
    store('CSIDriver', { spec: {} }),
    'spec',
    {
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      volumeLifecycleModes: ['Persistent'],
      requiresRepublish: false,
    },
  ],
  ['PriorityClass', priority(1), 'preemptionPolicy', 'PreemptLowerPriority'],
  [
    'HorizontalPodAutoscaler v2',
    scaler({ behavior: { scaleDown: { stabilizationWindowSeconds: 5 } } }),
    'spec',
    {
      maxReplicas: 3,
      scaleTargetRef: { kind: 'Deployment', name: 'd' },
      minReplicas: 1,
      metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
      behavior: {
        scaleUp: {
          selectPolicy: 'Max',
          stabilizationWindowSeconds: 0,
          policies: [
            { type: 'Pods', value: 4, periodSeconds: 15 },
            { type: 'Percent', value: 100, periodSeconds: 15 },
          ],
        },
        scaleDown: {
          stabilizationWindowSeconds: 5,
          selectPolicy: 'Max',
          policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
        },
      },
    },
  ],
  [
    'HorizontalPodAutoscaler v1',
    scaler({}, 'v1'),
    'spec',
    { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 1 },
  ],
  [
    'FlowSchema',
    of('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', { spec: { priorityLevelConfiguration: { name: 'p' } } }),
    'spec',
    { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence: 1000 },
  ],
  [
    'PriorityLevelConfiguration',
    of('flowcontrol.apiserver.k8s.io/v1', 'PriorityLevelConfiguration', {
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: {} } } },
    }),
    'spec',
    {
      type: 'Limited',
      limited: {
        limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
        nominalConcurrencyShares: 30,
        lendablePercent: 0,
      },
    },
  ],
  [
    'RuntimeClass',
    of('node.k8s.io/v1', 'RuntimeClass', { handler: 'h', overhead: { podFixed: { cpu: '1u' } } }),
    'overhead',
    { podFixed: { cpu: '1m' } },
  ],
]
for (const [name, manifest, field, want] of defaults) {
  test(`defaults: ${name}`, () => assert.equal(defaulted(manifest)[field], want))
}

test('a definition gets its names, its conversion and the list of stored versions', () => {
  const object = created(definition())
  assert.equal(spec(object).names, { plural: 'things', kind: 'Thing', singular: 'thing', listKind: 'ThingList' })
  assert.equal(spec(object).conversion, { strategy: 'None' })
  assert.equal((object.status as { storedVersions: string[] }).storedVersions, ['v1'])
})

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const sound: Manifest[] = [
  rbac('Role', { rules: [rule] }),
  rbac('ClusterRole', { rules: [rule, { verbs: ['get'], nonResourceURLs: ['/healthz'] }] }),
  rbac('ClusterRole', { aggregationRule: { clusterRoleSelectors: [{}] } }),
  { ...rbac('ClusterRole', { rules: [] }), metadata: { name: 'system:node' } },
  binding('RoleBinding', {
    subjects: [
      { kind: 'ServiceAccount', name: 's' },
      { kind: 'Group', name: 'system:masters' },
    ],
  }),
  hooks('ValidatingWebhookConfiguration', { webhooks: [hook] }),
  hooks('MutatingWebhookConfiguration', {}),
  definition(),
  of('apiregistration.k8s.io/v1', 'APIService', {
    metadata: { name: 'v1.' },
    spec: { version: 'v1', groupPriorityMinimum: 18000, versionPriority: 1 },
  }),
  of('apiregistration.k8s.io/v1', 'APIService', {
    metadata: { name: 'v1.a.b' },
    spec: { group: 'a.b', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1 },
  }),
  ingress({ defaultBackend: backend }),
  ingress({ rules: [{ host: '*.a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] }),
  net('NetworkPolicy', {
    spec: {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ port: 1, endPort: 2 }] }],
    },
  }),
  net('ServiceCIDR', { spec: { cidrs: ['10.0.0.0/24'] } }),
  {
    ...net('IPAddress', { spec: { parentRef: { resource: 'services', name: 's', namespace: 'n' } } }),
    metadata: { name: '10.0.0.1' },
  },
  scaler(),
  scaler({ targetCPUUtilizationPercentage: 50 }, 'v1'),
  budget({ minAvailable: '50%' }),
  priority(1000),
  priority(2_000_000_000, 'system-cluster-critical'),
  request({}),
]
for (const [index, manifest] of sound.entries())
  test(`sound: ${manifest.kind} ${index}`, () => assert.equal(findings(manifest), []))

const wrong: [manifest: Manifest, error: RegExp][] = [
  [
    rbac('Role', { rules: [{ ...rule, verbs: [] }] }),
    /^rules\[0\]\.verbs: Required value: verbs must contain at least one value$/,
  ],
  [rbac('Role', { rules: [{ verbs: ['get'] }] }), /^rules\[0\]\.apiGroups: Required value/],
  [rbac('Role', { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }), /namespaced rules cannot apply to non-resource URLs/],
  [rbac('ClusterRole', { rules: [{ ...rule, nonResourceURLs: ['/x'] }] }), /rules cannot apply to both/],
  [
    binding('ClusterRoleBinding', { roleRef: { kind: 'Role', name: 'r' } }),
    /^roleRef\.kind: Unsupported value: "Role": supported values: "ClusterRole"$/,
  ],
  [binding('RoleBinding', { roleRef: { kind: 'Role' } }), /^roleRef\.name: Required value$/],
  [
    binding('ClusterRoleBinding', { subjects: [{ kind: 'ServiceAccount', name: 's' }] }),
    /^subjects\[0\]\.namespace: Required value$/,
  ],
  [binding('RoleBinding', { subjects: [{ kind: 'Robot', name: 's' }] }), /^subjects\[0\]\.kind: Unsupported value: "Robot"/],
  [hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, name: 'a' }] }), /at least three segments/],
  [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, sideEffects: 'Some' }] }),
    /^webhooks\[0\]\.sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"$/,
  ],
  [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, sideEffects: undefined }] }),
    /^webhooks\[0\]\.sideEffects: Required value$/,
  ],
  [hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, timeoutSeconds: 31 }] }), /between 1 and 30 seconds/],
  [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, admissionReviewVersions: [] }] }),
    /^webhooks\[0\]\.admissionReviewVersions: Required value/,
  ],
  [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, clientConfig: {} }] }),
    /exactly one of url or service is required/,
  ],
  [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, clientConfig: { url: 'http://x' } }] }),
    /'https' is the only allowed URL scheme/,
  ],
  ...Object.entries({
    'https://x?a=b': /^webhooks\[0\]\.clientConfig\.url: Invalid value: "a=b": query parameters are not permitted/,
    'https://x#a': /fragments are not permitted in the URL/,
    'https://u@x': /user information is not permitted in the URL/,
    'https://': /url must be a valid URL/,
    'ftp://x': /Invalid value: "ftp": 'https' is the only allowed URL scheme; desired format: https:\/\/host\[\/path\]$/,
  }).map(([url, problem]): [Manifest, RegExp] => [
    hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, clientConfig: { url } }] }),
    problem,
  ]),
  ...(
    [
      [{ name: '', namespace: 'n' }, /^webhooks\[0\]\.clientConfig\.service\.name: Required value/],
      [{ name: 's', namespace: 'n', port: 70_000 }, /service\.port: Invalid value: 70000: port is not valid/],
      [{ name: 's', namespace: 'n', path: 'x' }, /service\.path: Invalid value: "x": must start with a '\/'$/],
      [{ name: 's', namespace: 'n', path: '/a//b' }, /service\.path: Invalid value: "\/a\/\/b": segment\[1\] may not be empty$/],
    ] as [object, RegExp][]
  ).map(([service, problem]): [Manifest, RegExp] => [
    hooks('MutatingWebhookConfiguration', { webhooks: [{ ...hook, clientConfig: { service } }] }),
    problem,
  ]),
  ...(
    [
      [{ operations: [] }, /^webhooks\[0\]\.rules\[0\]\.operations: Required value$/],
      [{ operations: ['*', 'CREATE'] }, /if '\*' is present, must not specify other operations$/],
      [{ operations: ['READ'] }, /^webhooks\[0\]\.rules\[0\]\.operations\[0\]: Unsupported value: "READ"/],
      [{ apiGroups: [] }, /apiGroups: Required value$/],
      [{ apiVersions: ['*', 'v1'] }, /must not specify other API versions$/],
      [{ resources: [] }, /resources: Required value$/],
      [{ resources: ['*/*', 'pods'] }, /must not specify other resources$/],
      [{ resources: ['pods/*', 'pods/exec'] }, /if 'pods\/\*' is present, must not specify pods\/exec$/],
      [{ resources: ['*/scale', 'pods/scale'] }, /if '\*\/scale' is present, must not specify pods\/scale$/],
      [{ scope: 'Here' }, /scope: Unsupported value: "Here"/],
    ] as [object, RegExp][]
  ).map(([part, problem]): [Manifest, RegExp] => {
    const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], ...part }
    return [hooks('ValidatingWebhookConfiguration', { webhooks: [{ ...hook, rules: [rule] }] }), problem]
  }),
  ...Object.entries({ failurePolicy: 'Maybe', matchPolicy: 'Nearly', reinvocationPolicy: 'Always' }).map(
    ([field, value]): [Manifest, RegExp] => [
      hooks('MutatingWebhookConfiguration', { webhooks: [{ ...hook, [field]: value }] }),
      new RegExp(`^webhooks\\[0\\]\\.${field}: Unsupported value: "${value}"`),
    ],
  ),
  [
    hooks('MutatingWebhookConfiguration', {
      webhooks: [{ ...hook, objectSelector: { matchExpressions: [{ key: 'a', operator: 'Like' }] } }],
    }),
    /^webhooks\[0\]\.objectSelector\.matchExpressions\[0\]\.operator: Invalid value/,
  ],
  [hooks('ValidatingWebhookConfiguration', { webhooks: [hook, hook] }), /^webhooks\[1\]\.name: Duplicate value: "a\.b\.c"$/],
  [hooks('ValidatingAdmissionPolicy', { spec: {} }), /^spec\.matchConstraints: Required value$/],
  [hooks('ValidatingAdmissionPolicyBinding', { spec: {} }), /^spec\.policyName: Required value$/],
  [
    definition({}, 'other.example.com'),
    /^metadata\.name: Invalid value: "other\.example\.com": must be spec\.names\.plural\+"\."\+spec\.group$/,
  ],
  [definition({ scope: 'Galaxy' }), /^spec\.scope: Unsupported value: "Galaxy": supported values: "Cluster", "Namespaced"$/],
  [
    definition({ versions: [{ name: 'v1', served: true, storage: false }] }),
    /must have exactly one version marked as storage version/,
  ],
  [
    definition({ versions: [{ name: 'v1', served: true, storage: true }] }),
    /^spec\.versions\[0\]\.schema\.openAPIV3Schema: Required value/,
  ],
  [of('apiregistration.k8s.io/v1', 'APIService', { spec: { group: 'a.b', version: 'v1' } }), /must be `spec\.version/],
  ...(
    [
      [{ groupPriorityMinimum: 0 }, /^spec\.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000$/],
      [{ versionPriority: 1001 }, /^spec\.versionPriority: Invalid value: 1001: must be positive and less than 1000$/],
      [{ caBundle: 'YWI=' }, /^spec\.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle$/],
      [{ insecureSkipTLSVerify: true }, /local APIServices may not have insecureSkipTLSVerify$/],
      [{ service: { name: 's', namespace: '' } }, /^spec\.service\.namespace: Required value$/],
      [
        { service: { name: 's', namespace: 'n' }, caBundle: 'YWI=', insecureSkipTLSVerify: true },
        /^spec\.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present$/,
      ],
    ] as [object, RegExp][]
  ).map(([part, problem]): [Manifest, RegExp] => {
    const spec = { group: 'a.b', version: 'v1', groupPriorityMinimum: 1, versionPriority: 1, ...part }
    return [{ ...of('apiregistration.k8s.io/v1', 'APIService', { spec }), metadata: { name: 'v1.a.b' } }, problem]
  }),
  [ingress({}), /either `defaultBackend` or `rules` must be specified/],
  [ingress({ defaultBackend: {} }), /resource or service backend is required/],
  [
    ingress({ defaultBackend: { service: { name: 's', port: { name: 'a', number: 1 } } } }),
    /cannot set both port name & port number/,
  ],
  [ingress({ defaultBackend: { service: { name: 's' } } }), /port name or number is required/],
  [
    ingress({ rules: [{ http: { paths: [{ path: '/', backend }] } }] }),
    /^spec\.rules\[0\]\.http\.paths\[0\]\.pathType: Required value/,
  ],
  [ingress({ rules: [{ http: { paths: [{ path: 'x', pathType: 'Exact', backend }] } }] }), /must be an absolute path/],
  [ingress({ rules: [{ host: 'A', http: { paths: [] } }] }), /^spec\.rules\[0\]\.host: Invalid value: "A"/],
  [net('NetworkPolicy', { spec: { podSelector: {}, ingress: [{ from: [{}] }] } }), /must specify a peer/],
  [
    net('NetworkPolicy', { spec: { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: 'x' } }] }] } }),
    /^spec\.egress\[0\]\.to\[0\]\.ipBlock\.cidr: Invalid value: "x"/,
  ],
  [
    net('NetworkPolicy', { spec: { podSelector: {}, egress: [{ ports: [{ port: 5, endPort: 2 }] }] } }),
    /must be greater than or equal to `port`/,
  ],
  [
    net('NetworkPolicy', { spec: { podSelector: {}, policyTypes: ['Sideways'] } }),
    /^spec\.policyTypes\[0\]: Unsupported value: "Sideways"/,
  ],
  [net('ServiceCIDR', { spec: {} }), /at least one CIDR required/],
  [
    net('IPAddress', { spec: { parentRef: { resource: 'services', name: 's' } } }),
    /^metadata\.name: Invalid value: "x": must be a valid IP address/,
  ],
  [store('StorageClass', { provisioner: '' }), /^provisioner: Required value$/],
  [store('StorageClass', { provisioner: 'a b' }), /^provisioner: Invalid value: "a b"/],
  [store('StorageClass', { provisioner: 'p', reclaimPolicy: 'Recycle' }), /^reclaimPolicy: Unsupported value: "Recycle"/],
  [
    store('StorageClass', { provisioner: 'p', parameters: { '': 'x' } }),
    /^parameters: Invalid value: "": field can not be empty/,
  ],
  [store('StorageClass', { provisioner: 'p', parameters: { a: 'x'.repeat(256 * 1024) } }), /^parameters: Too long/],
  [
    store('StorageClass', {
      provisioner: 'p',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'a'] }] }],
    }),
    /^allowedTopologies\[0\]\.matchLabelExpressions\[0\]\.values\[1\]: Duplicate value: "a"$/,
  ],
  [scaler({ maxReplicas: 0 }), /^spec\.maxReplicas: Invalid value: 0: must be greater than 0$/],
  [scaler({ minReplicas: 5 }), /must be greater than or equal to `minReplicas`/],
  [budget({ minAvailable: 1, maxUnavailable: 1 }), /minAvailable and maxUnavailable cannot be both set/],
  [budget({ minAvailable: '101%' }), /must not be greater than 100%/],
  [budget({ minAvailable: 'x' }), /a valid percent string must be/],
  [priority(1_000_000_001), /^value: Forbidden: maximum allowed value of a user defined priority is 1000000000$/],
  [priority(5, 'system-mine'), /reserved for system use only/],
  [request({ usages: [] }), /^spec\.usages: Required value$/],
  [request({ signerName: 'x' }), /must be a fully qualified domain and path/],
  [request({ expirationSeconds: 5 }), /duration less than 600 seconds/],
]
for (const [manifest, error] of wrong) {
  test(`refused: ${manifest.kind}: ${error.source}`, () => {
    const found = findings(JSON.parse(JSON.stringify(manifest)))
    assert.ok(
      found.some((one) => error.test(one)),
      found.join('\n') || 'nothing was found',
    )
  })
}

const frozen: [manifest: Manifest, change: (object: KubeObject) => void, error: RegExp][] = [
  [
    binding('RoleBinding'),
    (one) => void Object.assign(one, { roleRef: { kind: 'Role', name: 'r' } }),
    /^roleRef: Invalid value: .*: cannot change roleRef$/,
  ],
  [
    store('StorageClass', { provisioner: 'p' }),
    (one) => void Object.assign(one, { provisioner: 'q' }),
    /^provisioner: Forbidden: updates to provisioner are forbidden\.$/,
  ],
  [priority(1), (one) => void Object.assign(one, { value: 2 }), /^value: Forbidden: may not be changed in an update\.$/],
  [
    of('node.k8s.io/v1', 'RuntimeClass', { handler: 'h' }),
    (one) => void Object.assign(one, { handler: 'i' }),
    /^handler: Invalid value: "i": field is immutable$/,
  ],
  [
    definition(),
    (one) => void Object.assign(spec(one), { group: 'other.com' }),
    /spec\.group: Invalid value: "other.com": field is immutable/,
  ],
  [request({}), (one) => void Object.assign(spec(one), { signerName: 'a.b/d' }), /^spec: Invalid value: .*: field is immutable$/],
  [
    net('IngressClass', { spec: { controller: 'a.b/c' } }),
    (one) => void Object.assign(spec(one), { controller: 'a.b/d' }),
    /^spec\.controller: Invalid value: "a.b\/d"/,
  ],
]
for (const [manifest, change, error] of frozen) {
  test(`${manifest.kind}: what stays, stays`, () => {
    assert.equal(
      updateFindings(manifest, () => undefined),
      [],
    )
    assert.match(updateFindings(manifest, change).join('\n'), error)
  })
}
