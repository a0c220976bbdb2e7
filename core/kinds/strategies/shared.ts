/** Checks that several kinds share: selectors, selectors against templates, and numbers that may be percentages. */
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { checkImmutable, forbidden, invalid, NOT_NEGATIVE, required } from '../field-error.js'
import { selectorFromObject } from '../selector.js'
import type { IntOrString, LabelSelector, PodTemplateSpec } from '../types.js'
import { checkLabelSelector } from './label-selectors.js'

const PERCENT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"

/** `what` stands in the sentence of Kubernetes about an empty selector. */
export function checkSelector(errors: FieldError[], path: string, selector: LabelSelector | undefined, what: string): void {
  if (selector === undefined) {
    errors.push(required(path))
    return
  }
  checkLabelSelector(errors, path, selector)
  if (selectorFromObject(selector).value?.everything)
    errors.push(invalid(path, selector, `empty selector is invalid for ${what}`))
}

/** The controller would never see the pods it makes. */
export function checkTemplateMatches(
  errors: FieldError[],
  selector: LabelSelector | Readonly<Record<string, string>> | undefined,
  template: PodTemplateSpec | undefined,
): void {
  const labels = template?.metadata?.labels
  const { value } = selectorFromObject(selector)
  if (value === undefined || value.everything || selector === undefined || value.matches(labels)) return
  errors.push(invalid('spec.template.metadata.labels', labels ?? {}, '`selector` does not match template `labels`'))
}

/** Pods that are replaced when they end must not have an end of their own. */
export function checkAlwaysRestarts(errors: FieldError[], template: PodTemplateSpec | undefined, kind: string): void {
  const spec = template?.spec
  if (spec === undefined) return
  if (spec.restartPolicy !== undefined && spec.restartPolicy !== 'Always') {
    const message = `Unsupported value: ${JSON.stringify(spec.restartPolicy)}: supported values: "Always"`
    errors.push({ reason: 'FieldValueNotSupported', field: 'spec.template.spec.restartPolicy', message })
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    const detail = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(forbidden('spec.template.spec.activeDeadlineSeconds', detail))
  }
}

export function checkCount(errors: FieldError[], path: string, value: IntOrString | undefined): void {
  if (typeof value === 'string') {
    if (!/^[0-9]+%$/.test(value)) errors.push(invalid(path, value, PERCENT))
  } else if (value !== undefined && value < 0) errors.push(invalid(path, value, NOT_NEGATIVE))
}

export function isZero(value: IntOrString | undefined): boolean {
  return value === undefined || value === 0 || value === '0%'
}

export function checkAtMostAll(errors: FieldError[], path: string, value: IntOrString | undefined): void {
  if (typeof value === 'string' && Number.parseInt(value, 10) > 100) {
    errors.push(invalid(path, value, 'must not be greater than 100%'))
  }
}

export function checkUnchanged(errors: FieldError[], path: string, value: unknown, old: unknown): void {
  checkImmutable(errors, path, value, equalJson(value, old))
}
