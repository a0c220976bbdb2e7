/** The expressions of a policy as programs, and where one does not compile, why. */
import { admissionRequestType } from '@davit/core/api'
import type { Cel, CelObjectType, CelProgram, CelType, CelVariables, ValidatingAdmissionPolicySpec } from '@davit/core/kinds'

export interface CompiledPolicy {
  readonly conditions: readonly Expression[]
  readonly variables: readonly (Expression & { readonly name: string })[]
  readonly variablesType: CelObjectType
  readonly validations: readonly (Expression & { readonly message?: Expression; readonly index: number })[]
  readonly annotations: readonly (Expression & { readonly key: string })[]
}
export interface Expression {
  /** "spec.validations[0].expression" */
  readonly field: string
  readonly text: string
  readonly program?: CelProgram
  readonly problem?: string
}

/** `object` and `oldObject`: dynamic, as they are evaluated, or the type of a kind, to check what is written of it. */
export function compilePolicy(
  cel: Cel,
  spec: ValidatingAdmissionPolicySpec,
  object: CelType = 'dyn',
  params: CelType = 'dyn',
): CompiledPolicy {
  const fixed: CelVariables = {
    object,
    oldObject: object,
    request: admissionRequestType,
    namespaceObject: 'dyn',
    authorizer: 'authorizer',
    ...(spec.paramKind ? { params } : {}),
  }
  const compile = (field: string, text: string, known: CelVariables, returns?: readonly string[]): Expression => {
    const { program, problem } = cel.compile(text.trim(), known, returns)
    return { field, text: text.trim(), ...(program ? { program } : { problem }) }
  }
  const conditions = (spec.matchConditions ?? []).map(({ expression }, index) =>
    compile(`spec.matchConditions[${index}].expression`, expression, fixed, bool),
  )
  const types = new Map<string, CelType>()
  // One type that grows: a variable knows those before it, and a value of it fits all that ask.
  const variablesType: CelObjectType = { object: 'kubernetes.variables', fields: types }
  const variables = (spec.variables ?? []).map(({ name, expression }, index) => {
    const known = { ...fixed, variables: variablesType }
    const made = compile(`spec.variables[${index}].expression`, expression, known)
    types.set(name, made.program ? celType(made.program.type) : 'dyn')
    return { ...made, name }
  })
  const all: CelVariables = { ...fixed, variables: variablesType }
  const validations = (spec.validations ?? []).map(({ expression, messageExpression }, index) => ({
    ...compile(`spec.validations[${index}].expression`, expression, all, bool),
    index,
    ...(messageExpression
      ? { message: compile(`spec.validations[${index}].messageExpression`, messageExpression, all, ['string']) }
      : {}),
  }))
  const annotations = (spec.auditAnnotations ?? []).map(({ key, valueExpression }, index) => ({
    ...compile(`spec.auditAnnotations[${index}].valueExpression`, valueExpression, all, ['string', 'null']),
    key,
  }))
  return { conditions, variables, variablesType, validations, annotations }
}

const bool = ['bool']

const scalars: Readonly<Record<string, CelType>> = {
  bool: 'bool',
  int: 'int',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
  'google.protobuf.Timestamp': 'timestamp',
  'google.protobuf.Duration': 'duration',
}

/** Of what a program evaluates to. What is not known by this name is dynamic. */
function celType(name: string): CelType {
  const [, item] = /^list<(.*)>$/.exec(name) ?? []
  if (item !== undefined) return { list: celType(item) }
  const [, value] = /^map<string, (.*)>$/.exec(name) ?? []
  return value === undefined ? (scalars[name] ?? 'dyn') : { map: celType(value) }
}
