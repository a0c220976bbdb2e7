/**
 * CEL, the Common Expression Language, as Kubernetes uses it: in admission policies, match conditions of webhooks and
 * validations of custom resources. The library and all that stands on it are loaded when an expression is first met.
 */
import type { FieldError, ResourceKind } from './contract.js'
import type { JSONSchemaProps } from './types.js'

/** A value inside CEL; made by `Cel.value`, or what an expression has answered. Integers are `bigint`, doubles `number`. */
export type CelValue = unknown

export type CelScalar = 'dyn' | 'bool' | 'int' | 'double' | 'string' | 'bytes' | 'timestamp' | 'duration' | 'authorizer'
export type CelType =
  | CelScalar
  | { readonly list: CelType }
  | { readonly map: CelType }
  | { readonly optional: CelType }
  /** May be null. Nothing of it is checked before it is evaluated. */
  | { readonly nullable: CelType }
  | CelObjectType
/** Two types of one name are the same type. May be recursive: `fields` is read when an expression needs it. */
export interface CelObjectType {
  readonly object: string
  /** By the names in JSON. An expression writes `__dash__` for '-', and so on, as Kubernetes has it. */
  readonly fields: ReadonlyMap<string, CelType>
}
/** Name → type. Environments are remembered by the identity of this object: make it once. */
export type CelVariables = Readonly<Record<string, CelType>>

export interface CelProgram {
  readonly expression: string
  /** As CEL names it: "bool", "list<string>", "dyn". */
  readonly type: string
  /** The variables that the expression names. */
  readonly uses: ReadonlySet<string>
}
export type CelCompiled =
  | { readonly program: CelProgram; readonly problem?: undefined }
  /** "compilation failed: ERROR: <input>:1:8: undefined field 'x' …", or "must evaluate to bool but got int". */
  | { readonly problem: string; readonly program?: undefined }
export type CelResult =
  | { readonly value: CelValue; readonly error?: undefined; readonly exhausted?: undefined }
  /** `exhausted`: the expression, or all that share its budget, cost too much, and nothing more should be evaluated. */
  | { readonly error: string; readonly exhausted?: boolean; readonly value?: undefined }

/**
 * What may still be spent. Each step of a loop costs as much as its body is long, each call, comparison and concatenation as
 * much as what it looks at: so that no expression, whatever it does and to what, holds the process for longer than a moment.
 */
export interface CelBudget {
  left: number
}

/** The rules of a schema, compiled. `problems` name their place in the schema: "properties[spec].x-kubernetes-validations[0].rule". */
export interface SchemaRules {
  readonly problems: readonly FieldError[]
  /** True where there is nothing to validate. */
  readonly empty: boolean
  /**
   * `value` has been decoded, pruned, defaulted and validated by the schema. `oldValue`: what it replaces, undefined for a
   * create. `path`: where it stands, '' for a whole object. What an update leaves as it was is not complained of.
   */
  validate(value: unknown, oldValue: unknown, path: string): FieldError[]
}

/** Answers what `authorizer` asks for. Values are remembered by the caller: an expression may ask the same again. */
export interface CelAuthorization {
  readonly serviceAccount?: { readonly namespace: string; readonly name: string }
  readonly path: string
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly subresource: string
  readonly namespace: string
  readonly name: string
}
export interface CelDecision {
  readonly allowed: boolean
  readonly reason: string
  /** Why there is no verdict; '' where there is one. */
  readonly error: string
}

/** All synchronous and pure, but for the budget that is spent. */
export interface Cel {
  /** `returns`: what the expression may evaluate to; absent: anything. */
  compile(expression: string, variables: CelVariables, returns?: readonly string[]): CelCompiled
  /** Never throws. `bindings` has a value for each variable that the program uses. Absent budget: a new one. */
  evaluate(program: CelProgram, bindings: Readonly<Record<string, CelValue>>, budget?: CelBudget): CelResult
  /**
   * JSON as a value. Nothing is copied: maps convert what is read of them. Without a type whole numbers are integers; with
   * one its schema decides.
   */
  value(json: unknown, type?: CelType): CelValue
  /** A value of an object type whose fields are read one by one, once each. Undefined: absent. */
  lazy(type: CelObjectType, read: (field: string) => CelValue): CelValue
  /**
   * A value for a variable of type `authorizer`. `decide` answers at once, or undefined where it has to be found out first: the
   * evaluation then fails, and is repeated when the answer is known. `request` is what `requestResource` stands for.
   */
  authorizer(decide: (asked: CelAuthorization) => CelDecision | undefined, request: CelAuthorization): CelValue
  /** For a whole request: as much as ten expressions may cost. */
  budget(): CelBudget
  schemaRules(schema: JSONSchemaProps): SchemaRules
  /** What is known of a kind's objects, to check what is written of them. Evaluate with dynamic variables. */
  kindType(kind: ResourceKind): CelObjectType
}

let loading: Promise<Cel> | undefined

/** Loads the library once. Rejects, and may be tried again, where it cannot be loaded. */
export function loadCel(): Promise<Cel> {
  loading ??= import('./cel/engine.js')
    .then(({ createCel }) => createCel())
    .catch((error: unknown) => {
      loading = undefined
      throw error
    })
  return loading
}
