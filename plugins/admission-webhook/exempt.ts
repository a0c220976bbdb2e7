/** What no webhook is asked about, and what none may be configured with. */
import type { AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import type { KubeObject, MutatingWebhookConfiguration, ResourceKind } from '@davit/core/kinds'

const group = 'admissionregistration.k8s.io'
/** A webhook that is broken must not keep anybody from removing it. */
const configurations = new Set([
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
])

const isConfiguration = (kind: ResourceKind): boolean => kind.group === group && configurations.has(kind.resource)

/**
 * Also what the server writes for itself: it must come up whatever became of a webhook. And what it does to carry out a
 * binding or an eviction, which is asked about as the creation of that.
 */
export function isExempt({ kind, operation, subresource, user }: AdmissionRequest): boolean {
  if (kind.group === group && isConfiguration(kind)) return true
  if ((subresource === 'binding' || subresource === 'eviction') && operation !== 'CREATE') return true
  return user.name === 'system:apiserver' && user.groups.includes('system:masters')
}

/** Without an evaluator of expressions a webhook would be called for more than its author wanted, or less. */
export function refuseConditions({ kind, object }: AdmissionRequest): undefined {
  if (kind.group !== group || object === undefined || !isConfiguration(kind)) return undefined
  const { webhooks = [] } = object as KubeObject as MutatingWebhookConfiguration
  const errors = webhooks.flatMap(({ matchConditions = [] }, index) => {
    const field = `webhooks[${index}].matchConditions`
    const message = 'Forbidden: match conditions are not evaluated by this server'
    return matchConditions.length === 0 ? [] : [{ reason: 'FieldValueForbidden', field, message } as const]
  })
  if (errors.length > 0) throw ApiError.invalid(kind, object.metadata.name, errors)
  return undefined
}
