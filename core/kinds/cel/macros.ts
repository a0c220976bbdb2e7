/** Macros that the library lacks: comprehensions over two variables, and what is done with an optional value. */
import { Exhausted, spend } from './budget.js'
import { boolOf, spendFailure } from './instrument.js'
import {
  type CheckedType,
  type Checker,
  type Context,
  type Evaluator,
  failure,
  isNode,
  type MacroCall,
  type Node,
  Optional,
} from './library.js'
import type { Macro, Registrar } from './registrar.js'

export function registerMacros({ macro, method }: Registrar): void {
  macro(
    'list.all(ast, ast, ast): bool',
    twoVariables(1, (steps, ast) => decide(steps, false, ast)),
  )
  macro(
    'list.exists(ast, ast, ast): bool',
    twoVariables(1, (steps, ast) => decide(steps, true, ast)),
  )
  macro('list.existsOne(ast, ast, ast): bool', twoVariables(1, one))
  macro('list.exists_one(ast, ast, ast): bool', twoVariables(1, one))
  macro('list.existsOne(ast, ast): bool', ({ ast, args, receiver }) => oneVariable(ast, args, receiver))
  macro('list.transformList(ast, ast, ast): list<dyn>', twoVariables(1, transformList))
  macro('list.transformList(ast, ast, ast, ast): list<dyn>', twoVariables(2, transformList))
  macro('list.transformMap(ast, ast, ast): map<dyn, dyn>', twoVariables(1, transformMap))
  macro('list.transformMap(ast, ast, ast, ast): map<dyn, dyn>', twoVariables(2, transformMap))
  macro('list.transformMapEntry(ast, ast, ast): map<dyn, dyn>', twoVariables(1, transformMapEntry))
  macro('list.transformMapEntry(ast, ast, ast, ast): map<dyn, dyn>', twoVariables(2, transformMapEntry))
  macro(
    'optional.optMap(ast, ast): optional<dyn>',
    onOptional((value) => Optional.of(value)),
  )
  macro(
    'optional.optFlatMap(ast, ast): optional<dyn>',
    onOptional((value) => value),
  )
  method('OptionalNamespace.ofNonZeroValue(A): optional<A>', (_namespace: unknown, value: unknown) =>
    isZero(value) ? Optional.none() : Optional.of(value),
  )
}

function isZero(value: unknown): boolean {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length === 0
  return value instanceof Map ? value.size === 0 : !value
}

/** What is evaluated for one element. `keep` is its filter; true where there is none. */
interface Step {
  readonly key: unknown
  keep(): boolean
  value(): unknown
}
type Make = (steps: Iterable<Step>, ast: Node) => unknown

/** `receiver.name(key, value, …bodies)`: of two bodies the first is a filter. */
function twoVariables(bodies: 1 | 2, make: Make): (call: MacroCall) => Macro {
  return ({ ast, args, receiver }) => {
    const [key, value] = [nameOf(args[0]), nameOf(args[1])]
    const [filter, body] = bodies === 2 ? [args[2], args[3] as Node] : [undefined, args[2] as Node]
    const length = lengthOf(body) + lengthOf(filter)
    let [outer, inner]: (Context | undefined)[] = []
    const typeCheck = (checker: Checker, _macro: unknown, context: Context): CheckedType => {
      const [keys, values] = elementTypes(checker, checker.check(receiver, context))
      outer = context.forkWithVariable(key, keys)
      inner = outer.forkWithVariable(value, values)
      if (filter) checker.check(filter, inner)
      return resultType(checker, make, keys, checker.check(body, inner))
    }
    const evaluate = (evaluator: Evaluator, _macro: unknown, context: Context): unknown => {
      const [around, within] = [outer as Context, inner as Context]
      const collection = evaluator.run(receiver, context)
      function* steps(): Generator<Step> {
        for (const [at, item] of entriesOf(collection)) {
          spend(length)
          const bound = within.reuse(around.reuse(context).setIterValue(at, evaluator)).setIterValue(item, evaluator)
          const run = (node: Node): unknown => evaluator.run(node, bound)
          yield { key: at, keep: () => !filter || boolOf(run(filter)), value: () => run(body) }
        }
      }
      return make(steps(), ast)
    }
    return { ast, async: false, typeCheck, evaluate }
  }
}

function resultType(checker: Checker, make: Make, key: CheckedType, body: CheckedType): CheckedType {
  if (make === transformList) return checker.registry.getListType(body)
  if (make === transformMap) return checker.registry.getMapType(key, body)
  if (make === transformMapEntry) return body.kind === 'map' ? body : checker.getType('dyn')
  return checker.getType('bool')
}

