/** `serviceaccounts/x/token`: a token of the account, for whom it is asked for, as long as it is asked for. */
import { ApiError } from '../client/contract.js'
import type { FieldError, KubeObject, Node, Pod, ServiceAccount } from '../kinds/contract.js'
import { mutate, validateAdmission } from './admission.js'
import type { ApiRequest, ApiResult, JwtClaims, TokenIssuer } from './contract.js'
import { decodeTree } from './decode-body.js'
import { findItem, requireItem } from './fresh.js'
import { writeSettings } from './options.js'
import { coreResource } from './pods.js'
import type { Resource } from './resource.js'
import { type ApiServices, timestamp } from './services.js'
import { mountedSeconds } from './token-mount.js'
import { at, type Tree, textAt } from './tree.js'

const shortest = 600
const longest = 2 ** 32
const usual = 3600
const extendedSeconds = 365 * 24 * 3600

export async function requestToken(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { issuer } = services
  const kind = services.kinds.kind('authentication.k8s.io/v1', 'TokenRequest')
  if (!issuer || !kind) throw ApiError.unknownPath()
  const settings = writeSettings(request, 'CreateOptions')
  const { object: sent, warnings } = decodeTree(request.body, kind, settings, request.duplicates)
  checkPlace(request, sent)
  const account = resource.show(await requireItem(services, resource, request)).object as ServiceAccount
  const now = services.clock.now()
  const object = await complete(services, resource, request, { sent, now, issuer, dryRun: settings.dryRun })
  const spec = specOf(object)
  const bound = await boundObject(services, request, spec.ref)
  const seconds = Math.min(spec.seconds, issuer.maxSeconds)
  const shortened =
    seconds < spec.seconds ? [`requested expiration of ${spec.seconds} seconds shortened to ${seconds} seconds`] : []
  const claims = claimsOf({ issuer, account, bound, audiences: spec.audiences, seconds, now, id: services.ids.uuid() })
  const status = { token: await issuer.sign(claims), expirationTimestamp: timestamp(now + seconds * 1000) }
  const answered = { ...object, spec: { ...(object.spec as Tree), expirationSeconds: seconds }, status }
  return { type: 'object', code: 201, object: answered, warnings: [...warnings, ...shortened] }
}

/** What the body says of the account must be what the URL says. */
function checkPlace(request: ApiRequest, { metadata }: KubeObject): void {
  const wrong = (field: string, value: string): ApiError =>
    invalid(request.name, [
      {
        reason: 'FieldValueInvalid',
        field: `metadata.${field}`,
        message: `Invalid value: ${JSON.stringify(value)}: must match the service account ${field} if specified`,
      },
    ])
  if (metadata.name && metadata.name !== request.name) throw wrong('name', metadata.name)
  if (metadata.namespace && metadata.namespace !== request.namespace) throw wrong('namespace', metadata.namespace)
}

interface Completed {
  readonly sent: KubeObject
  readonly now: number
  readonly issuer: TokenIssuer
  readonly dryRun: boolean
}

/** With defaults, admitted and checked. */
async function complete(services: ApiServices, resource: Resource, request: ApiRequest, given: Completed): Promise<KubeObject> {
  const { sent, now, issuer, dryRun } = given
  const { name, namespace } = request
  const spec = (sent.spec ?? {}) as Tree
  const object: KubeObject = {
    apiVersion: sent.apiVersion,
    kind: sent.kind,
    metadata: { ...sent.metadata, name, namespace, creationTimestamp: timestamp(now) },
    spec: { ...spec, expirationSeconds: spec.expirationSeconds ?? usual },
  }
  const admitted = { operation: 'CREATE', dryRun } as const
  // As in Kubernetes: who may change what is asked for sees that nobody is named, who judges sees for whom it will be.
  const changed = withAudiences(await mutate(services.hooks, request, resource.kind, object, admitted), issuer)
  checkSeconds(changed)
  await validateAdmission(services.hooks, request, resource.kind, { ...admitted, object: changed })
  return changed
}

function withAudiences(object: KubeObject, issuer: TokenIssuer): KubeObject {
  const audiences = at(object, 'spec', 'audiences')
  if (Array.isArray(audiences) && audiences.length > 0) return object
  return { ...object, spec: { ...(object.spec as Tree), audiences: [...issuer.audiences] } }
}

