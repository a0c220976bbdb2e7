/** Tables of what extends or guards the API: webhooks, admission policies, aggregated services, flow control. */
import type { TablePrinter } from '../contract.js'
import type {
  APIService,
  FlowSchema,
  MutatingWebhookConfiguration,
  PriorityLevelConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../types.js'
import { age, NONE, printer, UNSET } from './format.js'

const webhooks = printer<MutatingWebhookConfiguration>('Name,Webhooks#,Age', (object, now) => [
  object.metadata.name,
  object.webhooks?.length ?? 0,
  age(object, now),
])

const policy = printer<ValidatingAdmissionPolicy>('Name,Validations#,ParamKind,Age', (object, now) => {
  const kind = object.spec?.paramKind
  return [
    object.metadata.name,
    object.spec?.validations?.length ?? 0,
    kind === undefined ? UNSET : `${kind.apiVersion}/${kind.kind}`,
    age(object, now),
  ]
})

const binding = printer<ValidatingAdmissionPolicyBinding>('Name,PolicyName,ParamRef,Age', (object, now) => {
  const reference = object.spec?.paramRef
  const name = reference?.name || '*'
  const parameters = reference === undefined ? UNSET : reference.namespace ? `${reference.namespace}/${name}` : `*/${name}`
  return [object.metadata.name, object.spec?.policyName ?? '', parameters, age(object, now)]
})

const flowSchema = printer<FlowSchema>(
  'Name,PriorityLevel,MatchingPrecedence#,DistinguisherMethod,Age,MissingPL',
  (object, now) => [
    object.metadata.name,
    object.spec?.priorityLevelConfiguration.name ?? '',
    object.spec?.matchingPrecedence ?? 1000,
    object.spec?.distinguisherMethod?.type ?? NONE,
    age(object, now),
    object.status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  ],
)

const priorityLevel = printer<PriorityLevelConfiguration>(
  'Name,Type,NominalConcurrencyShares,Queues,HandSize,QueueLengthLimit,Age',
  (object, now) => {
    const shares = object.spec?.limited?.nominalConcurrencyShares ?? object.spec?.exempt?.nominalConcurrencyShares
    const queuing = object.spec?.limited?.limitResponse?.queuing
    return [
      object.metadata.name,
      object.spec?.type ?? '',
      `${shares ?? NONE}`,
      `${queuing?.queues ?? NONE}`,
      `${queuing?.handSize ?? NONE}`,
      `${queuing?.queueLengthLimit ?? NONE}`,
      age(object, now),
    ]
  },
)

const apiService = printer<APIService>('Name,Service,Available,Age', (object, now) => {
  const service = object.spec?.service
  const available = object.status?.conditions?.find(({ type }) => type === 'Available')
  const reason = available?.reason && available.status !== 'True' ? ` (${available.reason})` : ''
  return [
    object.metadata.name,
    service === undefined ? 'Local' : `${service.namespace}/${service.name}`,
    available === undefined ? 'Unknown' : `${available.status}${reason}`,
    age(object, now),
  ]
})

export const extensionTables: Readonly<Record<string, TablePrinter>> = {
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingWebhookConfiguration': webhooks,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': policy,
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': binding,
  'flowcontrol.apiserver.k8s.io/FlowSchema': flowSchema,
  'flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration': priorityLevel,
  'apiregistration.k8s.io/APIService': apiService,
}
