/** What the API finds wrong in Pods, over the wire. */
import { assert, test } from '../../testing/contract.js'
import { startServer } from './testing.js'
import { type Case, wrongIn } from './testing-validation.js'

const container = { name: 'a', image: 'b' }
const base = {
  apiVersion: 'v1',
  kind: 'Pod',
  spec: { automountServiceAccountToken: false, containers: [container], volumes: [{ name: 'v', emptyDir: {} }] },
}
const path = '/api/v1/namespaces/default/pods'

const userRange = 'must be between 0 and 2147483647, inclusive'
const variables =
  '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'
const env = (valueFrom: object): object[] => [{ name: 'E', valueFrom }]
const mount = (fields: object = {}): object => ({ name: 'v', mountPath: '/m', ...fields })
const probe = (fields: object): object => ({ httpGet: { port: 80 }, ...fields })
const selector = (fields: object): object => ({ matchExpressions: [fields] })
const spread = (fields: object): object[] => [
  { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {}, ...fields },
]

const placement: readonly Case[] = [
  [
    'spec.tolerations',
    [{ key: 'a', operator: 'Like' }],
    'spec.tolerations[0].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
  ],
  [
    'spec.tolerations',
    [{ key: 'a', effect: 'Never' }],
    'spec.tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ],
  [
    'spec.tolerations',
    [{ value: 'a' }],
    'spec.tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  ['spec.tolerations', [{ key: 'a', operator: 'Exists', tolerationSeconds: 5, effect: 'NoExecute' }]],
  [
    'spec.readinessGates',
    [{ conditionType: 'a b' }],
    "spec.readinessGates[0].conditionType: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  ['spec.readinessGates', [{ conditionType: 'example.com/ready' }]],
  [
    'spec.topologySpreadConstraints',
    spread({ minDomains: 0 }),
    'spec.topologySpreadConstraints[0].minDomains: Invalid value: 0: must be greater than zero',
  ],
  [
    'spec.topologySpreadConstraints',
    spread({ minDomains: 1, whenUnsatisfiable: 'ScheduleAnyway' }),
    'spec.topologySpreadConstraints[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
  ],
  [
    'spec.topologySpreadConstraints',
    spread({ whenUnsatisfiable: 'Maybe' }),
    'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "Maybe": supported values: "DoNotSchedule", "ScheduleAnyway"',
  ],
  [
    'spec.topologySpreadConstraints',
    spread({ nodeTaintsPolicy: 'Maybe' }),
    'spec.topologySpreadConstraints[0].nodeTaintsPolicy: Unsupported value: "Maybe": supported values: "Honor", "Ignore"',
  ],
  [
    'spec.topologySpreadConstraints',
    spread({ matchLabelKeys: ['a'], labelSelector: { matchLabels: { a: 'b' } } }),
    'spec.topologySpreadConstraints[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
  ],
  [
    'spec.topologySpreadConstraints',
    spread({ matchLabelKeys: ['a'], labelSelector: undefined }),
    'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
  ],
  [
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution',
    [{ topologyKey: 'z', labelSelector: selector({ key: 'a', operator: 'Is' }) }],
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
  ],
  [
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution',
    [{ topologyKey: 'z', labelSelector: selector({ key: 'a', operator: 'In' }) }],
    "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ],
  [
    'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution',
    [{ topologyKey: 'z', namespaces: ['A'] }],
    "spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].namespaces[0]: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms',
    [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }],
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
  ],
  [
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms',
    [{ matchFields: [{ key: 'metadata.name', operator: 'Gt', values: ['1'] }] }],
    'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchFields[0].operator: Invalid value: "Gt": not a valid selector operator',
  ],
  ['spec.overhead', { cpu: '-1' }, 'spec.overhead[cpu]: Invalid value: "-1": must be greater than or equal to 0'],
]

const identity: readonly Case[] = [
  ['spec.securityContext', { runAsUser: 2 ** 31 }, `spec.securityContext.runAsUser: Invalid value: 2147483648: ${userRange}`],
  ['spec.securityContext', { runAsGroup: -1 }, `spec.securityContext.runAsGroup: Invalid value: -1: ${userRange}`],
  ['spec.securityContext', { fsGroup: 2 ** 31 }, `spec.securityContext.fsGroup: Invalid value: 2147483648: ${userRange}`],
  [
    'spec.securityContext',
    { supplementalGroups: [1, -1] },
    `spec.securityContext.supplementalGroups[1]: Invalid value: -1: ${userRange}`,
  ],
  [
    'spec.securityContext',
    { sysctls: [{ name: 'a..b', value: '1' }] },
    'spec.securityContext.sysctls[0].name: Invalid value: "a..b": must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$',
  ],
  [
    'spec.securityContext',
    {
      sysctls: [
        { name: 'kernel.shm_rmid_forced', value: '1' },
        { name: 'kernel.shm_rmid_forced', value: '1' },
      ],
    },
    'spec.securityContext.sysctls[1].name: Duplicate value: "kernel.shm_rmid_forced"',
  ],
  [
    'spec.securityContext',
    { seccompProfile: { type: 'Localhost' } },
    'spec.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
  ],
  [
    'spec.securityContext',
    { seccompProfile: { type: 'RuntimeDefault', localhostProfile: 'a' } },
    'spec.securityContext.seccompProfile.localhostProfile: Invalid value: {"type":"RuntimeDefault","localhostProfile":"a"}: can only be set when seccomp type is Localhost',
  ],
  [
    'spec.securityContext',
    { seccompProfile: { type: 'Localhost', localhostProfile: '../a' } },
    'spec.securityContext.seccompProfile.localhostProfile: Invalid value: "../a": must not contain \'..\'',
  ],
  [
    'spec.securityContext',
    { appArmorProfile: { type: 'Localhost' } },
    'spec.securityContext.appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
  ],
  [
    'spec.containers.0.securityContext',
    { runAsUser: 2 ** 31 },
    `spec.containers[0].securityContext.runAsUser: Invalid value: 2147483648: ${userRange}`,
  ],
  [
    'spec.containers.0.securityContext',
    { seccompProfile: { type: 'Localhost' } },
    'spec.containers[0].securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
  ],
  [
    'spec.securityContext.fsGroupChangePolicy',
    'Now',
    'spec.securityContext.fsGroupChangePolicy: Unsupported value: "Now": supported values: "Always", "OnRootMismatch"',
  ],
  ['spec.os', { name: 'beos' }, 'spec.os.name: Unsupported value: "beos": supported values: "linux", "windows"'],
  [
    'spec.preemptionPolicy',
    'Sometimes',
    'spec.preemptionPolicy: Unsupported value: "Sometimes": supported values: "Never", "PreemptLowerPriority"',
  ],
  [
    'spec.dnsConfig.searches',
    Array.from({ length: 33 }, () => 'a'),
    `spec.dnsConfig.searches: Invalid value: ${JSON.stringify(Array.from({ length: 33 }, () => 'a'))}: must not have more than 32 search paths`,
  ],
  ['spec.dnsConfig.searches', ['a_b', '.', 'example.com.']],
  [
    'spec.dnsConfig.nameservers',
    ['1.1.1.1', '1.1.1.2', '1.1.1.3', '1.1.1.4'],
    'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","1.1.1.4"]: must not have more than 3 nameservers',
  ],
  ['spec.dnsConfig.options', [{ name: '' }], 'spec.dnsConfig.options[0]: Required value: must not be empty'],
  [
    'spec.hostAliases',
    [{ ip: 'x' }],
    'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
]

const volumes: readonly Case[] = [
  [
    'spec.volumes.0',
    { name: 'v', emptyDir: { sizeLimit: '-1' } },
    'spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity',
  ],
  [
    'spec.volumes.0',
    { name: 'v', hostPath: { path: '/a', type: 'Dir' } },
    'spec.volumes[0].hostPath.type: Unsupported value: "Dir": supported values: "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
  ],
  ['spec.volumes.0', { name: 'v', persistentVolumeClaim: {} }, 'spec.volumes[0].persistentVolumeClaim.claimName: Required value'],
  [
    'spec.volumes.0',
    { name: 'v', nfs: { server: 'a', path: 'b' } },
    'spec.volumes[0].nfs.path: Invalid value: "b": must be an absolute path',
  ],
  [
    'spec.volumes.0',
    { name: 'v', csi: { driver: 'a b' } },
    "spec.volumes[0].csi.driver: Invalid value: \"a b\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
  ],
  [
    'spec.volumes.0',
    { name: 'v', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'status.podIP' } }] } },
    'spec.volumes[0].downwardAPI.items[0].fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
  ],
  ['spec.volumes.0', { name: 'v', downwardAPI: { items: [{ path: 'a', fieldRef: { fieldPath: 'metadata.labels' } }] } }],
  [
    'spec.volumes.0',
    { name: 'v', downwardAPI: { items: [{ path: 'a', resourceFieldRef: { resource: 'limits.cpu' } }] } },
    'spec.volumes[0].downwardAPI.items[0].resourceFieldRef.containerName: Required value',
  ],
  [
    'spec.volumes.0',
    { name: 'v', downwardAPI: { items: [{ path: 'a', resourceFieldRef: { containerName: 'a', resource: 'limits.gpu' } }] } },
    'spec.volumes[0].downwardAPI.items[0].resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
  ],
  [
    'spec.volumes.0',
    {
      name: 'v',
      projected: {
        sources: [
          { secret: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
          { configMap: { name: 'a', items: [{ key: 'k', path: 'p' }] } },
        ],
      },
    },
    'spec.volumes[0].projected.sources[1].configMap.path: Invalid value: "p": conflicting duplicate paths',
  ],
  ['spec.volumes.0', { name: 'v', ephemeral: {} }, 'spec.volumes[0].ephemeral.volumeClaimTemplate: Required value'],
  [
    'spec.volumes.0',
    { name: 'v', ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'], resources: {} } } } },
    'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value',
  ],
  [
    'spec.volumes.0',
    { name: 'v', iscsi: { targetPortal: 'a', iqn: 'x', lun: 0 } },
    'spec.volumes[0].iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
  ],
  [
    'spec.containers.0.volumeMounts',
    [mount({ mountPropagation: 'Bidirectional' })],
    'spec.containers[0].volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
  ],
  [
    'spec.containers.0.volumeMounts',
    [mount({ mountPropagation: 'Up' })],
    'spec.containers[0].volumeMounts[0].mountPropagation: Unsupported value: "Up": supported values: "Bidirectional", "HostToContainer", "None"',
  ],
  [
    'spec.containers.0.volumeMounts',
    [mount({ recursiveReadOnly: 'Enabled' })],
    'spec.containers[0].volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
  ],
  [
    'spec.containers.0.volumeDevices',
    [{ name: 'v', devicePath: '' }],
    'spec.containers[0].volumeDevices[0].devicePath: Required value',
    'spec.containers[0].volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
  ],
]

const containers: readonly Case[] = [
  [
    'spec.containers.0.env',
    env({ fieldRef: { fieldPath: 'spec.x' } }),
    'spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: "spec.x": error converting fieldPath: field label not supported: spec.x',
  ],
  [
    'spec.containers.0.env',
    env({ fieldRef: { fieldPath: 'status.phase' } }),
    `spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "status.phase": supported values: ${variables}`,
  ],
  [
    'spec.containers.0.env',
    env({ fieldRef: { fieldPath: "metadata.labels['a b']" } }),
    "spec.containers[0].env[0].valueFrom.fieldRef: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  [
    'spec.containers.0.env',
    env({ fieldRef: { fieldPath: "metadata.name['a']" } }),
    "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.name['a']\": error converting fieldPath: field label does not support subscript: metadata.name['a']",
  ],
  ['spec.containers.0.env', env({ fieldRef: { fieldPath: "metadata.annotations['a.b/c']" } })],
  ['spec.containers.0.env', env({ fieldRef: { fieldPath: 'status.hostIPs' } })],
  [
    'spec.containers.0.env',
    env({ resourceFieldRef: { resource: 'limits.gpu' } }),
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.gpu": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"',
  ],
  [
    'spec.containers.0.env',
    env({ resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } }),
    'spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor: Invalid value: "cpu": only divisor\'s values 1m and 1 are supported with the cpu resource',
  ],
  [
    'spec.containers.0.env',
    env({ configMapKeyRef: { name: 'a', key: 'a b' } }),
    "spec.containers[0].env[0].valueFrom.configMapKeyRef.key: Invalid value: \"a b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  [
    'spec.containers.0.env',
    env({ secretKeyRef: { name: 'a' } }),
    'spec.containers[0].env[0].valueFrom.secretKeyRef.key: Required value',
  ],
  [
    'spec.containers.0.imagePullPolicy',
    'Later',
    'spec.containers[0].imagePullPolicy: Unsupported value: "Later": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [
    'spec.containers.0.terminationMessagePolicy',
    'Later',
    'spec.containers[0].terminationMessagePolicy: Unsupported value: "Later": supported values: "FallbackToLogsOnError", "File"',
  ],
  [
    'spec.containers.0.ports',
    [{ containerPort: 80, protocol: 'ICMP' }],
    'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    'spec.containers.0.ports',
    [{ containerPort: 80, hostPort: 80, hostIP: 'x' }],
    'spec.containers[0].ports[0].hostIP: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    'spec.containers.0.livenessProbe',
    probe({ httpGet: { port: 80, scheme: 'FTP' } }),
    'spec.containers[0].livenessProbe.httpGet.scheme: Unsupported value: "FTP": supported values: "HTTP", "HTTPS"',
  ],
  [
    'spec.containers.0.livenessProbe',
    probe({ httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: '' }] } }),
    "spec.containers[0].livenessProbe.httpGet.httpHeaders: Invalid value: \"a b\": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
  ],
  [
    'spec.containers.0.lifecycle',
    { preStop: { sleep: { seconds: 31 } } },
    'spec.containers[0].lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)',
  ],
  ['spec.containers.0.lifecycle', { preStop: { sleep: { seconds: 0 } } }],
  [
    'spec.containers.0.resources',
    { limits: { 'hugepages-2Mi': '2Mi' } },
    'spec.containers[0].resources: Forbidden: HugePages require cpu or memory',
  ],
  [
    'spec.containers.0.resources',
    { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } },
    'spec.containers[0].resources.limits[hugepages-2Mi]: Invalid value: "3Mi": must be a positive integer multiple of page size',
    'spec.containers[0].resources.requests[hugepages-2Mi]: Invalid value: "3Mi": must be a positive integer multiple of page size',
  ],
  [
    'spec.containers.0.resizePolicy',
    [{ resourceName: 'gpu', restartPolicy: 'NotRequired' }],
    'spec.containers[0].resizePolicy[0].resourceName: Unsupported value: "gpu": supported values: "cpu", "memory"',
  ],
]

test('Pods', async (t) => {
  const server = await startServer()
  t.defer(() => server.stop())
  const wrong = await wrongIn(server, { path, base, creates: [...placement, ...identity, ...volumes, ...containers] })
  assert.is(wrong.join('\n'), '')
})
