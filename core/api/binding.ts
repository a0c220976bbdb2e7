/** Binding a pod to a node: `pods/x/binding`, or a Binding posted to `bindings`. The scheduler's one write. */
import { ApiError } from '../client/contract.js'
import type { KubeObject, Pod, PodCondition } from '../kinds/contract.js'
import { admitCreation } from './admission.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { decodeTree } from './decode-body.js'
import { checkNamespace } from './metadata.js'
import { writeSettings } from './options.js'
import { podsOf } from './pods.js'
import type { ApiServices } from './services.js'
import { timestamp } from './services.js'
import { textAt } from './tree.js'
import { change } from './update.js'

export async function bind(services: ApiServices, request: ApiRequest): Promise<ApiResult> {
  const settings = writeSettings(request, 'CreateOptions')
  const kind = services.kinds.resource('', 'v1', 'bindings')
  if (!kind) throw ApiError.unknownPath()
  const { object: sent, warnings } = decodeTree(request.body, kind, settings, request.duplicates)
  checkNamespace(request, kind, sent)
  const pods = podsOf(services)
  const binding = await admitCreation(services.hooks, request, request.subresource ? pods.kind : kind, sent, settings.dryRun)
  const name = request.name || binding.metadata.name
  if (binding.metadata.name && binding.metadata.name !== name) {
    throw ApiError.badRequest(`the name of the binding (${binding.metadata.name}) does not match the name on the URL (${name})`)
  }
  const node = targetOf(binding)
  const { uid, annotations } = binding.metadata
  await change(
    services,
    pods,
    { ...request, name },
    {
      part: 'trusted',
      settings,
      retry: true,
      make(current) {
        checkBindable(current as Pod, node, uid, pods.kind)
        return bound(current as Pod, node, annotations, timestamp(services.clock.now()))
      },
    },
  )
  return { type: 'object', code: 201, object: created(), warnings }
}

function targetOf(binding: KubeObject): string {
  const kind = textAt(binding, 'target', 'kind')
  const name = textAt(binding, 'target', 'name')
  const invalid = (field: string, message: string): ApiError =>
    ApiError.invalid({ group: '', kind: 'Binding' }, binding.metadata.name, [{ reason: 'FieldValueInvalid', field, message }])
  if (kind !== '' && kind !== 'Node')
    throw invalid('target.kind', `Unsupported value: "${kind}": supported values: "Node", "<empty>"`)
  if (name === '') throw invalid('target.name', 'Required value')
  return name
}

function checkBindable(pod: Pod, node: string, uid: string | undefined, kind: { group: string; resource: string }): void {
  const { name, uid: present, deletionTimestamp } = pod.metadata
  const conflict = (text: string): ApiError => ApiError.conflict(kind, name, text)
  if (uid && uid !== present) throw conflict(`Precondition failed: UID in precondition: ${uid}, UID in object meta: ${present}`)
  if (deletionTimestamp) throw conflict(`pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec?.nodeName) throw conflict(`pod ${name} is already assigned to node "${pod.spec.nodeName}"`)
  if (pod.spec?.schedulingGates?.length) throw conflict(`pod ${name} has non-empty .spec.schedulingGates`)
  if (node === '') throw conflict('the target node has no name')
}

function bound(pod: Pod, nodeName: string, annotations: Readonly<Record<string, string>> | undefined, now: string): KubeObject {
  const scheduled: PodCondition = { type: 'PodScheduled', status: 'True', lastTransitionTime: now }
  const others = (pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled')
  const { resourceVersion, ...metadata } = pod.metadata
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(annotations ? { annotations: { ...metadata.annotations, ...annotations } } : {}),
    },
    spec: { ...pod.spec, nodeName },
    status: { ...pod.status, conditions: [...others, scheduled] },
  }
}

/** What a POST that makes no object answers. */
export function created(): KubeObject {
  return { kind: 'Status', apiVersion: 'v1', metadata: {} as KubeObject['metadata'], status: 'Success', code: 201 }
}
