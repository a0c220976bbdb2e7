/** The files of the sources that are objects of the API: ConfigMaps, Secrets and the Pod itself. */
import type { ConfigMapProjection, DownwardAPIVolumeFile, Pod, SecretProjection } from '../../kinds/contract.js'
import type { VolumeReader } from '../contract.js'
import { type FieldContext, fieldValue, resourceValue } from '../field-ref.js'
import type { AtomicFile } from './atomic.js'
import { configMapData, filesOfKeys, secretData } from './keys.js'

/** `wait`: what is missing, for the Pod's event. */
export type Files = { readonly files: readonly AtomicFile[] } | { readonly wait: string }

export async function configMapFiles(pod: Pod, source: ConfigMapProjection, mode: number, read: VolumeReader): Promise<Files> {
  const { namespace = '' } = pod.metadata
  const { name = '', items, optional = false } = source
  const found = await read.configMap(namespace, name)
  if (!found) return optional ? { files: [] } : { wait: `configmap "${name}" not found` }
  const result = filesOfKeys(configMapData(found), items, mode, optional)
  return 'missing' in result ? { wait: `configmap references non-existent config key: ${result.missing}` } : result
}

export async function secretFiles(pod: Pod, source: SecretProjection, mode: number, read: VolumeReader): Promise<Files> {
  const { namespace = '' } = pod.metadata
  const { name = '', items, optional = false } = source
  const found = await read.secret(namespace, name)
  if (!found) return optional ? { files: [] } : { wait: `secret "${name}" not found` }
  const result = filesOfKeys(secretData(found), items, mode, optional)
  return 'missing' in result ? { wait: `references non-existent secret key: ${result.missing}` } : result
}

export function downwardFiles(pod: Pod, items: readonly DownwardAPIVolumeFile[], mode: number): Files {
  const files: AtomicFile[] = []
  for (const item of items) {
    const value = item.fieldRef
      ? fieldValue(item.fieldRef, factsOf(pod))
      : item.resourceFieldRef && resourceValue(item.resourceFieldRef, undefined, factsOf(pod))
    if (value === undefined) return { wait: `unsupported field of downwardAPI item ${item.path}` }
    files.push({ path: item.path, data: Buffer.from(value, 'utf8'), mode: item.mode ?? mode })
  }
  return { files }
}

function factsOf(pod: Pod): FieldContext {
  const hostIps = pod.status?.hostIP === undefined ? [] : [pod.status.hostIP]
  return { pod, podIps: (pod.status?.podIPs ?? []).map((item) => item.ip), hostIps, allocatable: {} }
}
