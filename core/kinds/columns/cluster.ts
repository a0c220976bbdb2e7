/** Tables of the core's own kinds: nodes, namespaces, events, settings and identities. */
import type { TablePrinter } from '../contract.js'
import type {
  CertificateSigningRequest,
  ClusterRoleBinding,
  ConfigMap,
  Event,
  EventsV1Event,
  Lease,
  Namespace,
  Node,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
  Secret,
  ServiceAccount,
} from '../types.js'
import { age, humanDuration, NONE, printer, since, UNKNOWN } from './format.js'

const ROLE_PREFIX = 'node-role.kubernetes.io/'

const node = printer<Node>(
  'Name,Status,Roles,Age,Version,[Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime]',
  (object, now) => {
    const info = object.status?.nodeInfo
    return [
      object.metadata.name,
      nodeStatus(object),
      nodeRoles(object) || NONE,
      age(object, now),
      info?.kubeletVersion ?? '',
      nodeAddress(object, 'InternalIP'),
      nodeAddress(object, 'ExternalIP'),
      info?.osImage || UNKNOWN,
      info?.kernelVersion || UNKNOWN,
      info?.containerRuntimeVersion || UNKNOWN,
    ]
  },
)

function nodeStatus({ spec, status }: Node): string {
  const ready = status?.conditions?.find((condition) => condition.type === 'Ready')
  const words = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady']
  if (spec?.unschedulable === true) words.push('SchedulingDisabled')
  return words.join(',')
}

function nodeRoles({ metadata }: Node): string {
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    if (key.startsWith(ROLE_PREFIX) && key.length > ROLE_PREFIX.length) roles.add(key.slice(ROLE_PREFIX.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return [...roles].sort().join(',')
}

function nodeAddress({ status }: Node, type: string): string {
  return status?.addresses?.find((address) => address.type === type)?.address ?? NONE
}

const EVENT_COLUMNS = 'Last Seen,Type,Reason,Object,[Subobject,Source],Message,[First Seen,Count,Name]'

const event = printer<Event>(EVENT_COLUMNS, (object, now) => {
  const first = object.firstTimestamp ?? object.eventTime
  const last = object.series?.lastObservedTime ?? object.lastTimestamp ?? first
  const { kind = '', name = '', fieldPath = '' } = object.involvedObject ?? {}
  return [
    since(last, now),
    object.type ?? '',
    object.reason ?? '',
    name === '' ? kind.toLowerCase() : `${kind.toLowerCase()}/${name}`,
    fieldPath,
    eventSource(object.source, object.reportingComponent, object.reportingInstance),
    (object.message ?? '').trim(),
    since(first, now),
    `${object.series?.count ?? (object.count || 1)}`,
    object.metadata.name,
  ]
})

/** The same rows for the other view of the same events. */
const eventOfGroup = printer<EventsV1Event>(EVENT_COLUMNS, (object, now) =>
  event.row(
    {
      ...object,
      involvedObject: object.regarding ?? {},
      message: object.note,
      source: object.deprecatedSource,
      firstTimestamp: object.deprecatedFirstTimestamp,
      lastTimestamp: object.deprecatedLastTimestamp,
      count: object.deprecatedCount,
      reportingComponent: object.reportingController,
    },
    now,
  ),
)

function eventSource(source: Event['source'], controller = '', instance = ''): string {
  const component = source?.component || controller
  const host = source?.host || (source?.component ? '' : instance)
  return host === '' ? component : `${component}, ${host}`
}

const namespace = printer<Namespace>('Name,Status,Age', (object, now) => [
  object.metadata.name,
  object.status?.phase ?? '',
  age(object, now),
])

const secret = printer<Secret>('Name,Type,Data#,Age', (object, now) => [
  object.metadata.name,
  object.type ?? '',
  Object.keys(object.data ?? {}).length,
  age(object, now),
])

const configMap = printer<ConfigMap>('Name,Data#,Age', (object, now) => [
  object.metadata.name,
  Object.keys(object.data ?? {}).length + Object.keys(object.binaryData ?? {}).length,
  age(object, now),
])

const serviceAccount = printer<ServiceAccount>('Name,Secrets#,Age', (object, now) => [
  object.metadata.name,
  object.secrets?.length ?? 0,
  age(object, now),
])

const resourceQuota = printer<ResourceQuota>('Name,Request,Limit,Age', (object, now) => {
  const { hard = {}, used = {} } = object.status ?? {}
  const texts = (limits: boolean) =>
    Object.keys(hard)
      .filter((name) => name.startsWith('limits.') === limits)
      .sort()
      .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
      .join(', ')
  return [object.metadata.name, texts(false), texts(true), age(object, now)]
})

const priorityClass = printer<PriorityClass>('Name,Value#,Global-Default?,Age,PreemptionPolicy', (object, now) => [
  object.metadata.name,
  object.value,
  object.globalDefault === true,
  age(object, now),
  object.preemptionPolicy ?? '',
])

const runtimeClass = printer<RuntimeClass>('Name,Handler,Age', (object, now) => [
  object.metadata.name,
  object.handler,
  age(object, now),
])

const lease = printer<Lease>('Name,Holder,Age', (object, now) => [
  object.metadata.name,
  object.spec?.holderIdentity ?? '',
  age(object, now),
])

const signingRequest = printer<CertificateSigningRequest>(
  'Name,Age,SignerName,Requestor,RequestedDuration,Condition',
  (object, now) => [
    object.metadata.name,
    age(object, now),
    object.spec.signerName || NONE,
    object.spec.username ?? '',
    object.spec.expirationSeconds === undefined ? NONE : humanDuration(object.spec.expirationSeconds * 1000),
    signingStatus(object),
  ],
)

function signingStatus({ status }: CertificateSigningRequest): string {
  const has = (type: string) => status?.conditions?.some((condition) => condition.type === type) === true
  const words = [has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : has('Failed') ? '' : 'Pending']
  if (has('Failed')) words.push('Failed')
  if (status?.certificate) words.push('Issued')
  return words.filter((word) => word !== '').join(',')
}

const roleBinding = printer<ClusterRoleBinding>('Name,Role,Age,[Users,Groups,ServiceAccounts]', (object, now) => {
  const subjects = (kind: string) => (object.subjects ?? []).filter((subject) => subject.kind === kind)
  return [
    object.metadata.name,
    `${object.roleRef.kind}/${object.roleRef.name}`,
    age(object, now),
    subjects('User')
      .map(({ name }) => name)
      .join(', '),
    subjects('Group')
      .map(({ name }) => name)
      .join(', '),
    subjects('ServiceAccount')
      .map((account) => `${account.namespace ?? ''}/${account.name}`)
      .join(', '),
  ]
})

export const clusterTables: Readonly<Record<string, TablePrinter>> = {
  '/Node': node,
  '/Event': event,
  'events.k8s.io/Event': eventOfGroup,
  '/Namespace': namespace,
  '/Secret': secret,
  '/ConfigMap': configMap,
  '/ServiceAccount': serviceAccount,
  '/ResourceQuota': resourceQuota,
  'scheduling.k8s.io/PriorityClass': priorityClass,
  'node.k8s.io/RuntimeClass': runtimeClass,
  'coordination.k8s.io/Lease': lease,
  'certificates.k8s.io/CertificateSigningRequest': signingRequest,
  'rbac.authorization.k8s.io/RoleBinding': roleBinding,
  'rbac.authorization.k8s.io/ClusterRoleBinding': roleBinding,
}
