/** What the API finds wrong in objects of the other kinds that users write, over the wire. */
import { assert, test } from '../../testing/contract.js'
import { startServer } from './testing.js'
import { type Table, wrongIn } from './testing-validation.js'

const inDefault = (group: string, resource: string): string => `${group}/namespaces/default/${resource}`
const subdomain =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const usages =
  '"any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only", "digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping"'
const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n').toString('base64')
const badOperator = { matchExpressions: [{ key: 'a', operator: 'Is' }] }
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'b' }] } }
const workload = (apiVersion: string, kind: string, spec: object = {}): Record<string, unknown> => ({
  apiVersion,
  kind,
  spec: { selector: { matchLabels: { a: 'b' } }, template, ...spec },
})

const workloads: readonly Table[] = [
  {
    path: inDefault('/apis/apps/v1', 'deployments'),
    base: workload('apps/v1', 'Deployment'),
    creates: [
      [
        'spec.selector',
        badOperator,
        'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      ],
      [
        'spec.strategy',
        { type: 'Magic' },
        'spec.strategy.type: Unsupported value: "Magic": supported values: "Recreate", "RollingUpdate"',
      ],
      [
        'spec.template.spec.securityContext',
        { runAsUser: -1 },
        'spec.template.spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
      [
        'spec.template.metadata.annotations',
        { 'a b': '' },
        "spec.template.metadata.annotations: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
      [
        'spec.template.spec.ephemeralContainers',
        [{ name: 'e', image: 'b' }],
        'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
      ],
    ],
    updates: [
      [
        'spec.selector.matchLabels',
        { c: 'd' },
        'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
        'spec.selector: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable',
      ],
    ],
  },
  {
    path: inDefault('/apis/apps/v1', 'statefulsets'),
    base: workload('apps/v1', 'StatefulSet', { serviceName: 's' }),
    creates: [
      [
        'spec.podManagementPolicy',
        'Any',
        "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'",
      ],
      [
        'spec.updateStrategy',
        { type: 'Any' },
        'spec.updateStrategy: Invalid value: {"type":"Any"}: must be \'RollingUpdate\' or \'OnDelete\'',
      ],
      [
        'spec.persistentVolumeClaimRetentionPolicy',
        { whenDeleted: 'Keep', whenScaled: 'Retain' },
        'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Delete", "Retain"',
      ],
    ],
  },
  {
    path: inDefault('/apis/apps/v1', 'daemonsets'),
    base: workload('apps/v1', 'DaemonSet'),
    creates: [
      [
        'spec.updateStrategy',
        { type: 'Any' },
        'spec.updateStrategy.type: Unsupported value: "Any": supported values: "OnDelete", "RollingUpdate"',
      ],
      [
        'spec.updateStrategy',
        { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '101%' } },
        'spec.updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
      ],
    ],
  },
  {
    path: inDefault('/apis/batch/v1', 'cronjobs'),
    base: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      spec: {
        schedule: '* * * * *',
        jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } } } },
      },
    },
    creates: [
      [
        'spec.concurrencyPolicy',
        'Any',
        'spec.concurrencyPolicy: Unsupported value: "Any": supported values: "Allow", "Forbid", "Replace"',
      ],
      ['spec.schedule', undefined, 'spec.schedule: Required value'],
    ],
  },
]

