import { type Client, clusterRoleBindings, clusterRoles, type Informer, isExists } from '@davit/core/client'
import type { ClusterRole, ClusterRoleBinding } from '@davit/core/kinds'
import { startingBindings, startingRoles } from './roles.js'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

/** Writes what is missing and leaves alone what is there: an administrator may have changed it. */
export async function writeStartingRoles(
  client: Client,
  present: { readonly roles: Informer<ClusterRole>; readonly bindings: Informer<ClusterRoleBinding> },
): Promise<void> {
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
  ])
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
