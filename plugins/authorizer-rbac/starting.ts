/** The objects that a cluster starts with, in the form in which they are stored. */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from '@davit/core/kinds'
import { aggregatedRules } from './aggregation.js'
import { namespacedRoles, type StartingSubject, startingBindings } from './bindings.js'
import { type StartingRole, startingRoles } from './roles.js'
import type { Rule } from './rules.js'

const apiGroup = 'rbac.authorization.k8s.io'
const apiVersion = `${apiGroup}/v1`
export const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate'

export interface StartingObjects {
  readonly clusterRoles: ReadonlyMap<string, ClusterRole>
  readonly clusterRoleBindings: ReadonlyMap<string, ClusterRoleBinding>
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
}

const meta = (name: string, labels: Readonly<Record<string, string>> = {}) => ({
  name,
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { [autoUpdate]: 'true' },
})

export function startingObjects(): StartingObjects {
  const clusterRoles = new Map(startingRoles.map((role) => [role.name, clusterRole(role)]))
  // Filled here once, so that they are right from their first moment; each may stand in the next.
  for (const name of ['view', 'edit', 'admin']) {
    const role = clusterRoles.get(name)
    if (role) clusterRoles.set(name, { ...role, rules: aggregatedRules(role, [...clusterRoles.values()]) })
  }
  return {
    clusterRoles,
    clusterRoleBindings: new Map(
      startingBindings.map(({ name, role, subjects }) => [
        name,
        {
          apiVersion,
          kind: 'ClusterRoleBinding',
          metadata: meta(name),
          roleRef: { apiGroup, kind: 'ClusterRole', name: role },
          ...(subjects.length === 0 ? {} : { subjects: subjects.map(subject) }),
        },
      ]),
    ),
    roles: namespacedRoles.map(({ namespace, name, rules }) => ({
      apiVersion,
      kind: 'Role',
      metadata: { ...meta(name), namespace },
      rules: mutable(rules),
    })),
    roleBindings: namespacedRoles.map(({ namespace, name, binding, subjects }) => ({
      apiVersion,
      kind: 'RoleBinding',
      metadata: { ...meta(binding), namespace },
      roleRef: { apiGroup, kind: 'Role', name },
      subjects: subjects.map(subject),
    })),
  }
}

function clusterRole({ name, labels, rules = [], aggregationRule }: StartingRole): ClusterRole {
  const role = { apiVersion, kind: 'ClusterRole', metadata: meta(name, labels), rules: mutable(rules) }
  return aggregationRule ? { ...role, aggregationRule } : role
}

function subject({ kind, name, namespace }: StartingSubject): Subject {
  return kind === 'ServiceAccount' ? { kind, name, ...(namespace && { namespace }) } : { kind, name, apiGroup }
}

/** The type of stored rules is not read-only. */
export function mutable(rules: readonly Rule[]): NonNullable<ClusterRole['rules']> {
  return structuredClone(rules) as NonNullable<ClusterRole['rules']>
}