function checkSeconds(object: KubeObject): void {
  const seconds = Number(at(object, 'spec', 'expirationSeconds'))
  const [bound, limit] = seconds < shortest ? ['less', '10 minutes'] : ['larger', '2^32 seconds']
  if (seconds >= shortest && seconds <= longest) return
  const message = `Invalid value: ${seconds}: may not specify a duration ${bound} than ${limit}`
  throw invalid('', [{ reason: 'FieldValueInvalid', field: 'spec.expirationSeconds', message }])
}

interface BoundReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}
interface TokenSpec {
  readonly audiences: readonly string[]
  readonly seconds: number
  readonly ref?: BoundReference
}

function specOf(object: KubeObject): TokenSpec {
  const audiences = at(object, 'spec', 'audiences') as readonly string[]
  const seconds = Number(at(object, 'spec', 'expirationSeconds'))
  const ref = at(object, 'spec', 'boundObjectRef')
  if (ref === undefined) return { audiences, seconds }
  const text = (field: string): string => textAt(ref, field)
  return { audiences, seconds, ref: { apiVersion: text('apiVersion'), kind: text('kind'), name: text('name'), uid: text('uid') } }
}

/** What the token ends with; the node is that of a Pod, too, where it has one. */
interface Bound {
  readonly pod?: KubeObject
  readonly secret?: KubeObject
  readonly node?: { readonly metadata: Pick<KubeObject['metadata'], 'name' | 'uid'> }
}

async function boundObject(services: ApiServices, request: ApiRequest, ref: BoundReference | undefined): Promise<Bound> {
  if (!ref) return {}
  const { apiVersion, kind, name, uid } = ref
  const places = { Pod: ['pods', request.namespace], Secret: ['secrets', request.namespace], Node: ['nodes', ''] } as const
  const place = apiVersion === 'v1' && Object.hasOwn(places, kind) ? places[kind as keyof typeof places] : undefined
  if (!place) {
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    throw ApiError.badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`)
  }
  const [resource, namespace] = place
  const of = coreResource(services, '', resource)
  const { object } = of.show(await requireItem(services, of, { ...request, name, namespace }))
  if (kind === 'Pod' && (object as Pod).spec.serviceAccountName !== request.name) {
    const text = `cannot bind token for serviceaccount ${JSON.stringify(request.name)} to pod running with different serviceaccount name.`
    throw ApiError.badRequest(text)
  }
  if (uid !== '' && uid !== object.metadata.uid) {
    const text = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`
    throw ApiError.conflict({ group: '', resource: kind }, name, text)
  }
  if (kind === 'Secret') return { secret: object }
  return kind === 'Node' ? { node: object } : { pod: object, ...(await nodeOf(services, request, object as Pod)) }
}

/** Also a node that is not there (any more) is named. */
async function nodeOf(services: ApiServices, request: ApiRequest, { spec }: Pod): Promise<Pick<Bound, 'node'>> {
  const name = spec.nodeName
  if (!name) return {}
  const nodes = coreResource(services, '', 'nodes')
  const found = await findItem(services, nodes, { ...request, name, namespace: '' })
  return { node: found ? (found.object as Node) : { metadata: { name } } }
}

interface ClaimFacts {
  readonly issuer: TokenIssuer
  readonly account: ServiceAccount
  readonly bound: Bound
  readonly audiences: readonly string[]
  readonly seconds: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly id: string
}

/** In the order of their names, as Kubernetes writes them. */
function claimsOf({ issuer, account, bound, audiences, seconds, now, id }: ClaimFacts): JwtClaims {
  const issued = Math.floor(now / 1000)
  const { name, namespace = '' } = account.metadata
  const forApi = audiences.every((audience) => issuer.audiences.includes(audience))
  const extended = issuer.extendMounted && bound.pod !== undefined && seconds === mountedSeconds && forApi
  return {
    aud: audiences,
    exp: issued + (extended ? extendedSeconds : seconds),
    iat: issued,
    iss: issuer.issuer,
    jti: id,
    'kubernetes.io': {
      namespace,
      ...(bound.node && { node: referenceTo(bound.node) }),
      ...(bound.pod && { pod: referenceTo(bound.pod) }),
      ...(bound.secret && { secret: referenceTo(bound.secret) }),
      serviceaccount: referenceTo(account),
      ...(extended && { warnafter: issued + seconds }),
    },
    nbf: issued,
    sub: `system:serviceaccount:${namespace}:${name}`,
  }
}

function referenceTo({ metadata: { name, uid } }: NonNullable<Bound['node']>): object {
  return { name, ...(uid !== undefined && { uid }) }
}

function invalid(name: string, errors: readonly FieldError[]): ApiError {
  return ApiError.invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, errors)
}
