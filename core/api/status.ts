/**
 * Status isolation: a write to `/status` takes the status of what is sent and nothing of its spec; the write of the
 * object itself is the other way round and stands in `update.ts`.
 */
import type { KubeObject, WrittenPart } from '../kinds/contract.js'
import { applyPart } from './apply.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { decodeBody } from './decode-body.js'
import { checkName, checkNamespace, checkPreconditions } from './metadata.js'
import { writeSettings } from './options.js'
import { partOwners } from './ownership.js'
import { patchedBody, patchSettings } from './patch.js'
import { readItem } from './read.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { at, isTree, type Tree } from './tree.js'
import { type Change, change } from './update.js'

/** Takes a part of `sent` over into `current`. Neither is changed; the result may share parts with both. */
export type Merge = (current: KubeObject, sent: KubeObject, resource: Resource) => KubeObject

/** GET, PUT and PATCH of a subresource whose body is the object itself. */
export async function partOfObject(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  part: Change['part'],
  merge: Merge,
): Promise<ApiResult> {
  if (request.verb === 'get') {
    const item = await readItem(services, resource, request)
    return { type: 'object', code: 200, object: item.object, item, warnings: [] }
  }
  const { kind } = resource
  const written = part === 'status' ? statusPart(resource) : specPart
  const owners: Change['owners'] = (current, made) => partOwners(services, kind, request, written, { current, made })
  if (request.verb === 'patch' && request.patchType === 'apply') {
    return applyPart(services, resource, request, { part, written, merge: (current, sent) => merge(current, sent, resource) })
  }
  if (request.verb === 'patch') {
    const settings = patchSettings(request, kind)
    let warnings: readonly string[] = []
    const make = (current: KubeObject): KubeObject => {
      const patched = patchedBody(request, kind, settings, current)
      warnings = patched.warnings
      return merge(current, patched.object, resource)
    }
    const changed = await change(services, resource, request, { part, settings, retry: true, make, owners })
    return { type: 'object', code: 200, ...changed, warnings }
  }
  const settings = writeSettings(request, 'UpdateOptions')
  const sent = decodeBody(request, kind, settings)
  checkName(request, sent.object)
  checkNamespace(request, kind, sent.object)
  const { metadata } = sent.object
  const make = (current: KubeObject): KubeObject => {
    checkPreconditions(kind, metadata, current)
    return merge(current, sent.object, resource)
  }
  const changed = await change(services, resource, request, { part, settings, retry: !metadata.resourceVersion, make, owners })
  return { type: 'object', code: 200, ...changed, warnings: sent.warnings }
}

export const mergeStatus: Merge = (current, sent, resource) => {
  const metadata = statusMetadata(resource, current, sent)
  const { status: _status, ...rest } = current
  const status = isSigning(resource) ? withConditions(sent.status, keptConditions(current.status, sent.status)) : sent.status
  return { ...rest, apiVersion: current.apiVersion, kind: current.kind, metadata, ...(status === undefined ? {} : { status }) }
}

/** Of a certificate request: only the decision. */
export const mergeApproval: Merge = (current, sent) => ({
  ...current,
  status: withConditions(current.status, conditionsOf(sent.status)),
})

/** The workloads keep labels and annotations, which their controllers copy onto pods; others may be annotated here. */
const keepsMetadata = ({ kind }: Resource): boolean => kind.group === 'apps' || kind.kind === 'ReplicationController'

/** The revision of a roll-out is an annotation that is written along with the status, so that it counts no generation. */
const takesAnnotations = ({ kind }: Resource): boolean => kind.group === 'apps' && kind.kind === 'Deployment'

/** What a write to `/status` can make its own. */
function statusPart(resource: Resource): WrittenPart {
  const metadata = keepsMetadata(resource) ? (takesAnnotations(resource) ? ['annotations'] : []) : ['labels', 'annotations']
  return { has: (field) => field === 'status' || field === 'metadata', metadata: new Set(metadata) }
}

const specPart: WrittenPart = { has: (field) => field !== 'status' && field !== 'metadata', metadata: new Set() }

function statusMetadata(resource: Resource, current: KubeObject, sent: KubeObject): KubeObject['metadata'] {
  if (!keepsMetadata(resource)) return userMetadata(current, sent)
  if (!takesAnnotations(resource)) return current.metadata
  const { annotations: _annotations, ...kept } = current.metadata
  const { annotations } = sent.metadata
  return annotations === undefined ? kept : { ...kept, annotations }
}

function userMetadata(current: KubeObject, sent: KubeObject): KubeObject['metadata'] {
  const { labels: _labels, annotations: _annotations, ...kept } = current.metadata
  const { labels, annotations } = sent.metadata
  return { ...kept, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) }
}

const isSigning = ({ kind }: Resource): boolean => kind.kind === 'CertificateSigningRequest'
const isDecision = (condition: unknown): boolean => ['Approved', 'Denied'].includes(String(at(condition, 'type')))

function conditionsOf(status: unknown): readonly unknown[] {
  const conditions = at(status, 'conditions')
  return Array.isArray(conditions) ? conditions : []
}

/** `/status` cannot approve: the decisions stay as they are. */
function keptConditions(old: unknown, sent: unknown): readonly unknown[] {
  return [...conditionsOf(old).filter(isDecision), ...conditionsOf(sent).filter((condition) => !isDecision(condition))]
}

function withConditions(status: unknown, conditions: readonly unknown[]): Tree {
  const { conditions: _conditions, ...rest } = isTree(status) ? status : {}
  return conditions.length === 0 ? rest : { ...rest, conditions }
}
