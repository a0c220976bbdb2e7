import type { KeyToPath } from '../../kinds/contract.js'
import type { AtomicFile } from './atomic.js'

export const defaultFileMode = 0o644

/** Of a ConfigMap or Secret: every key, or those that `items` name. `missing`: a key that is named but not there. */
export function filesOfKeys(
  data: ReadonlyMap<string, Uint8Array>,
  items: readonly KeyToPath[] | undefined,
  mode: number,
  optional: boolean,
): { readonly files: AtomicFile[] } | { readonly missing: string } {
  if (!items) return { files: [...data].map(([path, bytes]) => ({ path, data: bytes, mode })) }
  const files: AtomicFile[] = []
  for (const item of items) {
    const bytes = data.get(item.key)
    if (bytes) files.push({ path: item.path, data: bytes, mode: item.mode ?? mode })
    else if (!optional) return { missing: item.key }
  }
  return { files }
}

export function configMapData(source: {
  readonly data?: Readonly<Record<string, string>> | undefined
  readonly binaryData?: Readonly<Record<string, string>> | undefined
}): Map<string, Uint8Array> {
  const data = new Map<string, Uint8Array>()
  for (const [key, value] of Object.entries(source.data ?? {})) data.set(key, Buffer.from(value, 'utf8'))
  for (const [key, value] of Object.entries(source.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'))
  return data
}

export function secretData(source: { readonly data?: Readonly<Record<string, string>> | undefined }): Map<string, Uint8Array> {
  return new Map(Object.entries(source.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')]))
}
