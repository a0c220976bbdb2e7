/** Webhook configurations, admission policies and aggregated services. */
import type { FieldError, KubeObject, Strategy } from '../contract.js'
import { checkName, duplicate, invalid, notSupported, required } from '../field-error.js'
import { dnsSubdomain } from '../names.js'
import type {
  APIService,
  MatchResources,
  MutatingWebhook,
  MutatingWebhookConfiguration,
  RuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhook,
} from '../types.js'
import { checkLabelSelector } from './label-selectors.js'
import { checkApiService, checkClientConfig, checkRule } from './webhook-checks.js'

const HTTPS = 443

function defaultScopes(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

function defaultWebhook(webhook: ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail'
  webhook.matchPolicy ??= 'Equivalent'
  webhook.namespaceSelector ??= {}
  webhook.objectSelector ??= {}
  webhook.timeoutSeconds ??= 10
  if (webhook.clientConfig?.service !== undefined) webhook.clientConfig.service.port ??= HTTPS
  defaultScopes(webhook.rules)
}

function webhooksOf(object: KubeObject): MutatingWebhook[] {
  return (object as MutatingWebhookConfiguration).webhooks ?? []
}

export const validatingWebhookStrategy: Strategy = {
  defaults(object) {
    for (const webhook of webhooksOf(object)) defaultWebhook(webhook)
  },
  validate: checkWebhooks,
}

export const mutatingWebhookStrategy: Strategy = {
  defaults(object) {
    for (const webhook of webhooksOf(object)) {
      defaultWebhook(webhook)
      webhook.reinvocationPolicy ??= 'Never'
    }
  },
  validate: checkWebhooks,
}

const SIDE_EFFECTS = ['None', 'NoneOnDryRun']

function checkWebhooks(object: KubeObject): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, webhook] of webhooksOf(object).entries()) {
    const at = `webhooks[${index}]`
    checkWebhook(errors, at, webhook)
    if (names.has(webhook.name)) errors.push(duplicate(`${at}.name`, webhook.name))
    names.add(webhook.name)
  }
  return errors
}

function checkWebhook(errors: FieldError[], at: string, webhook: ValidatingWebhook): void {
  const { name, sideEffects, timeoutSeconds, clientConfig, admissionReviewVersions = [] } = webhook
  if (name) {
    checkName(errors, `${at}.name`, name, dnsSubdomain)
    if (name.split('.').length < 3) {
      errors.push(invalid(`${at}.name`, name, 'should be a domain with at least three segments separated by dots'))
    }
  }
  if (sideEffects && !SIDE_EFFECTS.includes(sideEffects))
    errors.push(notSupported(`${at}.sideEffects`, sideEffects, SIDE_EFFECTS))
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30)) {
    errors.push(invalid(`${at}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'))
  }
  if (admissionReviewVersions.length === 0) {
    errors.push(required(`${at}.admissionReviewVersions`, 'must specify one of v1, v1beta1'))
  } else if (!admissionReviewVersions.some((version) => version === 'v1' || version === 'v1beta1')) {
    errors.push(invalid(`${at}.admissionReviewVersions`, admissionReviewVersions, 'must include at least one of v1, v1beta1'))
  }
  checkClientConfig(errors, `${at}.clientConfig`, clientConfig)
  for (const [index, rule] of (webhook.rules ?? []).entries()) checkRule(errors, `${at}.rules[${index}]`, rule)
  checkKnown(errors, `${at}.failurePolicy`, webhook.failurePolicy, ['Fail', 'Ignore'])
  checkKnown(errors, `${at}.matchPolicy`, webhook.matchPolicy, ['Equivalent', 'Exact'])
  checkKnown(errors, `${at}.reinvocationPolicy`, (webhook as MutatingWebhook).reinvocationPolicy, ['IfNeeded', 'Never'])
  for (const selector of ['namespaceSelector', 'objectSelector'] as const) {
    checkLabelSelector(errors, `${at}.${selector}`, webhook[selector])
  }
}

function checkKnown(errors: FieldError[], at: string, value: string | undefined, values: readonly string[]): void {
  if (value !== undefined && !values.includes(value)) errors.push(notSupported(at, value, values))
}

function defaultMatch(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultScopes(match.resourceRules)
  defaultScopes(match.excludeResourceRules)
}

export const admissionPolicyStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as ValidatingAdmissionPolicy
    if (spec === undefined) return
    spec.failurePolicy ??= 'Fail'
    defaultMatch(spec.matchConstraints)
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as ValidatingAdmissionPolicy
    if ((spec?.validations ?? []).length === 0 && (spec?.auditAnnotations ?? []).length === 0) {
      errors.push(required('spec.validations', 'validations or auditAnnotations must contain at least one item'))
    }
    if (spec?.matchConstraints === undefined) errors.push(required('spec.matchConstraints'))
    return errors
  },
}

export const admissionPolicyBindingStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as ValidatingAdmissionPolicyBinding
    if (spec?.paramRef !== undefined) spec.paramRef.parameterNotFoundAction ??= 'Deny'
    defaultMatch(spec?.matchResources)
  },
  validate(object) {
    const errors: FieldError[] = []
    const { spec } = object as ValidatingAdmissionPolicyBinding
    if (!spec?.policyName) errors.push(required('spec.policyName'))
    if ((spec?.validationActions ?? []).length === 0) errors.push(required('spec.validationActions'))
    return errors
  },
}

export const apiServiceStrategy: Strategy = {
  defaults(object) {
    const { spec } = object as APIService
    if (spec?.service !== undefined) spec.service.port ??= HTTPS
  },
  validate: (object) => checkApiService(object as APIService),
}
