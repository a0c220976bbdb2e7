/** Which rules a user has, from bindings, roles and grants; kept until one of them changes. */
import type { AuthorizationRequest, AuthorizationVerdict, Grant, UserInfo } from '@davit/core/api'
import type { Informer } from '@davit/core/client'
import type { Bag } from '@davit/core/kernel'
import type { ClusterRole, ClusterRoleBinding, KubeObject, Role, RoleBinding, Subject } from '@davit/core/kinds'
import { allows, type Rule } from './rules.js'
import type { StartingObjects } from './starting.js'

export interface PolicySources {
  readonly roles: Informer<Role>
  readonly roleBindings: Informer<RoleBinding>
  readonly clusterRoles: Informer<ClusterRole>
  readonly clusterRoleBindings: Informer<ClusterRoleBinding>
  readonly grants: Bag<Grant>
}
/** The rules that one binding gives, and how the answer names it. */
interface Given {
  readonly rules: readonly Rule[]
  readonly verdict: AuthorizationVerdict
}
interface UserRules {
  readonly everywhere: readonly Given[]
  readonly namespaces: ReadonlyMap<string, readonly Given[]>
}
type Binding = ClusterRoleBinding | RoleBinding

/** Users are few, but the names in requests may be made up. */
const rememberedUsers = 1000
const nothing: readonly Given[] = []

export class Policy {
  readonly #sources: PolicySources
  readonly #users = new Map<string, UserRules>()
  readonly #starting: StartingObjects
  /** Starting objects that were never seen in the store: they count until they are written, so that nobody waits for that. */
  readonly #unseen: Set<string>

  constructor(sources: PolicySources, starting: StartingObjects) {
    this.#sources = sources
    this.#starting = starting
    const { clusterRoles, clusterRoleBindings, roles, roleBindings } = starting
    this.#unseen = new Set([...clusterRoles.values(), ...clusterRoleBindings.values(), ...roles, ...roleBindings].map(keyOf))
  }

  /** Returns the undo. */
  follow(): () => void {
    const forget = () => this.#users.clear()
    const seen = (object: KubeObject) => {
      this.#unseen.delete(keyOf(object))
      forget()
    }
    const events = { added: seen, updated: forget, deleted: seen }
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
    return (
      verdictIn(everywhere, request) ??
      (request.namespace === '' ? undefined : verdictIn(namespaces.get(request.namespace) ?? nothing, request))
    )
  }

  /** What the user may do in a namespace; '' where it has to hold everywhere. */
  rulesOf(user: UserInfo, namespace: string): readonly Rule[] {
    const { everywhere, namespaces } = this.#known(user)
    const given = namespace === '' ? everywhere : [...everywhere, ...(namespaces.get(namespace) ?? nothing)]
    return given.flatMap(({ rules }) => rules)
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
    const everywhere: Given[] = []
    for (const grant of this.#sources.grants.all()) {
      if (grant.user !== user.name) continue
      everywhere.push({
        rules: grant.rules,
        verdict: allowed(`RBAC: allowed by a plugin's grant to user ${JSON.stringify(user.name)}`),
      })
    }
    for (const binding of this.#clusterRoleBindings()) {
      const subject = subjectFor(binding, user, '')
      if (subject) everywhere.push(this.#given(binding, subject, ''))
    }
    const namespaces = new Map<string, Given[]>()
    for (const binding of this.#roleBindings()) {
      const namespace = binding.metadata.namespace ?? ''
      const subject = subjectFor(binding, user, namespace)
      if (!subject) continue
      const list = namespaces.get(namespace) ?? []
      namespaces.set(namespace, list)
      list.push(this.#given(binding, subject, namespace))
    }
    return { everywhere, namespaces }
  }

  #given(binding: Binding, subject: Subject, namespace: string): Given {
    const { kind, name } = binding.roleRef
    const role = kind === 'ClusterRole' ? this.#clusterRole(name) : this.#role(namespace, name)
    const place = `${binding.kind} "${bindingName(binding)}" of ${kind} "${name}"`
    return { rules: role?.rules ?? [], verdict: allowed(`RBAC: allowed by ${place} to ${subjectText(subject, namespace)}`) }
  }

  #clusterRole(name: string): ClusterRole | undefined {
    return this.#sources.clusterRoles.get('', name) ?? this.#unwritten(this.#starting.clusterRoles.get(name))
  }

  #role(namespace: string, name: string): Role | undefined {
    const known = this.#sources.roles.get(namespace, name)
    if (known || this.#unseen.size === 0) return known
    const isMeant = ({ metadata }: Role): boolean => metadata.name === name && metadata.namespace === namespace
    return this.#unwritten(this.#starting.roles.find(isMeant))
  }

  *#clusterRoleBindings(): Generator<ClusterRoleBinding> {
    yield* this.#sources.clusterRoleBindings.list()
    if (this.#unseen.size === 0) return
    for (const binding of this.#starting.clusterRoleBindings.values()) if (this.#unwritten(binding)) yield binding
  }

  *#roleBindings(): Generator<RoleBinding> {
    yield* this.#sources.roleBindings.list()
    if (this.#unseen.size === 0) return
    for (const binding of this.#starting.roleBindings) if (this.#unwritten(binding)) yield binding
  }

  #unwritten<T extends KubeObject>(object: T | undefined): T | undefined {
    return object && this.#unseen.has(keyOf(object)) ? object : undefined
  }
}

function keyOf({ kind, metadata }: KubeObject): string {
  return `${kind}/${metadata.namespace ?? ''}/${metadata.name}`
}

function verdictIn(given: readonly Given[], request: AuthorizationRequest): AuthorizationVerdict | undefined {
  for (const { rules, verdict } of given) {
    for (const rule of rules) if (allows(rule, request)) return verdict
  }
  return undefined
}

const allowed = (reason: string): AuthorizationVerdict => ({ allowed: true, reason })

function bindingName({ kind, metadata }: Binding): string {
  return kind === 'RoleBinding' ? `${metadata.name}/${metadata.namespace}` : metadata.name
}

function subjectText({ kind, name, namespace }: Subject, bindingNamespace: string): string {
  return `${kind} "${kind === 'ServiceAccount' ? `${name}/${namespace ?? bindingNamespace}` : name}"`
}

function subjectFor({ subjects }: Binding, user: UserInfo, namespace: string): Subject | undefined {
  return (subjects ?? []).find((subject) => {
    if (subject.kind === 'User') return subject.name === user.name
    if (subject.kind === 'Group') return user.groups.includes(subject.name)
    return (
      subject.kind === 'ServiceAccount' && user.name === `system:serviceaccount:${subject.namespace ?? namespace}:${subject.name}`
    )
  })
}
