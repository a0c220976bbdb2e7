/** Metadata that the server owns: what a create gives, what an update keeps, when the generation counts. */
import { ApiError } from '../client/contract.js'
import { equalJson, type KubeObject, type ResourceKind } from '../kinds/contract.js'
import type { ApiRequest } from './contract.js'
import { type ApiServices, timestamp } from './services.js'
import { textAt } from './tree.js'

type Metadata = KubeObject['metadata']

/** The namespace of the body must be that of the URL; an absent one is filled in. */
export function checkNamespace(request: ApiRequest, kind: ResourceKind, object: KubeObject): void {
  const { namespace } = object.metadata
  if (!kind.namespaced) {
    delete object.metadata.namespace
  } else if (namespace === undefined || namespace === '') {
    object.metadata.namespace = request.namespace
  } else if (namespace !== request.namespace) {
    throw ApiError.badRequest(
      `the namespace of the provided object does not match the namespace sent on the request (${namespace} is not ${request.namespace})`,
    )
  }
}

/** The name of the body must be that of the URL. */
export function checkName(request: ApiRequest, object: KubeObject): void {
  const { name } = object.metadata
  if (name === undefined || name === '') object.metadata.name = request.name
  else if (name !== request.name) {
    throw ApiError.badRequest(`the name of the object (${name}) does not match the name on the URL (${request.name})`)
  }
}

/** 400 for a patch that renames. */
export function checkSameName(current: KubeObject, object: KubeObject): void {
  const { name, namespace = '' } = current.metadata
  const sent = object.metadata
  if (sent.name !== name) {
    throw ApiError.badRequest(`the name of the object (${sent.name}) does not match the name on the URL (${name})`)
  }
  if ((sent.namespace ?? '') !== namespace) {
    const other = sent.namespace ?? ''
    throw ApiError.badRequest(`the namespace of the object (${other}) does not match the namespace on the URL (${namespace})`)
  }
}

/** Replaces what a client may not set on a create. `generated` is true where the name was made from generateName. */
export function newMetadata(services: ApiServices, kind: ResourceKind, object: KubeObject): { generated: boolean } {
  const sent = object.metadata
  if (sent.resourceVersion !== undefined && sent.resourceVersion !== '' && sent.resourceVersion !== '0') {
    throw ApiError.badRequest('resourceVersion should not be set on objects to be created')
  }
  const generated = !sent.name && Boolean(sent.generateName)
  const made: Metadata = { name: generated ? generateName(services, sent.generateName ?? '') : (sent.name ?? '') }
  if (sent.generateName) made.generateName = sent.generateName
  if (kind.namespaced && sent.namespace) made.namespace = sent.namespace
  made.uid = services.ids.uuid()
  if (kind.generation !== 'none') made.generation = 1
  made.creationTimestamp = timestamp(services.clock.now())
  copyUserParts(sent, made)
  object.metadata = made
  return { generated }
}

/** The name is cut so that the five characters fit into a label's 63. */
function generateName(services: ApiServices, base: string): string {
  return base.slice(0, 58) + services.random.string(5)
}

/** Whatever the body says, these stay as they are stored. */
export function keptMetadata(object: KubeObject, old: KubeObject): void {
  const sent = object.metadata
  const kept = old.metadata
  const made: Metadata = { name: kept.name }
  if (kept.generateName !== undefined) made.generateName = kept.generateName
  if (kept.namespace !== undefined) made.namespace = kept.namespace
  if (kept.uid !== undefined) made.uid = kept.uid
  if (kept.generation !== undefined) made.generation = kept.generation
  if (kept.creationTimestamp !== undefined) made.creationTimestamp = kept.creationTimestamp
  if (kept.deletionTimestamp !== undefined) made.deletionTimestamp = kept.deletionTimestamp
  if (kept.deletionGracePeriodSeconds !== undefined) made.deletionGracePeriodSeconds = kept.deletionGracePeriodSeconds
  copyUserParts(sent, made)
  object.metadata = made
}

function copyUserParts(from: Metadata, to: Metadata): void {
  if (from.labels !== undefined) to.labels = from.labels
  if (from.annotations !== undefined) to.annotations = from.annotations
  if (from.ownerReferences !== undefined) to.ownerReferences = from.ownerReferences
  if (from.finalizers !== undefined) to.finalizers = from.finalizers
}

/** +1 where the kind counts and what it counts has changed. */
export function countGeneration(kind: ResourceKind, object: KubeObject, old: KubeObject): void {
  if (kind.generation === 'none' || sameGeneration(kind, object, old)) return
  object.metadata.generation = (old.metadata.generation ?? 0) + 1
}

function sameGeneration(kind: ResourceKind, object: KubeObject, old: KubeObject): boolean {
  switch (kind.generation) {
    case 'spec-and-annotations':
      return equalJson(object.spec, old.spec) && equalJson(object.metadata.annotations ?? {}, old.metadata.annotations ?? {})
    case 'non-metadata':
      return equalJson(contentOf(kind, object), contentOf(kind, old))
    default:
      return equalJson(object.spec, old.spec)
  }
}

function contentOf(kind: ResourceKind, object: KubeObject): Record<string, unknown> {
  const { apiVersion: _apiVersion, kind: _kind, metadata: _metadata, status, ...content } = object
  return kind.hasStatus || status === undefined ? content : { ...content, status }
}

/** The uid and resourceVersion that the body of an update asks for, against what is stored. */
export function checkPreconditions(kind: ResourceKind, sent: Metadata, current: KubeObject): void {
  const { name, uid, resourceVersion } = current.metadata
  if (sent.uid && sent.uid !== uid) {
    throw ApiError.conflict(kind, name, `Precondition failed: UID in precondition: ${sent.uid}, UID in object meta: ${uid}`)
  }
  if (sent.resourceVersion && sent.resourceVersion !== '0' && sent.resourceVersion !== resourceVersion) {
    throw ApiError.conflict(kind, name)
  }
}

export const isMarked = (object: KubeObject): boolean => textAt(object, 'metadata', 'deletionTimestamp') !== ''
