/** `pods/x/eviction`: a delete that disruption budgets may refuse for now. */
import { ApiError, isConflict } from '../client/contract.js'
import { type KubeObject, type Pod, type PodDisruptionBudget, type ResourceKind, selectorFromObject } from '../kinds/contract.js'
import { admitCreation } from './admission.js'
import { created } from './binding.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { decodeTree } from './decode-body.js'
import { deleteByName } from './delete.js'
import { type Deletion, deletionOf } from './delete-options.js'
import { markDisrupted } from './disruption.js'
import { requireItem } from './fresh.js'
import { checkNamespace } from './metadata.js'
import { type WriteSettings, writeSettings } from './options.js'
import { coreResource, podsOf } from './pods.js'
import type { Resource } from './resource.js'
import { type ApiServices, timestamp } from './services.js'
import { isTree } from './tree.js'
import { change } from './update.js'

const budgetAttempts = 3

export async function evict(services: ApiServices, request: ApiRequest): Promise<ApiResult> {
  const settings = writeSettings(request, 'CreateOptions')
  const { object: sent, warnings } = decodeTree(request.body, evictionKind(services, request), settings, request.duplicates)
  checkNamespace(request, podsOf(services).kind, sent)
  if (sent.metadata.name && sent.metadata.name !== request.name) {
    throw ApiError.badRequest(`name in URL does not match name in Eviction object: ${request.name} is not ${sent.metadata.name}`)
  }
  const pods = podsOf(services)
  const eviction = await admitCreation(services.hooks, request, pods.kind, sent, settings.dryRun)
  const deletion = deletionOf(eviction.deleteOptions, settings.dryRun)
  const pod = pods.show(await requireItem(services, pods, request)).object as Pod
  checkUid(pods, pod, deletion)
  if (!isOver(pod)) await spend(services, request, pod, { ...settings, dryRun: deletion.dryRun })
  const wanted = deletion.dryRun ? deletion : await markDisrupted(services, pods, request, deletion)
  await deleteByName(services, pods, request, wanted)
  return { type: 'object', code: 201, object: created(), warnings }
}

/** Either version of the body is taken, whatever the URL's. */
function evictionKind(services: ApiServices, request: ApiRequest): ResourceKind {
  const old = isTree(request.body) && request.body.apiVersion === 'policy/v1beta1'
  const kind = services.kinds.kind(old ? 'policy/v1beta1' : 'policy/v1', 'Eviction')
  if (!kind) throw ApiError.unknownPath()
  return kind
}

function checkUid({ kind }: Resource, pod: Pod, { uid }: Deletion): void {
  if (uid === undefined || uid === pod.metadata.uid) return
  const text = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata.uid}`
  throw ApiError.conflict(kind, pod.metadata.name, text)
}

/** A pod that does not serve yet or no more, or that is going anyway, costs no budget. */
function isOver(pod: Pod): boolean {
  const phase = pod.status?.phase
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Pending' || Boolean(pod.metadata.deletionTimestamp)
}

/** Takes one disruption off the budget that selects the pod; 429 where there is none left. */
async function spend(services: ApiServices, request: ApiRequest, pod: Pod, settings: WriteSettings): Promise<void> {
  const budgets = coreResource(services, 'policy', 'poddisruptionbudgets')
  if (budgets.loading) await budgets.loading
  const selecting = budgets.cache
    .list({ namespace: request.namespace })
    .items.map((item) => item.object as PodDisruptionBudget)
    .filter((budget) => selects(budget, pod))
  const [budget] = selecting
  if (!budget) return
  if (selecting.length > 1) {
    const text = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    throw ApiError.of('InternalError', text)
  }
  if (isFree(budget, pod)) return
  await take(services, budgets, { ...request, name: budget.metadata.name, verb: 'update', subresource: 'status' }, pod, settings)
}

function selects(budget: PodDisruptionBudget, pod: Pod): boolean {
  return selectorFromObject(budget.spec?.selector).value?.matches(pod.metadata.labels) ?? false
}

/** A pod that is not ready may go without counting, as far as the budget's policy says. */
function isFree(budget: PodDisruptionBudget, pod: Pod): boolean {
  const ready = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  if (ready) return false
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

async function take(
  services: ApiServices,
  budgets: Resource,
  request: ApiRequest,
  pod: Pod,
  settings: WriteSettings,
): Promise<void> {
  const make = (current: KubeObject): KubeObject => spent(current as PodDisruptionBudget, pod, timestamp(services.clock.now()))
  for (let attempt = 1; ; attempt++) {
    try {
      await change(services, budgets, request, { part: 'trusted', settings, retry: true, make })
      return
    } catch (error) {
      if (!isConflict(error) || attempt === budgetAttempts) throw error
    }
  }
}

function spent(budget: PodDisruptionBudget, pod: Pod, now: string): KubeObject {
  const { status } = budget
  const { name, generation = 0 } = budget.metadata
  if ((status?.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  const allowed = status?.disruptionsAllowed ?? 0
  if (!status || allowed <= 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {}
    throw refused(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`, 0)
  }
  const disruptedPods = { ...status.disruptedPods, [pod.metadata.name]: now }
  return { ...budget, status: { ...status, disruptionsAllowed: allowed - 1, disruptedPods } }
}

function refused(message: string, retryAfterSeconds: number): ApiError {
  return ApiError.of('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message }],
    ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
  })
}
