/** What a RuntimeClass says of the Pods that name it: what it costs, and where it is. */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { ApiError, pods } from '@davit/core/client'
import { equalJson, type Pod, quantityToMilli, type RuntimeClass } from '@davit/core/kinds'

export const isNewPod = ({ operation, kind, subresource }: AdmissionRequest): boolean =>
  operation === 'CREATE' && subresource === '' && kind.resource === 'pods' && kind.group === ''

/** Changes the Pod. */
export function applyClass(pod: Pod, name: string, known: RuntimeClass | undefined): undefined {
  const refuse = (reason: string): ApiError => ApiError.forbidden(pods, nameOf(pod), reason)
  if (!known) throw refuse(`pod rejected: RuntimeClass "${name}" not found`)
  const { spec } = pod
  const overhead = known.overhead?.podFixed
  if (overhead && Object.keys(overhead).length > 0) {
    if (spec.overhead && !sameAmounts(spec.overhead, overhead)) {
      throw refuse(`pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead`)
    }
    spec.overhead = { ...overhead }
  }
  const { nodeSelector, tolerations } = known.scheduling ?? {}
  for (const [label, value] of Object.entries(nodeSelector ?? {})) {
    const own = spec.nodeSelector?.[label]
    if (own !== undefined && own !== value) {
      throw refuse(
        `conflict: runtimeClass.scheduling.nodeSelector[${label}] = ${value}; pod.spec.nodeSelector[${label}] = ${own}`,
      )
    }
  }
  if (nodeSelector) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector }
  const missing = (tolerations ?? []).filter((each) => !spec.tolerations?.some((own) => equalJson(own, each)))
  if (missing.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...missing]
  return undefined
}

/** Only a class may say what a runtime costs. */
export function denialOf({ kind, name, object }: AdmissionRequest, known: RuntimeClass | undefined): AdmissionDenial | undefined {
  const { overhead } = (object as Pod).spec
  const wanted = known?.overhead?.podFixed
  if (wanted && Object.keys(wanted).length > 0) {
    if (overhead && sameAmounts(overhead, wanted)) return undefined
    return denied(kind, name, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
  }
  if (overhead === undefined) return undefined
  return denied(kind, name, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
}

function denied(kind: AdmissionRequest['kind'], name: string, text: string): AdmissionDenial {
  const { message, reason } = ApiError.forbidden(kind, name, text).status
  return { code: 403, reason, message }
}

const nameOf = ({ metadata }: Pod): string => metadata.name || (metadata.generateName ?? '')

function sameAmounts(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a)
  if (names.length !== Object.keys(b).length) return false
  return names.every((name) => b[name] !== undefined && quantityToMilli(a[name] ?? '') === quantityToMilli(b[name] ?? ''))
}