function elementTypes(checker: Checker, range: CheckedType): [CheckedType, CheckedType] {
  const dynamic = checker.getType('dyn')
  if (range.kind === 'list') return [checker.getType('int'), range.valueType ?? dynamic]
  return range.kind === 'map' ? [range.keyType ?? dynamic, range.valueType ?? dynamic] : [dynamic, dynamic]
}

function* entriesOf(collection: unknown): Generator<[unknown, unknown]> {
  if (collection instanceof Map) {
    for (const key of collection.keys()) yield [key, collection.get(key)]
  } else if (Array.isArray(collection)) {
    for (const [index, item] of collection.entries()) yield [BigInt(index), item]
  } else throw failure('no such overload: a comprehension ranges over a list or a map')
}

/** `all` and `exists`: one element may fail where another one decides. */
function decide(steps: Iterable<Step>, wanted: boolean, ast: Node): boolean {
  let error: unknown
  for (const step of steps) {
    try {
      if (boolOf(step.value()) === wanted) return wanted
    } catch (thrown) {
      if (thrown instanceof Exhausted) throw thrown
      spendFailure(ast)
      error ??= thrown
    }
  }
  if (error) throw error
  return !wanted
}
function one(steps: Iterable<Step>): boolean {
  let count = 0
  for (const step of steps) if (boolOf(step.value())) count++
  return count === 1
}
function transformList(steps: Iterable<Step>): unknown[] {
  const made: unknown[] = []
  for (const step of steps) if (step.keep()) made.push(step.value())
  return made
}
function transformMap(steps: Iterable<Step>): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>()
  for (const step of steps) if (step.keep()) made.set(step.key, step.value())
  return made
}
function transformMapEntry(steps: Iterable<Step>): Map<unknown, unknown> {
  const made = new Map<unknown, unknown>()
  for (const step of steps) {
    if (!step.keep()) continue
    for (const [key, value] of entriesOf(step.value())) {
      if (made.has(key)) throw failure(`insert failed: key ${String(key)} already exists`)
      made.set(key, value)
    }
  }
  return made
}

function oneVariable(ast: Node, args: readonly Node[], receiver: Node): Macro {
  const [name, body] = [nameOf(args[0]), args[1] as Node]
  let inner: Context | undefined
  return {
    ast,
    async: false,
    typeCheck(checker: Checker, _macro: unknown, context: Context): CheckedType {
      const range = checker.check(receiver, context)
      const [keys, values] = elementTypes(checker, range)
      inner = context.forkWithVariable(name, range.kind === 'map' ? keys : values)
      checker.check(body, inner)
      return checker.getType('bool')
    },
    evaluate(evaluator: Evaluator, _macro: unknown, context: Context): boolean {
      const collection = evaluator.run(receiver, context)
      let count = 0
      for (const [key, item] of entriesOf(collection)) {
        spend(lengthOf(body))
        const bound = (inner as Context).reuse(context).setIterValue(collection instanceof Map ? key : item, evaluator)
        if (boolOf(evaluator.run(body, bound))) count++
      }
      return count === 1
    },
  }
}

/** `receiver.optMap(name, body)`: the body for the value that is there, if one is. */
function onOptional(wrap: (value: unknown) => unknown): (call: MacroCall) => Macro {
  return ({ ast, args, receiver }) => {
    const [name, body] = [nameOf(args[0]), args[1] as Node]
    let inner: Context | undefined
    return {
      ast,
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: Context): CheckedType {
        const range = checker.check(receiver, context)
        inner = context.forkWithVariable(
          name,
          range.kind === 'optional' && range.valueType ? range.valueType : checker.getType('dyn'),
        )
        const made = checker.check(body, inner)
        return made.kind === 'optional' ? made : checker.getType(`optional<${made.name}>`)
      },
      evaluate(evaluator: Evaluator, _macro: unknown, context: Context): unknown {
        const value = evaluator.run(receiver, context)
        if (!(value instanceof Optional)) throw failure('no such overload: optMap() of what is not optional')
        if (!value.hasValue()) return value
        return wrap(evaluator.run(body, (inner as Context).reuse(context).setIterValue(value.value(), evaluator)))
      },
    }
  }
}

function nameOf(node: Node | undefined): string {
  if (node?.op !== 'id') throw failure('argument must be a simple name')
  return node.args as string
}

/** How many nodes a body has. */
function lengthOf(node: unknown): number {
  if (Array.isArray(node)) return node.reduce((total: number, part: unknown) => total + lengthOf(part), 0)
  return isNode(node) ? 1 + lengthOf(node.args) : 0
}
