import { type Client, clusterRoleBindings, clusterRoles, type Informer, isExists } from '@davit/core/client'
import type { ClusterRole, ClusterRoleBinding, KubeObject } from '@davit/core/kinds'
import { startingBindings, startingRoles } from './roles.js'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

export interface Present {
  readonly roles: Informer<ClusterRole>
  readonly bindings: Informer<ClusterRoleBinding>
}

/**
 * Writes what is missing and leaves alone what is there: an administrator may have changed it. When it resolves, the
 * informers have it all: those whom it lets in are not refused at the first start.
 */
export async function writeStartingRoles(client: Client, present: Present, signal: AbortSignal): Promise<void> {
  const roles = startingRoles
    .filter(({ name }) => !present.roles.get('', name))
    .map(({ name, rules }) => ({ apiVersion, kind: 'ClusterRole', metadata: { name, labels }, rules: rules.map(mutable) }))
  const bindings = startingBindings
    .filter(({ role }) => !present.bindings.get('', role))
    .map(({ role, subjects }) => ({
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name: role, labels },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: subjects.map((subject) => ({ ...subject, apiGroup: 'rbac.authorization.k8s.io' })),
    }))
  await Promise.all([
    ...roles.map((role) => client.create(clusterRoles, role).catch(unlessExists)),
    ...bindings.map((binding) => client.create(clusterRoleBindings, binding).catch(unlessExists)),
    seen(present.roles, roles, signal),
    seen(present.bindings, bindings, signal),
  ])
}

/** Resolves when the informer has all of them. */
function seen<T extends KubeObject>(informer: Informer<T>, objects: readonly KubeObject[], signal: AbortSignal): Promise<void> {
  const missing = new Set(objects.map(({ metadata }) => metadata.name))
  if (missing.size === 0) return Promise.resolve()
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void) => {
      remove()
      signal.removeEventListener('abort', abort)
      settle()
    }
    const abort = () => finish(() => reject(signal.reason))
    const remove = informer.on({
      added({ metadata }) {
        missing.delete(metadata.name)
        if (missing.size === 0) finish(resolve)
      },
    })
    signal.addEventListener('abort', abort, { once: true })
  })
}

function mutable(rule: (typeof startingRoles)[number]['rules'][number]) {
  const { verbs, apiGroups, resources, nonResourceURLs } = rule
  return {
    verbs: [...verbs],
    ...(apiGroups && { apiGroups: [...apiGroups] }),
    ...(resources && { resources: [...resources] }),
    ...(nonResourceURLs && { nonResourceURLs: [...nonResourceURLs] }),
  }
}

/** Another server may start at the same time. */
function unlessExists(error: unknown): void {
  if (!isExists(error)) throw error
}
