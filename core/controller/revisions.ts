/** The history of Pod templates that a StatefulSet or DaemonSet keeps as ControllerRevisions. */
import { controllerRevisions, edit, isExists, isNotFound } from '../client/contract.js'
import type { ControllerRevision, KubeObject, PodTemplateSpec } from '../kinds/contract.js'
import type { ReconcileContext } from './contract.js'
import { isControlledBy, ownerReference } from './owner.js'
import { revisionData, revisionText } from './revision-data.js'
import { shortHash } from './short-hash.js'

export interface RevisionRequest {
  readonly owner: KubeObject
  /** The present one. */
  readonly template: PodTemplateSpec
  /** All that are the owner's, in any order. */
  readonly revisions: readonly ControllerRevision[]
  /** Of the owner's status: how often a name was taken by another template. */
  readonly collisionCount: number
  /** Label of a ControllerRevision that carries its hash. */
  readonly hashLabel: string
}
export interface SettledRevision {
  /** That of the present template; it has the highest number. */
  readonly update: ControllerRevision
  /** All, it included, lowest number first. */
  readonly revisions: readonly ControllerRevision[]
  readonly collisionCount: number
}

type Writer = Pick<ReconcileContext, 'client' | 'cause'>

/**
 * Sees to it that the present template has a revision, and that it is the newest: one that held the same template
 * before is given the next number, which is what a roll-back is. One write at most, and none where all is so.
 */
export async function settleRevision(context: Writer, request: RevisionRequest): Promise<SettledRevision> {
  const { collisionCount } = request
  const known = sortRevisions(request.revisions)
  const data = revisionData(request.template)
  const text = revisionText(data)
  const equal = known.findLast((revision) => revisionText(revision.data) === text)
  const newest = known.at(-1)
  if (equal && equal === newest) return { update: equal, revisions: known, collisionCount }
  const number = (newest?.revision ?? 0) + 1
  if (!equal) return createRevision(context, request, known, { data, text, number })
  const renumbered = edit(equal, (draft) => {
    draft.revision = number
  })
  const update = await context.client.update(controllerRevisions, renumbered, { cause: context.cause })
  return { update, revisions: [...known.filter((revision) => revision !== equal), update], collisionCount }
}

/** Oldest first. */
export function sortRevisions(revisions: readonly ControllerRevision[]): readonly ControllerRevision[] {
  const time = ({ metadata }: ControllerRevision) => `${metadata.creationTimestamp ?? ''} ${metadata.name}`
  return [...revisions].sort((a, b) => a.revision - b.revision || (time(a) < time(b) ? -1 : 1))
}

/** Beyond `limit` old ones, the oldest go; those named in `live` are in use and do not count. */
export function forgettableRevisions(
  revisions: readonly ControllerRevision[],
  live: ReadonlySet<string>,
  limit: number,
): readonly ControllerRevision[] {
  const old = sortRevisions(revisions).filter(({ metadata }) => !live.has(metadata.name))
  return old.slice(0, Math.max(0, old.length - limit))
}

export async function removeRevisions({ client, cause }: Writer, revisions: readonly ControllerRevision[]): Promise<void> {
  const remove = async ({ metadata: { namespace = '', name, uid } }: ControllerRevision) => {
    const options = { cause, ...(uid !== undefined && { preconditions: { uid } }) }
    await client.delete(controllerRevisions, namespace, name, options).catch((error: unknown) => {
      if (!isNotFound(error)) throw error
    })
  }
  await Promise.all(revisions.map(remove))
}

interface NewRevision {
  readonly data: object
  readonly text: string
  readonly number: number
}

/** A name that is taken by something else gives another name; one that is taken by this very revision is a success. */
async function createRevision(
  { client, cause }: Writer,
  request: RevisionRequest,
  known: readonly ControllerRevision[],
  { data, text, number }: NewRevision,
): Promise<SettledRevision> {
  const { owner } = request
  for (let { collisionCount } = request; ; collisionCount += 1) {
    const wanted = newRevision(request, data, number, shortHash(text, collisionCount))
    try {
      const update = await client.create(controllerRevisions, wanted, { cause })
      return { update, revisions: [...known, update], collisionCount }
    } catch (error) {
      if (!isExists(error)) throw error
    }
    const { namespace = '', name } = wanted.metadata
    const update = await client.get(controllerRevisions, namespace, name)
    if (!isControlledBy(update, owner) || revisionText(update.data) !== text) continue
    return { update, revisions: sortRevisions([...known, update]), collisionCount }
  }
}

function newRevision({ owner, template, hashLabel }: RevisionRequest, data: object, revision: number, hash: string) {
  const { name, namespace, annotations } = owner.metadata
  const made: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...template.metadata?.labels, [hashLabel]: hash },
      ...(annotations && { annotations }),
      ownerReferences: [ownerReference(owner)],
    },
    data,
    revision,
  }
  return made
}
