/** What no webhook is asked about. */
import type { AdmissionRequest } from '@davit/core/api'
import type { ResourceKind } from '@davit/core/kinds'

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

export const isConfiguration = (kind: ResourceKind): boolean => kind.group === group && configurations.has(kind.resource)

/**
 * Also what the server writes for itself: it must come up whatever became of a webhook. And what it does to carry out a
 * binding or an eviction, which is asked about as the creation of that.
 */
export function isExempt({ kind, operation, subresource, user }: AdmissionRequest): boolean {
  if (kind.group === group && isConfiguration(kind)) return true
  if ((subresource === 'binding' || subresource === 'eviction') && operation !== 'CREATE') return true
  return user.name === 'system:apiserver' && user.groups.includes('system:masters')
}
