/** The workload that an autoscaler scales, through the subresource that all workloads share. */
import type { Client, ResourceRef, WriteOptions } from '@davit/core/client'
import type { HorizontalPodAutoscaler, KindRegistry, Scale } from '@davit/core/kinds'

export interface ScaleTarget {
  readonly resource: ResourceRef<Scale>
  readonly scale: Scale
}

/** Rejects with what is to be shown to the user. */
export async function findTarget(client: Client, kinds: KindRegistry, hpa: HorizontalPodAutoscaler): Promise<ScaleTarget> {
  const { namespace = '' } = hpa.metadata
  const { kind, name, apiVersion = '' } = hpa.spec.scaleTargetRef
  const parts = apiVersion.split('/')
  if (parts.length > 2) throw new Error(`unexpected GroupVersion string: ${apiVersion}`)
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  // Any version will do, for all of them scale the same object.
  const found = kinds.all().filter((one) => one.group === group && one.kind === kind)
  if (found.length === 0) throw new Error(`no matches for kind "${kind}" in group "${group}"`)
  let failure: unknown
  for (const { version, resource, namespaced } of found) {
    const reference: ResourceRef<Scale> = { group, version, resource, kind, namespaced }
    try {
      const scale = (await client.getSubresource(reference, namespace, name, 'scale')) as Scale
      return { resource: reference, scale }
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

export async function writeReplicas(
  client: Client,
  { resource, scale }: ScaleTarget,
  replicas: number,
  options: WriteOptions,
): Promise<void> {
  await client.update(resource, { ...scale, spec: { ...scale.spec, replicas } }, { ...options, subresource: 'scale' })
}
