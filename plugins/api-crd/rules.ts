/** Rules of schemas (`x-kubernetes-validations`): checked when a definition is written, compiled before its kinds are served. */
import type { AdmissionRequest } from '@davit/core/api'
import { ApiError } from '@davit/core/client'
import {
  type CustomResourceDefinition,
  equalJson,
  type FieldError,
  type JSONSchemaProps,
  loadCel,
  type SchemaRules,
} from '@davit/core/kinds'

export type RuleCompiler = (schema: JSONSchemaProps) => SchemaRules

/** Undefined where no schema has rules: CEL is loaded for the first that has. */
export async function ruleCompilerOf({ spec }: CustomResourceDefinition): Promise<RuleCompiler | undefined> {
  if (!spec.versions.some(({ schema }) => hasRules(schema?.openAPIV3Schema))) return undefined
  const cel = await loadCel()
  return (schema) => cel.schemaRules(schema)
}

function hasRules(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false
  const { properties, items, additionalProperties, ...own } = schema as JSONSchemaProps
  if ((own['x-kubernetes-validations'] ?? []).length > 0) return true
  return [items, additionalProperties, ...Object.values(properties ?? {})].some(hasRules)
}

/** Refuses definitions whose rules do not compile. What stands there already is not complained of. */
export async function checkRules({
  operation,
  kind,
  subresource,
  name,
  object,
  oldObject,
}: AdmissionRequest): Promise<undefined> {
  if (kind.group !== 'apiextensions.k8s.io' || kind.kind !== 'CustomResourceDefinition' || subresource !== '') return
  if (operation !== 'CREATE' && operation !== 'UPDATE') return
  const definition = object as CustomResourceDefinition
  if (oldObject && equalJson(definition.spec, (oldObject as CustomResourceDefinition).spec)) return
  const rulesOf = await ruleCompilerOf(definition)
  if (!rulesOf) return
  const errors = definition.spec.versions.flatMap(({ schema }, index): FieldError[] =>
    rulesOf(schema?.openAPIV3Schema ?? {}).problems.map((problem) => ({
      ...problem,
      field: `spec.versions[${index}].schema.openAPIV3Schema.${problem.field}`,
    })),
  )
  if (errors.length > 0) throw ApiError.invalid(kind, name, errors)
}
