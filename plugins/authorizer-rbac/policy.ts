/** Which rules a user has, from bindings, roles and grants; kept until one of them changes. */
import type { AuthorizationRequest, AuthorizationVerdict, Grant, UserInfo } from '@davit/core/api'
import type { Informer } from '@davit/core/client'
import type { Bag } from '@davit/core/kernel'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from '@davit/core/kinds'
import { allows, type Rule } from './rules.js'

export interface PolicySources {
  readonly roles: Informer<Role>
  readonly roleBindings: Informer<RoleBinding>
  readonly clusterRoles: Informer<ClusterRole>
  readonly clusterRoleBindings: Informer<ClusterRoleBinding>
  readonly grants: Bag<Grant>
}
type Subjects = ClusterRoleBinding['subjects']
interface UserRules {
  readonly everywhere: readonly Rule[]
  readonly namespaces: ReadonlyMap<string, readonly Rule[]>
}
/** Users are few, but the names in requests may be made up. */
const rememberedUsers = 1000

export class Policy {
  readonly #sources: PolicySources
  readonly #users = new Map<string, UserRules>()

  constructor(sources: PolicySources) {
    this.#sources = sources
  }

  /** Returns the undo. */
  follow(): () => void {
    const forget = () => this.#users.clear()
    const events = { added: forget, updated: forget, deleted: forget }
    const { roles, roleBindings, clusterRoles, clusterRoleBindings, grants } = this.#sources
    const undo = [
      roles.on(events),
      roleBindings.on(events),
      clusterRoles.on(events),
      clusterRoleBindings.on(events),
      grants.onChange(forget),
    ]
    return () => {
      for (const remove of undo) remove()
    }
  }

  /** `undefined` where nothing allows it: another authorizer may. */
  verdict(request: AuthorizationRequest): AuthorizationVerdict | undefined {
    const { everywhere, namespaces } = this.#known(request.user)
    const allowed =
      everywhere.some((rule) => allows(rule, request)) ||
      (request.namespace !== '' && (namespaces.get(request.namespace) ?? []).some((rule) => allows(rule, request)))
    return allowed ? { allowed, reason: '' } : undefined
  }

  /** What the user may do in a namespace; '' where it has to hold everywhere. */
  rulesOf(user: UserInfo, namespace: string): readonly Rule[] {
    const { everywhere, namespaces } = this.#known(user)
    return namespace === '' ? everywhere : [...everywhere, ...(namespaces.get(namespace) ?? [])]
  }

  #known(user: UserInfo): UserRules {
    const key = JSON.stringify([user.name, user.groups])
    let rules = this.#users.get(key)
    if (!rules) {
      if (this.#users.size >= rememberedUsers) this.#users.clear()
      rules = this.#collect(user)
      this.#users.set(key, rules)
    }
    return rules
  }

  #collect(user: UserInfo): UserRules {
    const { roles, roleBindings, clusterRoles, clusterRoleBindings, grants } = this.#sources
    const everywhere: Rule[] = grants
      .all()
      .filter((grant) => grant.user === user.name)
      .flatMap((grant) => grant.rules)
    for (const binding of clusterRoleBindings.list()) {
      if (names(binding.subjects, user, '')) everywhere.push(...(clusterRoles.get('', binding.roleRef.name)?.rules ?? []))
    }
    const namespaces = new Map<string, Rule[]>()
    for (const binding of roleBindings.list()) {
      const namespace = binding.metadata.namespace ?? ''
      if (!names(binding.subjects, user, namespace)) continue
      const { kind, name } = binding.roleRef
      const rules = (kind === 'ClusterRole' ? clusterRoles.get('', name) : roles.get(namespace, name))?.rules ?? []
      namespaces.set(namespace, [...(namespaces.get(namespace) ?? []), ...rules])
    }
    return { everywhere, namespaces }
  }
}

function names(subjects: Subjects, user: UserInfo, namespace: string): boolean {
  return (subjects ?? []).some((subject) => {
    if (subject.kind === 'User') return subject.name === user.name
    if (subject.kind === 'Group') return user.groups.includes(subject.name)
    return (
      subject.kind === 'ServiceAccount' && user.name === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`
    )
  })
}
