/** Rules of label selectors as they stand in objects; a selector that passes can be compiled. */
import type { FieldError } from '../contract.js'
import { checkName, forbidden, invalid, required } from '../field-error.js'
import { checkLabels } from '../metadata.js'
import { labelValue, qualifiedName } from '../names.js'
import type { LabelSelector } from '../types.js'

/** An absent selector is none of this check's business. */
export function checkLabelSelector(errors: FieldError[], path: string, selector: LabelSelector | undefined): void {
  if (selector === undefined) return
  checkLabels(errors, `${path}.matchLabels`, selector.matchLabels)
  for (const [index, { key, operator, values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${path}.matchExpressions[${index}]`
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0) errors.push(required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      const detail = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
      if (values.length > 0) errors.push(forbidden(`${at}.values`, detail))
    } else errors.push(invalid(`${at}.operator`, operator ?? '', 'not a valid selector operator'))
    if (key) checkName(errors, `${at}.key`, key, qualifiedName)
    for (const [position, value] of values.entries()) checkName(errors, `${at}.values[${position}]`, value, labelValue)
  }
}
