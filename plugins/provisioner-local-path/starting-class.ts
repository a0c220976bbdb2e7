/** The StorageClass that a cluster has from its start. */
import { type Client, isExists, isNotFound, storageClasses } from '@davit/core/client'
import { defaultStorageClass, type StorageClass } from '@davit/core/kinds'
import type { LocalPathConfig } from './config.js'
import { provisionerName } from './names.js'

const defaultMark = 'storageclass.kubernetes.io/is-default-class'

export function startingClass(name: string, isDefault: boolean): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name, ...(isDefault && { annotations: { [defaultMark]: 'true' } }) },
    provisioner: provisionerName,
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
    allowVolumeExpansion: true,
  }
}

/** Makes it where it is missing; what is there stays as it is. */
export async function makeStartingClass(client: Client, { storageClass: name, defaultClass }: LocalPathConfig): Promise<void> {
  const present = await client.get(storageClasses, '', name).catch((error: unknown) => {
    if (!isNotFound(error)) throw error
  })
  if (present) return
  const others = defaultClass ? (await client.list(storageClasses)).items : []
  const isDefault = defaultClass && defaultStorageClass(others) === undefined
  await client.create(storageClasses, startingClass(name, isDefault)).catch((error: unknown) => {
    // Another server was faster.
    if (!isExists(error)) throw error
  })
}
