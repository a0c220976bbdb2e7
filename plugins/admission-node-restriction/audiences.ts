/**
 * For whom a node may ask tokens of its Pods: for whom the Pod itself wants one, by a projected volume or by the CSI driver
 * of a volume. So what breaks into a node gains nothing with those whom its Pods never speak to.
 */
import type { AdmissionRequest, ApiHooks } from '@davit/core/api'
import { type Client, csiDrivers, isNotFound, persistentVolumeClaims, persistentVolumes } from '@davit/core/client'
import type { Pod, Volume } from '@davit/core/kinds'

/** Why not, in the words of Kubernetes. '' is the audience that the API itself takes. */
export async function audienceRefusal(
  request: AdmissionRequest,
  audiences: readonly string[],
  pod: Pod,
  { client, authorize }: { readonly client: Client; readonly authorize: ApiHooks['authorize'] },
): Promise<string | undefined> {
  if (audiences.length > 1) return 'node may only request 0 or 1 audiences'
  const [audience = ''] = audiences
  if (isProjected(pod, audience)) return undefined
  const { found, problems } = await askedByDrivers(client, pod, audience)
  if (found) return undefined
  if (problems.length > 0) {
    const [first = ''] = problems
    return `error validating audience "${audience}": ${problems.length === 1 ? first : `[${problems.join(', ')}]`}`
  }
  const { user, namespace, name } = request
  const target = { group: '', version: 'v1', resource: audience, subresource: '', namespace, name, path: '' }
  const verdict = await authorize.call({ user, verb: 'request-serviceaccounts-token-audience', ...target })
  if (verdict?.allowed) return undefined
  return `audience "${audience}" not found in pod spec volume, ${user.name} is not authorized to request tokens for this audience`
}

function isProjected({ spec }: Pod, audience: string): boolean {
  return (spec.volumes ?? []).some(({ projected }) =>
    projected?.sources?.some(({ serviceAccountToken: token }) => token !== undefined && (token.audience ?? '') === audience),
  )
}

interface Looked {
  readonly found: boolean
  /** What was not there to be asked. Counts for nothing where another volume wants the audience. */
  readonly problems: readonly string[]
}
async function askedByDrivers(client: Client, pod: Pod, audience: string): Promise<Looked> {
  const problems: string[] = []
  for (const volume of pod.spec.volumes ?? []) {
    try {
      const driver = await driverOf(client, pod, volume)
      if (driver === undefined) continue
      const { spec } = await known('csidriver.storage.k8s.io', driver, client.get(csiDrivers, '', driver))
      if (spec.tokenRequests?.some((wanted) => wanted.audience === audience)) return { found: true, problems }
    } catch (error) {
      if (!(error instanceof Missing)) throw error
      problems.push(error.message)
    }
  }
  return { found: false, problems }
}

/** Undefined where no CSI driver has to do with it, or where its claim is not bound yet. */
async function driverOf(client: Client, pod: Pod, volume: Volume): Promise<string | undefined> {
  if (volume.csi) return volume.csi.driver
  const claimName = volume.ephemeral ? `${pod.metadata.name}-${volume.name}` : volume.persistentVolumeClaim?.claimName
  if (claimName === undefined) return undefined
  const asked = client.get(persistentVolumeClaims, pod.metadata.namespace ?? '', claimName)
  const { volumeName } = (await known('persistentvolumeclaim', claimName, asked)).spec ?? {}
  if (!volumeName) return undefined
  return (await known('persistentvolume', volumeName, client.get(persistentVolumes, '', volumeName))).spec?.csi?.driver
}

class Missing extends Error {}

async function known<T>(kind: string, name: string, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    throw isNotFound(error) ? new Missing(`${kind} "${name}" not found`) : error
  }
}
