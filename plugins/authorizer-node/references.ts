/** What a Pod refers to in its own namespace: what its node has to read to run it. Pure. */
import type { Pod } from '@davit/core/kinds'

export interface References {
  readonly secrets: ReadonlySet<string>
  readonly configMaps: ReadonlySet<string>
  readonly claims: ReadonlySet<string>
  readonly serviceAccount: string
}

/** A node makes mirror Pods itself: what those say must give it nothing. */
const mirror = 'kubernetes.io/config.mirror'
const none: References = { secrets: new Set(), configMaps: new Set(), claims: new Set(), serviceAccount: '' }
/** Objects of the API's cache are frozen and shared: as long as a Pod does not change, it is looked through once. */
const known = new WeakMap<Pod, References>()

export function referencesOf(pod: Pod): References {
  const found = known.get(pod)
  if (found) return found
  const references = pod.metadata.annotations?.[mirror] === undefined ? collect(pod) : none
  known.set(pod, references)
  return references
}

function collect({ metadata, spec }: Pod): References {
  const [secrets, configMaps, claims] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const add = (set: Set<string>, name: string | undefined): void => {
    if (name) set.add(name)
  }
  for (const secret of spec.imagePullSecrets ?? []) add(secrets, secret.name)
  for (const volume of spec.volumes ?? []) {
    for (const name of volumeSecrets(volume)) add(secrets, name)
    add(configMaps, volume.configMap?.name)
    add(claims, volume.persistentVolumeClaim?.claimName)
    if (volume.ephemeral) claims.add(`${metadata.name}-${volume.name}`)
    for (const source of volume.projected?.sources ?? []) {
      add(secrets, source.secret?.name)
      add(configMaps, source.configMap?.name)
    }
  }
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  for (const { env = [], envFrom = [] } of containers) {
    for (const { valueFrom } of env) {
      add(secrets, valueFrom?.secretKeyRef?.name)
      add(configMaps, valueFrom?.configMapKeyRef?.name)
    }
    for (const source of envFrom) {
      add(secrets, source.secretRef?.name)
      add(configMaps, source.configMapRef?.name)
    }
  }
  return { secrets, configMaps, claims, serviceAccount: spec.serviceAccountName ?? '' }
}

function volumeSecrets(volume: NonNullable<Pod['spec']['volumes']>[number]): (string | undefined)[] {
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.cephfs?.secretRef?.name,
    volume.cinder?.secretRef?.name,
    volume.flexVolume?.secretRef?.name,
    volume.rbd?.secretRef?.name,
    volume.scaleIO?.secretRef?.name,
    volume.iscsi?.secretRef?.name,
    volume.storageos?.secretRef?.name,
    volume.csi?.nodePublishSecretRef?.name,
  ]
}
