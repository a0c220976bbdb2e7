/** What stands in a definition for each version: schema, subresources, columns, selectable fields. */
import type { FieldError } from '../contract.js'
import { equalJson } from '../equal.js'
import { duplicate, invalid, required, tooMany } from '../field-error.js'
import { checkStructural } from '../structural/check.js'
import { namesOf, parseJsonPath } from '../structural/json-path.js'
import { itemsOf, propertyOf, type Schema } from '../structural/schema.js'
import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion, CustomResourceSubresourceScale } from '../types.js'

type Version = CustomResourceDefinitionVersion

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const mostSelectable = 8

/**
 * Where all versions say the same, Kubernetes names the part as if it stood once, above them: clients know its findings
 * by these paths.
 */
export function checkVersionParts(errors: FieldError[], versions: readonly Version[]): void {
  const same = (part: keyof Version): boolean =>
    versions.every((one) => one[part] !== undefined && equalJson(one[part], versions[0]?.[part]))
  const [sameSchema, sameSubresources, sameColumns] = [same('schema'), same('subresources'), same('additionalPrinterColumns')]
  for (const [index, version] of versions.entries()) {
    const own = `spec.versions[${index}]`
    const schema = version.schema?.openAPIV3Schema
    if (schema === undefined) errors.push(required(`${own}.schema.openAPIV3Schema`, 'schemas are required'))
    else if (!sameSchema || index === 0) {
      errors.push(...checkStructural(schema, `${sameSchema ? 'spec.validation' : `${own}.schema`}.openAPIV3Schema`))
    }
    const scale = version.subresources?.scale
    if (scale && (!sameSubresources || index === 0))
      checkScale(errors, scale, `${sameSubresources ? 'spec' : own}.subresources.scale`)
    if (!sameColumns || index === 0) {
      for (const [column, one] of (version.additionalPrinterColumns ?? []).entries()) {
        checkColumn(errors, one, `${sameColumns ? 'spec' : own}.additionalPrinterColumns[${column}]`)
      }
    }
    checkSelectable(errors, version, `${own}.selectableFields`)
    if (version.deprecationWarning !== undefined) checkWarning(errors, version, `${own}.deprecationWarning`)
  }
}

function checkScale(errors: FieldError[], scale: CustomResourceSubresourceScale, path: string): void {
  const check = (name: keyof CustomResourceSubresourceScale, root: string, isNeeded: boolean): void => {
    const value = scale[name]
    const at = `${path}.${name}`
    if (!value) {
      if (isNeeded) errors.push(required(at))
    } else if (!value.startsWith('.')) errors.push(invalid(at, value, 'must be a simple json path starting with .'))
    else if (!value.startsWith(`${root}.`)) errors.push(invalid(at, value, `should be a json path under ${root}`))
    else if (/[[\]]/.test(value)) errors.push(invalid(at, value, 'must be a simple json path without array notation'))
  }
  check('specReplicasPath', '.spec', true)
  check('statusReplicasPath', '.status', true)
  const selector = scale.labelSelectorPath
  check('labelSelectorPath', selector?.startsWith('.spec.') ? '.spec' : '.status', false)
}

function checkColumn(errors: FieldError[], column: CustomResourceColumnDefinition, path: string): void {
  const { name, type, format, jsonPath } = column
  if (!name) errors.push(required(`${path}.name`))
  const types = `must be one of ${columnTypes.join(',')}`
  if (!type) errors.push(required(`${path}.type`, types))
  else if (!columnTypes.includes(type)) errors.push(invalid(`${path}.type`, type, types))
  if (format && !columnFormats.includes(format)) {
    errors.push(invalid(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`))
  }
  if (!jsonPath) errors.push(required(`${path}.jsonPath`))
  else if (!jsonPath.startsWith('.'))
    errors.push(invalid(`${path}.jsonPath`, jsonPath, 'must be a simple json path starting with .'))
  else {
    const parsed = parseJsonPath(jsonPath)
    if (typeof parsed === 'string') errors.push(invalid(`${path}.jsonPath`, jsonPath, `is an invalid path: ${parsed}`))
  }
}

function checkSelectable(errors: FieldError[], { selectableFields = [], schema }: Version, path: string): void {
  if (selectableFields.length > mostSelectable) errors.push(tooMany(path, selectableFields.length, mostSelectable))
  const seen = new Set<string>()
  for (const [index, { jsonPath }] of selectableFields.entries()) {
    const at = `${path}[${index}].jsonPath`
    if (!jsonPath) errors.push(required(at))
    else if (seen.has(jsonPath)) errors.push(duplicate(at, jsonPath))
    else if (schema?.openAPIV3Schema) {
      const problem = selectableProblem(schema.openAPIV3Schema, jsonPath)
      if (problem !== undefined) errors.push(invalid(at, jsonPath, problem))
    }
    seen.add(jsonPath)
  }
}

function selectableProblem(root: Schema, path: string): string | undefined {
  if (!/^(\.[^.[\]]+)+$/.test(path))
    return 'is an invalid path: must be a simple json path starting with . and without array notation'
  let schema: Schema | undefined = root
  for (const name of namesOf(path)) {
    if (schema && itemsOf(schema)) return 'is an invalid path: does not refer to a valid field'
    schema = schema && propertyOf(schema, name)
  }
  if (!schema || path.startsWith('.metadata.') || path === '.metadata')
    return 'is an invalid path: does not refer to a valid field'
  if (schema.type === 'string' || schema.type === 'boolean' || schema.type === 'integer') return undefined
  return 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
}

function checkWarning(errors: FieldError[], { deprecated, deprecationWarning = '' }: Version, path: string): void {
  if (!deprecated) errors.push(invalid(path, deprecationWarning, 'can only be set for deprecated versions'))
  if (deprecationWarning.length > 256) errors.push(invalid(path, deprecationWarning, 'must be <= 256 characters long'))
  if (deprecationWarning === '') errors.push(invalid(path, deprecationWarning, 'must not be an empty string'))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
  if (/[\u0000-\u001f\u007f]/.test(deprecationWarning)) {
    errors.push(invalid(path, deprecationWarning, 'must only contain printable characters'))
  }
}
