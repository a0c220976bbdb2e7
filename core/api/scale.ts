/** `/scale`: the one number that all workloads share, as autoscaling/v1 Scale. */
import { ApiError } from '../client/contract.js'
import {
  invalid,
  type KubeObject,
  type LabelSelectorSpec,
  type ResourceKind,
  type ScalePaths,
  selectorFromObject,
  type WrittenPart,
} from '../kinds/contract.js'
import { type AppliedPart, applyPart, configurationOf } from './apply.js'
import type { ApiRequest, ApiResult } from './contract.js'
import { decodeTree } from './decode-body.js'
import { checkName, checkNamespace, checkPreconditions } from './metadata.js'
import { type WriteSettings, writeSettings } from './options.js'
import { partOwners } from './ownership.js'
import { applyPatch, patchRefused, patchSettings } from './patch.js'
import { readItem } from './read.js'
import type { Resource } from './resource.js'
import type { ApiServices } from './services.js'
import { at, isTree, type Tree, textAt } from './tree.js'
import { change } from './update.js'

export async function scale(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const paths = resource.kind.subresources.get('scale')?.scale
  if (request.verb === 'get') {
    const item = await readItem(services, resource, request)
    checkHasReplicas(item.object, paths)
    return { type: 'object', code: 200, object: scaleOf(item.object, paths), warnings: [] }
  }
  const kind = scaleKind(services)
  if (request.verb === 'patch' && request.patchType === 'apply') return applyScale(services, resource, request, kind, paths)
  const settings = request.verb === 'patch' ? patchSettings(request, kind) : writeSettings(request, 'UpdateOptions')
  let warnings: readonly string[] = []
  let conditional = false
  const make = (current: KubeObject): KubeObject => {
    const sent = request.verb === 'patch' ? patched(request, kind, settings, current, paths) : sentScale(request, kind, settings)
    warnings = sent.warnings
    conditional = Boolean(sent.object.metadata.resourceVersion)
    checkPreconditions(resource.kind, sent.object.metadata, current)
    const replicas = checkedReplicas(kind, sent.object)
    return withValue(current, replicasPath(paths), replicas)
  }
  if (request.verb === 'update') conditional = Boolean(sentScale(request, kind, settings).object.metadata.resourceVersion)
  const written = replicasPart(paths)
  const changed = await change(services, resource, request, {
    part: 'subresource',
    settings,
    retry: !conditional,
    make,
    owners: (current, made) => partOwners(services, resource.kind, request, written, { current, made }),
  })
  return { type: 'object', code: 200, object: scaleOf(changed.object, paths), warnings }
}

/** A custom resource need not say how many it wants, and then there is nothing to scale. */
function checkHasReplicas(object: KubeObject, paths: ScalePaths | undefined): void {
  if (!paths || at(object, ...paths.specReplicas) !== undefined) return
  throw ApiError.internal(`the spec replicas field ".${paths.specReplicas.join('.')}" does not exist`)
}

/** A copy with the value at the path; what lies beside it is shared. */
function withValue<T extends Tree>(tree: T, [name = '', ...rest]: readonly string[], value: unknown): T {
  const inner = tree[name]
  return { ...tree, [name]: rest.length === 0 ? value : withValue(isTree(inner) ? inner : {}, rest, value) }
}

/** Replicas that are applied through the scale are the object's own, owned through its subresource. */
const replicasPart = (paths: ScalePaths | undefined): WrittenPart => ({
  has: (field) => field === replicasPath(paths)[0],
  metadata: new Set(),
})
const replicasPath = (paths: ScalePaths | undefined): readonly string[] => paths?.specReplicas ?? ['spec', 'replicas']

async function applyScale(
  services: ApiServices,
  resource: Resource,
  request: ApiRequest,
  kind: ResourceKind,
  paths: ScalePaths | undefined,
): Promise<ApiResult> {
  const { tree, ...options } = configurationOf(request, kind)
  const { apiVersion, kind: name } = resource.kind
  const replicas = at(tree, 'spec', 'replicas')
  const wanted = replicas === undefined ? {} : withValue({}, replicasPath(paths), replicas)
  const config = { ...options, tree: { apiVersion, kind: name, metadata: tree.metadata, ...wanted } }
  const applied: AppliedPart = {
    part: 'subresource',
    written: replicasPart(paths),
    shownVersion: kind.apiVersion,
    merge: (current, sent) => withValue(current, replicasPath(paths), checkedReplicas(kind, sent, replicasPath(paths))),
  }
  const result = await applyPart(services, resource, request, applied, config)
  return { type: 'object', code: 200, object: scaleOf(result.object, paths), warnings: result.warnings }
}

interface Sent {
  readonly object: KubeObject
  readonly warnings: readonly string[]
}

function sentScale(request: ApiRequest, kind: ResourceKind, settings: WriteSettings): Sent {
  const sent = decodeTree(request.body, kind, settings, request.duplicates)
  checkName(request, sent.object)
  checkNamespace(request, kind, sent.object)
  return sent
}

function patched(
  request: ApiRequest,
  kind: ResourceKind,
  settings: WriteSettings,
  current: KubeObject,
  paths: ScalePaths | undefined,
): Sent {
  const before = scaleOf(current, paths)
  const result = applyPatch(request, kind.schema, before)
  if (!result.ok) throw patchRefused(kind, current, result)
  const sent = decodeTree(result.object, kind, settings, request.duplicates)
  checkName(request, sent.object)
  return sent
}

function checkedReplicas(kind: ResourceKind, object: KubeObject, path: readonly string[] = ['spec', 'replicas']): number {
  const replicas = at(object, ...path) ?? 0
  if (typeof replicas === 'number' && replicas >= 0) return replicas
  const problem = invalid('spec.replicas', replicas, 'must be greater than or equal to 0')
  throw ApiError.invalid(kind, object.metadata.name, [problem])
}

export function scaleOf(object: KubeObject, paths?: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const replicas = at(object, ...replicasPath(paths)) ?? 0
  const running = at(object, ...(paths?.statusReplicas ?? ['status', 'replicas'])) ?? 0
  const selector = paths
    ? paths.labelSelector
      ? textAt(object, ...paths.labelSelector)
      : ''
    : selectorText(at(object, 'spec', 'selector'))
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: { replicas },
    status: { replicas: running, ...(selector === '' ? {} : { selector }) },
  }
}

/** As clients write it in a query. */
function selectorText(selector: unknown): string {
  if (!isTree(selector)) return ''
  return selectorFromObject(selector as LabelSelectorSpec | Record<string, string>).value?.text ?? ''
}

/** Scale is a body of its own, which no URL names. */
function scaleKind(services: ApiServices): ResourceKind {
  const kind = services.kinds.kind('autoscaling/v1', 'Scale')
  if (!kind) throw ApiError.unknownPath()
  return kind
}
