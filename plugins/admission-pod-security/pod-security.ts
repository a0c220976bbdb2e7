/** Asks the standards of a namespace about Pods, about the templates of Pods, and about its own labels. */
import type { AdmissionDenial, AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import type { Clock } from '@davit/core/kernel'
import type { FieldError, Namespace, Pod } from '@davit/core/kinds'
import type { lookup } from '@davit/core/watch'
import type { Subject } from './check.js'
import type { PodSecurityConfig } from './config.js'
import { detailText, evaluate } from './evaluate.js'
import { existingWarnings } from './existing.js'
import { isSame, isStricter, type Policy, policyOf, type Standard, standardText } from './policy.js'
import { isSignificantUpdate, subjectOf, templated } from './subject.js'

/** Requests on a Pod that leave its spec alone. */
const unchanging = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'])

export function isConcerned({ operation, kind, subresource }: AdmissionRequest): boolean {
  if (operation !== 'CREATE' && operation !== 'UPDATE') return false
  if (kind.group === '' && kind.resource === 'pods') return !unchanging.has(subresource)
  return subresource === '' && (templated.has(`${kind.group}/${kind.resource}`) || isNamespaces(kind))
}

const isNamespaces = ({ group, resource }: AdmissionRequest['kind']): boolean => group === '' && resource === 'namespaces'

export interface PodSecurityOptions {
  readonly defaults: Policy
  /** Whom nothing is checked for. */
  readonly config: Pick<PodSecurityConfig, 'exemptNamespaces' | 'exemptUsernames' | 'exemptRuntimeClasses'>
  readonly pods: ReturnType<typeof lookup<Pod>>
  readonly clock: Clock
}
type Answer = AdmissionDenial | undefined

export class PodSecurity {
  readonly #options: PodSecurityOptions
  readonly #namespaces: ReadonlySet<string>
  readonly #users: ReadonlySet<string>
  readonly #runtimes: ReadonlySet<string>
  /** By the labels of a stored namespace, which never change: every Pod asks. */
  readonly #policies = new WeakMap<object, ReturnType<typeof policyOf>>()

  constructor(options: PodSecurityOptions) {
    this.#options = options
    this.#namespaces = new Set(options.config.exemptNamespaces)
    this.#users = new Set(options.config.exemptUsernames)
    this.#runtimes = new Set(options.config.exemptRuntimeClasses)
  }

  /** `namespace`: that of the request, as stored. */
  check(request: AdmissionRequest, namespace: Namespace | undefined): Answer | Promise<Answer> {
    if (isNamespaces(request.kind)) return this.#checkNamespace(request)
    if (this.#namespaces.has(request.namespace) || this.#users.has(request.user.name)) return undefined
    const policy = this.#policyOf(namespace?.metadata.labels)
    const isPod = request.kind.resource === 'pods'
    const modes = isPod ? (['enforce', 'audit', 'warn'] as const) : (['audit', 'warn'] as const)
    if (policy.errors.length === 0 && modes.every((mode) => policy[mode].level === 'privileged')) return undefined
    const { object, oldObject } = request
    if (!object || (isPod && oldObject && !isSignificantUpdate(object as Pod, oldObject as Pod))) return undefined
    const subject = subjectOf(object)
    if (!subject || this.#runtimes.has(subject.spec.runtimeClassName ?? '')) return undefined
    return judge(request, policy, subject, isPod)
  }

  #policyOf(labels: Readonly<Record<string, string>> | undefined): ReturnType<typeof policyOf> {
    const known = labels && this.#policies.get(labels)
    if (known) return known
    const policy = policyOf(labels, this.#options.defaults)
    if (labels) this.#policies.set(labels, policy)
    return policy
  }

  #checkNamespace(request: AdmissionRequest): Answer | Promise<Answer> {
    const { object, oldObject, kind, name } = request
    const policy = policyOf(object?.metadata.labels, this.#options.defaults)
    const before = oldObject && policyOf(oldObject.metadata.labels, this.#options.defaults)
    if (policy.errors.length > 0 && (!before || textOf(policy.errors) !== textOf(before.errors))) {
      throw ApiError.invalid(kind, name, policy.errors)
    }
    if (!before || !isTightened(policy.enforce, before.enforce) || this.#namespaces.has(name)) return undefined
    const { clock, pods } = this.#options
    return pods((known): Answer => {
      const checked = known.list(name).filter(({ spec }) => !this.#runtimes.has(spec.runtimeClassName ?? ''))
      for (const warning of existingWarnings(name, policy.enforce, checked, clock)) request.warn(warning)
      return undefined
    })
  }
}

const textOf = (errors: readonly object[]): string => JSON.stringify(errors)

function isTightened(now: Standard, before: Standard): boolean {
  if (isSame(now, before) || now.level === 'privileged') return false
  return now.minor !== before.minor || isStricter(now.level, before.level)
}

function judge(
  request: AdmissionRequest,
  policy: Policy & { errors: readonly FieldError[] },
  subject: Subject,
  isPod: boolean,
): Answer {
  const { kind, name } = request
  if (policy.errors.length > 0) {
    const text = policy.errors.map(({ field, message }) => `${field}: ${message}`).join(', ')
    request.audit('pod-security.kubernetes.io/error', `Failed to parse policy: ${text}`)
  }
  const textFor = (standard: Standard): string | undefined => {
    const violations = evaluate(standard, subject)
    return violations.length === 0 ? undefined : `PodSecurity "${standardText(standard)}": ${detailText(violations)}`
  }
  if (isPod) request.audit('pod-security.kubernetes.io/enforce-policy', standardText(policy.enforce))
  const audited = textFor(policy.audit)
  if (audited) request.audit('pod-security.kubernetes.io/audit-violations', `would violate ${audited}`)
  const enforced = isPod ? textFor(policy.enforce) : undefined
  if (enforced) {
    const { message, reason } = ApiError.forbidden(kind, name, `violates ${enforced}`).status
    return { code: 403, reason, message }
  }
  const warned = textFor(policy.warn)
  if (warned) request.warn(`would violate ${warned}`)
  return undefined
}
