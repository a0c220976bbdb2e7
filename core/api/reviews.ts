/** Reviews: questions that are posted, answered and never stored. */
import { ApiError } from '../client/contract.js'
import { applyDefaults, type KubeObject } from '../kinds/contract.js'
import { identify } from './authenticators.js'
import { authorizationVerdict, mastersGroup } from './authorize.js'
import type { ApiRequest, ApiResult, AuthorizationRequest, ListedRule, UserInfo } from './contract.js'
import { decodeBody } from './decode-body.js'
import { checkNamespace } from './metadata.js'
import { writeSettings } from './options.js'
import type { Resource } from './resource.js'
import { type ApiServices, timestamp } from './services.js'
import { at, isTree, type Tree, textAt } from './tree.js'

type Answer = (services: ApiServices, request: ApiRequest, object: KubeObject) => Tree | Promise<Tree>

const answers: Readonly<Record<string, Answer>> = {
  SelfSubjectAccessReview: (services, request, object) => access(services, request.user, object),
  SubjectAccessReview: (services, _request, object) => access(services, subject(object), object),
  LocalSubjectAccessReview: (services, request, object) => localAccess(services, request, object),
  SelfSubjectRulesReview: (services, request, object) => rules(services, request.user, object),
  SelfSubjectReview: (_services, request) => ({ userInfo: userInfo(request.user) }),
  TokenReview: (services, _request, object) => token(services, object),
}

export async function review(services: ApiServices, resource: Resource, request: ApiRequest): Promise<ApiResult> {
  const { kind } = resource
  const answer = answers[kind.kind]
  if (!answer) throw ApiError.unknownPath()
  const settings = writeSettings(request, 'CreateOptions')
  const { object, warnings } = decodeBody(request, kind, settings)
  checkNamespace(request, kind, object)
  applyDefaults(kind, object)
  const status = await answer(services, request, object)
  const { namespace } = object.metadata
  const metadata = {
    creationTimestamp: timestamp(services.clock.now()),
    ...(kind.namespaced && namespace ? { namespace } : {}),
  } as unknown as KubeObject['metadata']
  return { type: 'object', code: 201, object: { ...object, metadata, status }, warnings }
}

async function access(services: ApiServices, user: UserInfo, object: KubeObject): Promise<Tree> {
  const asked = question(user, object)
  const verdict = await authorizationVerdict(services.hooks, asked)
  const reason = verdict.reason === '' ? {} : { reason: verdict.reason }
  return { allowed: verdict.allowed, ...reason }
}

function localAccess(services: ApiServices, request: ApiRequest, object: KubeObject): Promise<Tree> {
  const namespace = textAt(object, 'spec', 'resourceAttributes', 'namespace')
  if (at(object, 'spec', 'nonResourceAttributes') !== undefined) {
    throw invalid('LocalSubjectAccessReview', 'spec.nonResourceAttributes', 'Forbidden: disallowed on this kind of request')
  }
  if (namespace !== request.namespace) {
    throw ApiError.badRequest(`spec.resourceAttributes.namespace must match namespace: ${request.namespace}`)
  }
  return access(services, subject(object), object)
}

function question(user: UserInfo, object: KubeObject): AuthorizationRequest {
  const resource = at(object, 'spec', 'resourceAttributes')
  const path = at(object, 'spec', 'nonResourceAttributes')
  if (isTree(resource) === isTree(path)) {
    const text = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
    throw invalid(object.kind, 'spec.resourceAttributes', `Invalid value: null: ${text}`)
  }
  return {
    user,
    verb: textAt(resource ?? path, 'verb'),
    group: textAt(resource, 'group'),
    version: textAt(resource, 'version'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    namespace: textAt(resource, 'namespace'),
    name: textAt(resource, 'name'),
    path: textAt(path, 'path'),
  }
}

function subject(object: KubeObject): UserInfo {
  const name = textAt(object, 'spec', 'user')
  const groups = at(object, 'spec', 'groups')
  const list = Array.isArray(groups) ? groups.map(String) : []
  if (name === '' && list.length === 0) {
    throw invalid(object.kind, 'spec.user', 'Invalid value: "": at least one of user or group must be specified')
  }
  const extra = at(object, 'spec', 'extra')
  const uid = textAt(object, 'spec', 'uid')
  return {
    name,
    groups: list,
    ...(uid === '' ? {} : { uid }),
    ...(isTree(extra) ? { extra: extra as Record<string, string[]> } : {}),
  }
}

/** What the authorizers say that they would allow; `system:masters` may do everything before any is asked. */
function rules({ ruleListers }: ApiServices, user: UserInfo, object: KubeObject): Tree {
  const namespace = textAt(object, 'spec', 'namespace')
  if (namespace === '') throw ApiError.badRequest('no namespace on request')
  if (user.groups.includes(mastersGroup)) return listed(everything, [])
  const answers = ruleListers.all().map((lister) => lister.rulesOf(user, namespace))
  return listed(
    answers.flatMap((answer) => answer.rules),
    answers.flatMap(({ incomplete }) => (incomplete === undefined ? [] : [incomplete])),
  )
}

const everything: readonly ListedRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

function listed(all: readonly ListedRule[], incomplete: readonly string[]): Tree {
  return {
    resourceRules: all.filter(({ resources = [] }) => resources.length > 0).map(({ nonResourceURLs: _urls, ...rule }) => rule),
    nonResourceRules: all.flatMap(({ verbs, nonResourceURLs = [] }) =>
      nonResourceURLs.length === 0 ? [] : [{ verbs, nonResourceURLs }],
    ),
    incomplete: incomplete.length > 0,
    ...(incomplete.length === 0 ? {} : { evaluationError: incomplete.join(', ') }),
  }
}

async function token({ authenticators, issuer }: ApiServices, object: KubeObject): Promise<Tree> {
  const text = textAt(object, 'spec', 'token')
  if (text === '') throw ApiError.badRequest('token is required for TokenReview in authentication')
  const own = issuer?.audiences ?? []
  const asked = at(object, 'spec', 'audiences')
  const audiences = Array.isArray(asked) && asked.length > 0 ? asked.map(String) : own
  const { user, failures = [] } = await identify(authenticators, { token: text, ...(audiences.length > 0 && { audiences }) }, own)
  if (!user) return { user: {}, error: refusalText(failures) }
  const meant = user.audiences?.length ? { audiences: [...user.audiences] } : {}
  return { authenticated: true, user: userInfo(user), ...meant }
}

/** As Kubernetes joins what its authenticators say: the first of them never knows more than that it cannot be. */
function refusalText(failures: readonly string[]): string {
  const all = ['invalid bearer token', ...failures]
  return all.length === 1 ? all.join() : `[${all.join(', ')}]`
}

function userInfo(user: UserInfo): Tree {
  return {
    username: user.name,
    ...(user.uid === undefined ? {} : { uid: user.uid }),
    groups: [...user.groups],
    ...(user.extra === undefined ? {} : { extra: user.extra }),
  }
}

function invalid(kind: string, field: string, message: string): ApiError {
  const group = kind === 'TokenReview' ? 'authentication.k8s.io' : 'authorization.k8s.io'
  return ApiError.invalid({ group, kind }, '', [{ reason: 'FieldValueInvalid', field, message }])
}
