/**
 * The CEL library, and what of its inside is relied upon: the nodes of a parsed expression are evaluated by functions that
 * hang on them and may be replaced. No other file imports it; it is pinned to one version, and tests hold what is used here.
 */
import { Environment, EvaluationError, Optional } from '@marcbachmann/cel-js'
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator'

export { Duration, Environment, EvaluationError, Optional, UnsignedInt }

/** A type, as the checker infers it. */
export interface CheckedType {
  readonly kind: string
  /** "bool", "list", "map", the name of an object type. */
  readonly type: string
  /** "list<string>" */
  readonly name: string
  readonly keyType?: CheckedType
  readonly valueType?: CheckedType
  readonly hasDynType: boolean
  unify(registry: unknown, other: CheckedType): CheckedType | null
}
export interface Checker {
  readonly registry: { getListType(of: CheckedType): CheckedType; getMapType(of: CheckedType, to: CheckedType): CheckedType }
  check(node: Node, context: Context): CheckedType
  getType(name: string): CheckedType
  createError(code: string, message: string, node: Node): Error
  formatType(type: CheckedType): string
}
export interface Evaluator {
  run(node: Node, context: Context): unknown
  tryEval(node: Node, context: Context): unknown
}
/** Where variables are looked up. One that belongs to a loop is used again and again. */
export interface Context {
  accuValue: unknown
  forkWithVariable(name: string, type: CheckedType): Context
  reuse(parent: Context): Context
  setIterValue(value: unknown, evaluator: Evaluator): Context
  setAccuType(type: CheckedType): Context
}
type Check = (checker: Checker, node: Node, context: Context) => CheckedType
type Evaluate = (evaluator: Evaluator, node: Node, context: Context) => unknown
export interface Node {
  readonly op: string
  args: unknown
  readonly pos: number
  readonly input: string
  readonly meta: { check: Check; evaluate: Evaluate; macro?: unknown; alternate?: Node }
  readonly checkedType?: CheckedType
  readonly left: Node
  readonly right: Node
  readonly receiverWithArgs: readonly Node[]
  handle(...args: unknown[]): unknown
  setMeta(key: 'check' | 'evaluate' | 'macro' | 'async', value: unknown): Node
}
/** Of a macro that a loop was made of. */
export interface Comprehension {
  readonly errorsAreFatal: boolean
  readonly iterable: Node
  readonly init: Node
  readonly condition?: (accumulated: unknown) => boolean
  readonly step: Node
  readonly result: (accumulated: unknown) => unknown
  readonly iterCtx: Context
}
/** What a macro of our own is given, and what it answers. */
export interface MacroCall {
  readonly ast: Node
  readonly args: readonly Node[]
  readonly receiver: Node
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'op' in value && 'meta' in value
}

/** A failure of an expression, such as a key that is missing: an answer, not a bug. */
export function failure(message: string): EvaluationError {
  return new EvaluationError(message)
}
