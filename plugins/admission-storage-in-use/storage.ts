/** Claims and volumes: what protects them from going while they are used, and which claims may grow. */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import { compareQuantities, type KubeObject, type PersistentVolumeClaim, type StorageClass } from '@davit/core/kinds'

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
}

/** Changes a new claim or volume. */
export function protect(object: KubeObject, { operation, kind, subresource }: AdmissionRequest): undefined {
  if (operation !== 'CREATE' || kind.group !== '' || subresource !== '') return undefined
  const finalizer = Object.hasOwn(finalizers, kind.resource) ? finalizers[kind.resource] : undefined
  if (finalizer === undefined || object.metadata.finalizers?.includes(finalizer)) return undefined
  object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer]
  return undefined
}

/** A claim that asks for more than before. */
export function isGrowing({ operation, kind, subresource, object, oldObject }: AdmissionRequest): boolean {
  if (operation !== 'UPDATE' || kind.resource !== 'persistentvolumeclaims' || kind.group !== '' || subresource !== '')
    return false
  return compareQuantities(sizeOf(object), sizeOf(oldObject)) > 0
}

/** `storageClass`: that of the claim, as far as there is one. */
export function resizeDenial(
  { kind, name, oldObject }: AdmissionRequest,
  storageClass: StorageClass | undefined,
): AdmissionDenial | undefined {
  const { status } = oldObject as PersistentVolumeClaim
  const denied = (text: string): AdmissionDenial => {
    const { message, reason } = ApiError.forbidden(kind, name, text).status
    return { code: 403, reason, message }
  }
  if (status?.phase !== 'Bound') return denied('Only bound persistent volume claims can be expanded')
  if (storageClass?.allowVolumeExpansion) return undefined
  return denied(
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  )
}

const sizeOf = (object: KubeObject | undefined): string =>
  (object as PersistentVolumeClaim | undefined)?.spec?.resources?.requests?.storage ?? '0'
