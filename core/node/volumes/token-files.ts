/** The file of a token: who may read it depends on whom the Pod's programs run as. */
import type { Pod, ServiceAccountTokenProjection } from '../../kinds/contract.js'
import type { VolumeReader } from '../contract.js'
import type { AtomicFile } from './atomic.js'
import type { Files } from './sources.js'

export async function tokenFiles(
  pod: Pod,
  projection: ServiceAccountTokenProjection,
  mode: number,
  read: VolumeReader,
): Promise<Files> {
  const data = await read.serviceAccountToken?.(pod, projection)
  if (data === undefined) return { wait: 'this node cannot ask for tokens of service accounts' }
  return { files: [{ path: projection.path, data, ...readersOf(pod, mode) }] }
}

/** For its owner alone where all containers run as one user, and for a group that the Pod's volumes are of. */
function readersOf(pod: Pod, mode: number): Pick<AtomicFile, 'mode' | 'owner'> {
  const group = pod.spec.securityContext?.fsGroup
  const user = commonUser(pod)
  if (group === undefined && user === undefined) return { mode }
  const owner = { ...(user !== undefined && { user }), ...(group !== undefined && { group }) }
  return { mode: group === undefined ? 0o600 : 0o640, owner }
}

/** The user that every container is told to run as. */
function commonUser({ spec }: Pod): number | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
  const users = containers.map(({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser)
  return users.every((user) => user === users[0]) ? users[0] : undefined
}
