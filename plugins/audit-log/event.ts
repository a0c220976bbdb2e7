/** A record as an Event of audit.k8s.io/v1, in one line. */
import type { ApiResult, RequestRecord, RequestStage, UserInfo } from '@davit/core/api'
import { formatJson, type KubeObject } from '@davit/core/kinds'
import type { Decision } from './policy.js'

export function eventLine(
  record: RequestRecord,
  stage: RequestStage,
  { level, omitManagedFields }: Decision,
  now: number,
): string {
  const { user, impersonated, target } = record
  const done = stage !== 'RequestReceived'
  const withRequest = done && level !== 'Metadata' && record.body !== undefined
  const response = level === 'RequestResponse' && stage === 'ResponseComplete' ? responseObject(record) : undefined
  const annotations = done ? annotationsOf(record) : {}
  const event = {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level,
    auditID: record.id,
    stage,
    requestURI: record.uri,
    verb: record.verb,
    user: user ? userOf(user) : {},
    impersonatedUser: impersonated && userOf(impersonated),
    sourceIPs: record.sourceIPs.length === 0 ? undefined : record.sourceIPs,
    userAgent: record.userAgent === '' ? undefined : record.userAgent,
    objectRef: target && objectRef(record, target),
    responseStatus: done ? statusOf(record) : undefined,
    requestObject: withRequest ? shown(record.body, omitManagedFields) : undefined,
    responseObject: response === undefined ? undefined : shown(response, omitManagedFields),
    requestReceivedTimestamp: microTime(record.received),
    stageTimestamp: microTime(now),
    annotations: Object.keys(annotations).length === 0 ? undefined : annotations,
  }
  return `${formatJson(event)}\n`
}

function userOf({ name, uid, groups, extra }: UserInfo): object {
  return { username: name, uid, groups, extra }
}

/** What the body says of the object, where the path does not. */
function objectRef({ body }: RequestRecord, target: NonNullable<RequestRecord['target']>): object {
  const metadata = (isTree(body) && isTree(body.metadata) ? body.metadata : {}) as Partial<KubeObject['metadata']>
  return {
    resource: target.resource,
    namespace: target.namespace || undefined,
    name: target.name || metadata.name,
    uid: metadata.uid,
    apiGroup: target.group || undefined,
    apiVersion: target.version,
    resourceVersion: metadata.resourceVersion,
    subresource: target.subresource || undefined,
  }
}

function statusOf({ code, failure }: RequestRecord): object | undefined {
  if (failure) {
    const { status, message, reason, details } = failure
    return { metadata: {}, status, message, reason, details, code: failure.code }
  }
  return code === 0 ? undefined : { metadata: {}, code }
}

function responseObject({ result, failure }: RequestRecord): unknown {
  if (failure) return failure
  if (result?.type === 'object') return result.object
  return result?.type === 'list' ? listOf(result) : undefined
}

function listOf({ kind, resourceVersion, items }: Extract<ApiResult, { type: 'list' }>): object {
  return {
    kind: `${kind.kind}List`,
    apiVersion: kind.apiVersion,
    metadata: { resourceVersion },
    items: items.map(({ object }) => object),
  }
}

/** Every request that was judged says how; so does what admission had to say. */
function annotationsOf({ decision, notes, code, failure }: RequestRecord): Record<string, string> {
  const allowed = decision?.allowed ?? (failure?.code ?? code) !== 403
  const isJudged = decision !== undefined || (code !== 401 && failure?.code !== 401)
  return {
    ...(isJudged && {
      'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid',
      'authorization.k8s.io/reason': decision?.reason ?? '',
    }),
    ...Object.fromEntries(notes?.annotations ?? []),
  }
}

/** Managed fields are long and say little: a policy may leave them out. */
function shown(tree: unknown, omitManagedFields: boolean): unknown {
  if (!omitManagedFields || !isTree(tree)) return tree
  if (Array.isArray(tree.items)) return { ...tree, items: tree.items.map((item) => withoutManagedFields(item)) }
  return withoutManagedFields(tree)
}

function withoutManagedFields(tree: unknown): unknown {
  if (!isTree(tree) || !isTree(tree.metadata)) return tree
  const { managedFields: _omitted, ...metadata } = tree.metadata
  return { ...tree, metadata }
}

function isTree(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

let second = Number.NaN
let secondText = ''

/** Of the same second again and again: a date is put into words once for each. */
function microTime(milliseconds: number): string {
  const rest = ((milliseconds % 1000) + 1000) % 1000
  if (milliseconds - rest !== second) {
    second = milliseconds - rest
    secondText = new Date(second).toISOString().slice(0, 20)
  }
  return `${secondText}${String(Math.floor(rest)).padStart(3, '0')}000Z`
}
