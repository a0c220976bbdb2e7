/** What lies in a namespace, and its deletion. */
import { isNotFound, type ResourceRef } from '@davit/core/client'
import type { ReconcileContext } from '@davit/core/controller'
import type { KindRegistry, KubeObject } from '@davit/core/kinds'
import type { Remains } from './conditions.js'

/** So many deletes are on their way at once. */
const workers = 16

/** The resources that objects of a namespace can be of, each once, Pods first. */
export function contentResources(kinds: KindRegistry): ResourceRef[] {
  const refs = new Map<string, ResourceRef>()
  for (const { group, version, resource, kind, namespaced, stored, verbs } of kinds.all()) {
    const name = `${group}/${resource}`
    const deletable = namespaced && stored && verbs.includes('list') && verbs.includes('delete')
    if (deletable && !refs.has(name)) refs.set(name, { group, version, resource, kind, namespaced })
  }
  return [...refs.values()].sort((a, b) => Number(isPods(b)) - Number(isPods(a)))
}

export function isPods({ group, resource }: ResourceRef): boolean {
  return group === '' && resource === 'pods'
}

export interface Emptied extends Remains {
  readonly failures: readonly string[]
}

/** Deletes what is there of one resource; answers what is left, marked or refused. */
export async function empty(ref: ResourceRef, namespace: string, context: ReconcileContext): Promise<Emptied> {
  const resource = ref.group === '' ? ref.resource : `${ref.resource}.${ref.group}`
  const { items } = await context.client.list(ref, { namespace })
  const going = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const failures: string[] = []
  const work = async () => {
    for (let object = going.pop(); object; object = going.pop()) {
      const failure = await remove(ref, object, context)
      if (failure) failures.push(`${resource} ${object.metadata.name}: ${failure}`)
    }
  }
  await Promise.all(Array.from({ length: Math.min(workers, going.length) }, work))
  const left = items.length === 0 ? [] : (await context.client.list(ref, { namespace })).items
  return { resource, count: left.length, finalizers: left.flatMap(({ metadata }) => metadata.finalizers ?? []), failures }
}

/** Answers why it was refused. */
async function remove(ref: ResourceRef, { metadata }: KubeObject, context: ReconcileContext): Promise<string | undefined> {
  const { namespace = '', name, uid = '' } = metadata
  try {
    const options = { cause: context.cause, propagationPolicy: 'Background' as const, preconditions: { uid } }
    await context.client.delete(ref, namespace, name, options)
    return undefined
  } catch (error) {
    if (isNotFound(error)) return undefined
    return error instanceof Error ? error.message : String(error)
  }
}
