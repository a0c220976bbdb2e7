/** From a CustomResourceDefinition to the kinds that it stands for, one for each version that is served. */
import type { SchemaRules } from '../cel.js'
import type { CustomFacts, FieldError, KubeObject, ResourceKind, ScalePaths, Strategy, Subresource, Verb } from '../contract.js'
import { invalid } from '../field-error.js'
import { finalizerWarnings } from '../metadata.js'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../types.js'
import { customTable } from './columns.js'
import { decodeCustom } from './decode.js'
import { checkEmbedded } from './embedded.js'
import { namesOf, valueAt } from './json-path.js'
import { findDuplicates } from './lists.js'
import type { Schema } from './schema.js'
import { settleInPlace, settleObject } from './settle.js'
import { objectTypes } from './types.js'
import { validateValue } from './validate.js'

export interface CustomKindOptions extends Pick<CustomFacts, 'terminating' | 'convert'> {
  /** Compiles the rules of a version's schema. Absent: no schema has any. */
  readonly rulesOf?: (schema: Schema) => SchemaRules
}

const verbs: readonly Verb[] = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
const partVerbs: readonly Verb[] = ['get', 'patch', 'update']
const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' }

/** Under the names that were accepted. The definition is valid; it is kept, and must not be changed any more. */
export function customKinds(definition: CustomResourceDefinition, { rulesOf, ...options }: CustomKindOptions): ResourceKind[] {
  const { group, scope, versions } = definition.spec
  const { plural, kind, singular, listKind, shortNames, categories } = definition.status?.acceptedNames ?? definition.spec.names
  const storage = versions.find((version) => version.storage)?.name ?? ''
  const common = {
    group,
    kind,
    resource: plural,
    singular: singular || kind.toLowerCase(),
    listKind: listKind || `${kind}List`,
    shortNames: shortNames ?? [],
    categories: categories ?? [],
    namespaced: scope === 'Namespaced',
    verbs,
    stored: true,
    generation: 'non-metadata',
    unconditionalUpdate: false,
    createOnUpdate: false,
    deleteReturnsObject: false,
    defaultPropagation: 'Background',
  } as const
  return (
    versions
      // One that is being deleted needs a version by which its objects can be deleted.
      .filter((version) => version.served || (options.terminating && version.storage))
      .map((version): ResourceKind => {
        const schema = version.schema?.openAPIV3Schema ?? {}
        const apiVersion = `${group}/${version.name}`
        const subresources = subresourcesOf(version)
        const isConverted = options.convert !== undefined && version.name !== storage
        return {
          ...common,
          version: version.name,
          apiVersion,
          subresources,
          hasStatus: subresources.has('status'),
          // What a webhook makes of a stored object is not known where selectors are looked at.
          selectableFields: isConverted ? new Map() : selectableOf(version),
          schema: objectTypes(schema, `${group.split('.').reverse().join('.')}.${version.name}.${kind}`),
          strategy: strategyOf({ apiVersion, kind }, schema, rulesOf?.(schema)),
          table: customTable(version.additionalPrinterColumns),
          custom: {
            ...options,
            schema,
            storageVersion: `${group}/${storage}`,
            ...(version.deprecated ? { deprecation: deprecationOf(apiVersion, kind, version) } : {}),
            settle: (object) => settleObject(schema, object),
          },
        }
      })
  )
}

function deprecationOf(apiVersion: string, kind: string, { deprecationWarning }: CustomResourceDefinitionVersion): string {
  return deprecationWarning ?? `${apiVersion} ${kind} is deprecated`
}

const blocking: ReadonlySet<FieldError['reason']> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
])
const rulesUnchecked: FieldError = invalid(
  '<nil>',
  undefined,
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
)

function strategyOf(kind: Pick<ResourceKind, 'apiVersion' | 'kind'>, schema: Schema, rules: SchemaRules | undefined): Strategy {
  const check = (object: KubeObject, old?: KubeObject): FieldError[] => {
    const errors: FieldError[] = []
    validateValue(errors, schema, object, old, '')
    checkEmbedded(errors, schema, object, '')
    errors.push(...newDuplicates(schema, object, old))
    if (rules === undefined || rules.empty) return errors
    // Rules may rely on types, and cost more the larger a value is.
    return errors.some(({ reason }) => blocking.has(reason))
      ? [...errors, rulesUnchecked]
      : [...errors, ...rules.validate(object, old, '')]
  }
  return {
    decode: (input, options) => decodeCustom(kind, schema, input, options),
    defaults: (object) => settleInPlace(schema, object),
    validate: check,
    validateStatusUpdate: check,
    warnings: (object, old) => finalizerWarnings(object.metadata.finalizers, old?.metadata.finalizers),
  }
}

/** An object that had such lists before may keep them. */
function newDuplicates(schema: Schema, object: KubeObject, old: KubeObject | undefined): FieldError[] {
  const found: FieldError[] = []
  findDuplicates(found, schema, object, '')
  if (found.length === 0 || old === undefined) return found
  const before: FieldError[] = []
  findDuplicates(before, schema, old, '')
  return before.length === 0 ? found : []
}

function subresourcesOf({ subresources }: CustomResourceDefinitionVersion): ReadonlyMap<string, Subresource> {
  const made = new Map<string, Subresource>()
  if (subresources?.status) made.set('status', { name: 'status', verbs: partVerbs })
  const { scale } = subresources ?? {}
  if (scale) {
    const paths: ScalePaths = {
      specReplicas: namesOf(scale.specReplicasPath),
      statusReplicas: namesOf(scale.statusReplicasPath),
      ...(scale.labelSelectorPath ? { labelSelector: namesOf(scale.labelSelectorPath) } : {}),
    }
    made.set('scale', { name: 'scale', verbs: partVerbs, kind: scaleKind, scale: paths })
  }
  return made
}

function selectableOf({ selectableFields = [] }: CustomResourceDefinitionVersion): ResourceKind['selectableFields'] {
  return new Map(
    selectableFields.map(({ jsonPath }) => {
      const names = namesOf(jsonPath)
      return [jsonPath.slice(1), (object: KubeObject) => textOf(valueAt(object, names))]
    }),
  )
}

const textOf = (value: unknown): string => (value === undefined || value === null ? '' : String(value))
