/** The volume by which a Pod's program speaks to the API: a token of its account, whom to trust, and where it is. */
import type { Container, Pod, ServiceAccount, Volume } from '../kinds/contract.js'

const prefix = 'kube-api-access-'
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
/** An odd time, by which a token that was asked for by admission is known. */
export const mountedSeconds = 3607

type PodSpec = Pod['spec']

/** What the Pod says goes before what its account says. */
export function wantsToken(spec: PodSpec, account: ServiceAccount): boolean {
  return spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

/** Changes `spec`: a volume of its own, mounted into every container that has nothing at the place. */
export function mountToken(spec: PodSpec, suffix: () => string): void {
  const present = spec.volumes?.find(({ name }) => name.startsWith(prefix))
  const name = present?.name ?? prefix + suffix()
  let mounted = false
  for (const container of spec.initContainers ?? []) mounted = mount(container, name) || mounted
  for (const container of spec.containers) mounted = mount(container, name) || mounted
  if (mounted && !present) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)]
}

function mount(container: Container, name: string): boolean {
  const mounts = container.volumeMounts ?? []
  if (mounts.some((one) => one.mountPath === mountPath)) return false
  container.volumeMounts = [...mounts, { name, readOnly: true, mountPath }]
  return true
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: mountedSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  }
}
