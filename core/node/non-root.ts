/** `runAsNonRoot`: what must not run as root, and would. */
import type { Pod, Container as PodContainer } from '../kinds/contract.js'
import { RuntimeError } from './contract.js'

/** `imageUser`: whom the container runs as where the Pod does not say it. Throws a `CreateContainerConfigError`. */
export async function refuseRoot(pod: Pod, spec: PodContainer, imageUser: () => Promise<string>): Promise<void> {
  const [shared, own] = [pod.spec.securityContext ?? {}, spec.securityContext ?? {}]
  if (!(own.runAsNonRoot ?? shared.runAsNonRoot)) return
  const { namespace = '', name, uid = '' } = pod.metadata
  const where = `(pod: "${name}_${namespace}(${uid})", container: ${spec.name})`
  const refuse = (reason: string): never => {
    throw new RuntimeError('CreateContainerConfigError', `${reason} ${where}`)
  }
  const runAsUser = own.runAsUser ?? shared.runAsUser
  if (runAsUser === 0) refuse("container's runAsUser breaks non-root policy")
  if (runAsUser !== undefined) return
  const [user = ''] = (await imageUser()).split(':')
  if (user === '' || Number(user) === 0) refuse('container has runAsNonRoot and image will run as root')
  if (!/^\d+$/.test(user)) {
    refuse(`container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`)
  }
}