const budgets: Table = {
  path: inDefault('/apis/policy/v1', 'poddisruptionbudgets'),
  base: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', spec: { minAvailable: 1, selector: {} } },
  creates: [
    [
      'spec.selector',
      badOperator,
      'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
    [
      'spec.unhealthyPodEvictionPolicy',
      'Any',
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Any": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ],
}

const storage: readonly Table[] = [
  {
    path: '/apis/storage.k8s.io/v1/storageclasses',
    base: { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', provisioner: 'example.com/p' },
    creates: [
      [
        'provisioner',
        'a b',
        "provisioner: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
      ['reclaimPolicy', 'Burn', 'reclaimPolicy: Unsupported value: "Burn": supported values: "Delete", "Retain"'],
      [
        'volumeBindingMode',
        'Later',
        'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
      ['parameters', { '': 'a' }, 'parameters: Invalid value: "": field can not be empty.'],
      [
        'allowedTopologies',
        [{ matchLabelExpressions: [{ key: 'a', values: [] }] }],
        'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
      ],
      [
        'allowedTopologies',
        [{ matchLabelExpressions: [{ key: 'a', values: ['b', 'b'] }] }],
        'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "b"',
      ],
    ],
    updates: [
      [
        'volumeBindingMode',
        'WaitForFirstConsumer',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
      ],
      ['parameters', { a: 'b' }, 'parameters: Forbidden: updates to parameters are forbidden.'],
      ['allowVolumeExpansion', true],
    ],
  },
  {
    path: '/apis/storage.k8s.io/v1/csidrivers',
    base: { apiVersion: 'storage.k8s.io/v1', kind: 'CSIDriver', spec: {} },
    creates: [
      ['spec.tokenRequests', [{ audience: '' }, { audience: 'a', expirationSeconds: 600 }]],
      ['spec.tokenRequests', [{ audience: 'a' }, { audience: 'a' }], 'spec.tokenRequests[1].audience: Duplicate value: "a"'],
      [
        'spec.tokenRequests',
        [{ audience: 'a', expirationSeconds: 599 }],
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
      ],
      [
        'spec.tokenRequests',
        [{ audience: 'a', expirationSeconds: 2 ** 32 + 1 }],
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      ],
      [
        'spec.fsGroupPolicy',
        'Some',
        'spec.fsGroupPolicy: Unsupported value: "Some": supported values: "File", "None", "ReadWriteOnceWithFSType"',
      ],
      [
        'spec.volumeLifecycleModes',
        ['Now'],
        'spec.volumeLifecycleModes[0]: Unsupported value: "Now": supported values: "Ephemeral", "Persistent"',
      ],
    ],
    updates: [
      ['spec.attachRequired', false, 'spec.attachedRequired: Invalid value: false: field is immutable'],
      ['spec.volumeLifecycleModes', ['Ephemeral'], 'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable'],
      ['spec.podInfoOnMount', true],
    ],
  },
  {
    path: '/apis/storage.k8s.io/v1/volumeattachments',
    base: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'VolumeAttachment',
      spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'p' } },
    },
    creates: [
      ['spec.source', {}, 'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
      ['spec.nodeName', 'A', `spec.nodeName: Invalid value: "A": ${subdomain}`],
    ],
    updates: [
      [
        'spec.nodeName',
        'm',
        'spec: Invalid value: {"attacher":"a","nodeName":"m","source":{"persistentVolumeName":"p"}}: field is immutable',
      ],
    ],
  },
]

const access: readonly Table[] = [
  {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    base: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', rules: [] },
    creates: [
      [
        'aggregationRule',
        {},
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
      [
        'aggregationRule',
        { clusterRoleSelectors: [badOperator] },
        'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
      ],
      [
        'rules',
        [{ verbs: [], apiGroups: [''], resources: ['pods'] }],
        'rules[0].verbs: Required value: verbs must contain at least one value',
      ],
    ],
  },
  {
    path: inDefault('/apis/rbac.authorization.k8s.io/v1', 'rolebindings'),
    base: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'r' },
    },
    creates: [
      ['roleRef.kind', 'Pod', 'roleRef.kind: Unsupported value: "Pod": supported values: "ClusterRole", "Role"'],
      ['subjects', [{ kind: 'ServiceAccount', name: 'a' }]],
      [
        'subjects',
        [{ kind: 'Robot', name: 'a' }],
        'subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
      ],
    ],
    updates: [
      [
        'roleRef.name',
        'other',
        'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"other"}: cannot change roleRef',
      ],
    ],
  },
  {
    path: '/apis/certificates.k8s.io/v1/certificatesigningrequests',
    base: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      spec: { request, signerName: 'example.com/s', usages: ['client auth'] },
    },
    creates: [
      [
        'spec.request',
        Buffer.from('x').toString('base64'),
        'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST',
      ],
      ['spec.usages', ['client auth', 'client auth'], 'spec.usages[1]: Duplicate value: "client auth"'],
      ['spec.usages', ['juggling'], `spec.usages[0]: Unsupported value: "juggling": supported values: ${usages}`],
      [
        'spec.signerName',
        'kubernetes.io/legacy-unknown',
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
      ['spec.signerName', 'Example.com/s', `spec.signerName: Invalid value: "Example.com": validating label "Example": ${label}`],
      [
        'spec.signerName',
        'example/s',
        'spec.signerName: Invalid value: "example": should be a domain with at least two segments separated by dots',
      ],
    ],
  },
]

const flow = (fields: object): object => ({ subjects: [{ kind: 'User', user: { name: 'u' } }], ...fields })
const resourceRule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }
const shares: readonly Table[] = [
  {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas',
    base: {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'FlowSchema',
      spec: { priorityLevelConfiguration: { name: 'l' }, rules: [flow({ resourceRules: [resourceRule] })] },
    },
    creates: [
      ['spec.matchingPrecedence', 10_001, 'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
      [
        'spec.distinguisherMethod',
        { type: 'ByHat' },
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByHat"}: supported values: "ByNamespace", "ByUser"',
      ],
      [
        'spec.matchingPrecedence',
        1,
        "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
      ],
      ['spec.matchingPrecedence', -1, 'spec.matchingPrecedence: Invalid value: -1: must be a positive value'],
      [
        'spec.priorityLevelConfiguration',
        {},
        'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
      ],
      [
        'spec.rules',
        [{ subjects: [], resourceRules: [resourceRule] }],
        'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      ],
      [
        'spec.rules',
        [flow({})],
        'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      ],
      [
        'spec.rules.0.subjects',
        [{ kind: 'User' }],
        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
      ],
      [
        'spec.rules.0.subjects',
        [{ kind: 'Hat' }],
        'spec.rules[0].subjects[0].kind: Unsupported value: "Hat": supported values: "Group", "ServiceAccount", "User"',
      ],
      [
        'spec.rules.0.subjects',
        [{ kind: 'Group', group: { name: 'g' }, user: { name: 'u' } }],
        "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      ],
      [
        'spec.rules.0.subjects',
        [{ kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: '' } }],
        `spec.rules[0].subjects[0].serviceAccount.name: Invalid value: "A": ${subdomain}`,
        'spec.rules[0].subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
      ],
      [
        'spec.rules.0.resourceRules',
        [{ verbs: ['*', 'get'], apiGroups: [], resources: ['*', 'x'], namespaces: ['A'] }],
        `spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`,
        'spec.rules[0].resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group',
        `spec.rules[0].resourceRules[0].resources: Invalid value: ["*","x"]: if '*' is present, must not specify other resources`,
        `spec.rules[0].resourceRules[0].namespaces[0]: Invalid value: "A": each member of this list must be '*' or a DNS-1123 label; ${label}`,
      ],
      [
        'spec.rules.0.resourceRules',
        [{ ...resourceRule, verbs: ['juggle'], namespaces: [] }],
        'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["juggle"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
        'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
      ],
      ['spec.rules.0.resourceRules', [{ ...resourceRule, namespaces: [], clusterScope: true }]],
      [
        'spec.rules.0.nonResourceRules',
        [{ verbs: ['*'], nonResourceURLs: ['/', 'x', '/a b', '/a//b', '/a*', '/a/*'] }],
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "x": must start with slash',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[2]: Invalid value: "/a b": must not contain white-space',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/a//b": must not contain double slash',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[4]: Invalid value: "/a*": wildcard can only do suffix matching',
      ],
      ['spec.rules.0.nonResourceRules', [{ verbs: ['get'], nonResourceURLs: ['*'] }]],
    ],
  },
  {
    path: '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations',
    base: {
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
      kind: 'PriorityLevelConfiguration',
      spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
    },
    creates: [
      ['spec.type', 'Some', 'spec.type: Unsupported value: "Some": supported values: "Exempt", "Limited"'],
      ['spec.limited', undefined, 'spec.limited: Required value: must not be empty when type is Limited'],
      [
        'spec.type',
        'Exempt',
        `spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`,
        'spec.limited: Forbidden: must be nil if the type is not Limited',
      ],
      ['spec.exempt', {}, 'spec.exempt: Forbidden: must be nil if the type is Limited'],
      [
        'spec.limited',
        { nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1, limitResponse: { type: 'Drop' } },
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
        'spec.limited.limitResponse.type: Unsupported value: "Drop": supported values: "Queue", "Reject"',
      ],
      [
        'spec.limited.limitResponse',
        { type: 'Reject', queuing: {} },
        'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
      ],
      [
        'spec.limited.limitResponse',
        { type: 'Queue', queuing: { queues: 4, handSize: 5, queueLengthLimit: -1 } },
        'spec.limited.limitResponse.queuing.queueLengthLimit: Invalid value: -1: must be positive',
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)',
      ],
      [
        'spec.limited.limitResponse',
        { type: 'Queue', queuing: { queues: 256, handSize: 8 } },
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 8: required entropy bits of deckSize 256 and handSize 8 should not be greater than 60',
      ],
      [
        'spec.limited.limitResponse',
        { type: 'Queue', queuing: { queues: 10_000_001, handSize: 1 } },
        'spec.limited.limitResponse.queuing.queues: Invalid value: 10000001: must not be greater than 10000000',
      ],
      [
        'spec.limited.limitResponse.type',
        'Queue',
        'spec.limited.limitResponse.queuing: Required value: must not be empty if limited.limitResponse.type is Limited',
      ],
    ],
  },
  {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    base: { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', handler: 'h' },
    creates: [
      ['handler', 'A', `handler: Invalid value: "A": ${label}`],
      [
        'overhead',
        { podFixed: { cpu: '-1' } },
        'overhead.podFixed[cpu]: Invalid value: "-1": must be greater than or equal to 0',
      ],
      [
        'scheduling',
        { tolerations: [{ value: 'a' }] },
        'scheduling.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ],
    ],
    updates: [['handler', 'g', 'handler: Invalid value: "g": field is immutable']],
  },
]

test('other kinds', async (t) => {
  const server = await startServer()
  t.defer(() => server.stop())
  const all: string[] = []
  for (const table of [...workloads, budgets, ...storage, ...access, ...shares]) {
    const wrong = await wrongIn(server, table)
    all.push(...wrong.map((one) => `${table.path} ${one}`))
  }
  assert.is(all.join('\n'), '')
})
