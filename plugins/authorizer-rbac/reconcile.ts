/**
 * Brings the roles and bindings that a cluster starts with to what they must at least be: what is missing is made, rules
 * and subjects that are missing are added. What an administrator added stays, and what he annotated with
 * `rbac.authorization.kubernetes.io/autoupdate: "false"` is left alone altogether.
 */
import {
  type Client,
  clusterRoleBindings,
  clusterRoles,
  edit,
  type Informer,
  isConflict,
  isExists,
  type ResourceRef,
  roleBindings,
  roles,
} from '@davit/core/client'
import {
  type ClusterRole,
  type ClusterRoleBinding,
  equalJson,
  type KubeObject,
  type Role,
  type RoleBinding,
} from '@davit/core/kinds'
import { uncovered } from './coverage.js'
import { autoUpdate, mutable, type StartingObjects } from './starting.js'

export interface Present {
  readonly clusterRoles: Informer<ClusterRole>
  readonly clusterRoleBindings: Informer<ClusterRoleBinding>
  readonly roles: Informer<Role>
  readonly roleBindings: Informer<RoleBinding>
}

/** Objects that share one commit: together enough for speed, and no more than a start has time for beside its own work. */
const batch = 16

/** Only what differs is written. */
export async function reconcile(client: Client, present: Present, wanted: StartingObjects): Promise<void> {
  const works: (() => Promise<void>)[] = []
  const bring = <T extends KubeObject>(
    ref: ResourceRef<T>,
    informer: Informer<T>,
    objects: Iterable<T>,
    merge: (old: T, wanted: T) => T,
  ): void => {
    for (const object of objects) {
      const { namespace = '', name } = object.metadata
      works.push(() => write(client, ref, informer.get(namespace, name), object, merge))
    }
  }
  bring(clusterRoles, present.clusterRoles, wanted.clusterRoles.values(), mergedRole)
  bring(clusterRoleBindings, present.clusterRoleBindings, wanted.clusterRoleBindings.values(), mergedBinding)
  bring(roles, present.roles, wanted.roles, mergedRole)
  bring(roleBindings, present.roleBindings, wanted.roleBindings, mergedBinding)
  for (let index = 0; index < works.length; index += batch) {
    await Promise.all(works.slice(index, index + batch).map((work) => work()))
  }
}

async function write<T extends KubeObject>(
  client: Client,
  ref: ResourceRef<T>,
  old: T | undefined,
  wanted: T,
  merge: (old: T, wanted: T) => T,
): Promise<void> {
  try {
    if (!old) await client.create(ref, wanted)
    else if (old.metadata.annotations?.[autoUpdate] !== 'false') {
      const merged = merge(old, wanted)
      if (!equalJson(merged, old)) await client.update(ref, merged)
    }
  } catch (error) {
    // Another server starts at the same time and writes the same, or an administrator was faster: the next start looks again.
    if (!isExists(error) && !isConflict(error)) throw error
  }
}

/** `old` with what it lacks. Pure. */
export function mergedRole<T extends ClusterRole | Role>(old: T, wanted: T): T {
  return edit(old, (draft) => {
    mergeMetadata(draft, wanted)
    const { aggregationRule } = wanted as ClusterRole
    if (!aggregationRule) {
      const missing = uncovered(old.rules ?? [], wanted.rules ?? [])
      if (missing.length > 0) draft.rules = [...(draft.rules ?? []), ...mutable(missing)]
      return
    }
    // Its rules are the aggregation's affair.
    const present = (draft as ClusterRole).aggregationRule?.clusterRoleSelectors ?? []
    const lacking = (aggregationRule.clusterRoleSelectors ?? []).filter((one) => !present.some((known) => equalJson(known, one)))
    if (lacking.length > 0) Object.assign(draft, { aggregationRule: { clusterRoleSelectors: [...present, ...lacking] } })
  })
}

export function mergedBinding<T extends ClusterRoleBinding | RoleBinding>(old: T, wanted: T): T {
  return edit(old, (draft) => {
    mergeMetadata(draft, wanted)
    const present = draft.subjects ?? []
    const lacking = (wanted.subjects ?? []).filter((one) => !present.some((known) => equalJson(known, one)))
    if (lacking.length > 0) draft.subjects = [...present, ...lacking]
  })
}

/** What is set already stays. */
function mergeMetadata(draft: KubeObject, { metadata }: KubeObject): void {
  draft.metadata.labels = { ...metadata.labels, ...draft.metadata.labels }
  draft.metadata.annotations = { ...metadata.annotations, ...draft.metadata.annotations }
}
