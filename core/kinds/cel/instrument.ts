/**
 * Makes a parsed expression cost what it does, and mean what Kubernetes means: the library's own evaluation of loops,
 * equality, map literals and `has` is replaced on the nodes themselves, before they are checked.
 */
import { Exhausted, sizeCost, spend } from './budget.js'
import { equals, includes } from './equality.js'
import { type CheckedType, type Checker, type Comprehension, failure, isNode, type Node, Optional } from './library.js'

/** Functions of the library that differ from Kubernetes': ours are registered under these names. */
const ours = new Set([
  'indexOf',
  'join',
  'lastIndexOf',
  'lowerAscii',
  'matches',
  'split',
  'substring',
  'timestamp',
  'duration',
  'getDayOfYear',
  'trim',
  'upperAscii',
])
const prefix = 'kubernetes_'
export const ownName = (name: string): string => (ours.has(name) ? `${prefix}${name}` : name)
/** A message as the writer of the expression knows the functions. */
export const withoutOwnNames = (text: string): string => text.replaceAll(prefix, '')

/** Returns the names of the variables that are used, loop variables among them. */
export function instrument(root: Node): Set<string> {
  const names = new Set<string>()
  const lengths = new Map<Node, number>()
  const visit = (node: Node): number => {
    const known = lengths.get(node)
    if (known !== undefined) return known
    lengths.set(node, 0)
    // A loop that a macro was made of stands in its place.
    const { alternate } = node.meta
    const length = alternate ? visit(alternate) : 1 + sum(partsOf(node.args).map(visit))
    lengths.set(node, length)
    if (node.op === 'id') names.add(node.args as string)
    if (!alternate) replace(node, lengths)
    return length
  }
  visit(root)
  return names
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

function partsOf(args: unknown): Node[] {
  if (isNode(args)) return [args]
  if (Array.isArray(args)) return args.flatMap(partsOf)
  if (typeof args !== 'object' || args === null) return []
  const { iterable, init, step } = args as Partial<Comprehension>
  return [iterable, init, step].filter(isNode)
}

function replace(node: Node, lengths: ReadonlyMap<Node, number>): void {
  if (node.op === 'call' || node.op === 'rcall') replaceCall(node)
  if (node.op === 'comprehension') node.setMeta('evaluate', loop(lengths.get((node.args as Comprehension).step) ?? 1))
  const own = operators[node.op]
  // Of what nothing is, everything may be: the library's word for that fits no operator.
  if (Array.isArray(node.args) && node.args.length === 0) {
    if (node.op === 'list') node.setMeta('check', (checker: Checker) => checker.getType('list<dyn>'))
    if (node.op === 'map') node.setMeta('check', (checker: Checker) => checker.getType('map<dyn, dyn>'))
  }
  if (own?.check) node.setMeta('check', own.check)
  if (own) node.setMeta('evaluate', own.evaluate)
}

function replaceCall(node: Node): void {
  const args = node.args as unknown[]
  if (node.op === 'call' && args[0] === 'has') {
    node.setMeta('macro', undefined).setMeta('async', false).setMeta('check', checkHas).setMeta('evaluate', evaluateHas)
    return
  }
  if (node.meta.macro) return
  args[0] = ownName(args[0] as string)
  node.setMeta('evaluate', node.op === 'call' ? evaluateCall : evaluateMethod)
}

// ------------------------------------------------------------------------------------------------------------- calls

const evaluateCall: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const args = (node.args as [string, Node[]])[1].map((one) => evaluator.run(one, context))
  charge(args)
  return charged(node.handle(args, node, evaluator))
}
const evaluateMethod: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const args = node.receiverWithArgs.map((one) => evaluator.run(one, context))
  charge(args)
  return charged(node.handle(args, evaluator, node))
}
const evaluateSum: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const [left, right] = [evaluator.run(node.left, context), evaluator.run(node.right, context)]
  spend(1 + sizeCost(left) + sizeCost(right))
  return node.handle(left, right, node, evaluator)
}

function charge(args: readonly unknown[]): void {
  let cost = 1
  for (const one of args) cost += sizeCost(one)
  spend(cost)
}
function charged(result: unknown): unknown {
  spend(sizeCost(result))
  return result
}

// ------------------------------------------------------------------------------------------------------------- loops

/** `all`, `exists`, `exists_one`, `map`, `filter`: each step costs as much as its body is long. */
function loop(length: number): Node['meta']['evaluate'] {
  return (evaluator, node, outer) => {
    const { iterable, init, condition, step, result, errorsAreFatal, iterCtx } = node.args as Comprehension
    const items = itemsOf(evaluator.run(iterable, outer))
    const context = iterCtx.reuse(outer)
    let accumulated = evaluator.run(init, context)
    context.accuValue = accumulated
    let error: unknown
    for (const item of items) {
      if (condition && !condition(accumulated)) return result(accumulated)
      spend(length)
      try {
        accumulated = evaluator.run(step, context.setIterValue(item, evaluator))
      } catch (thrown) {
        if (errorsAreFatal || thrown instanceof Exhausted) throw thrown
        spendFailure(node)
        error ??= thrown
      }
    }
    // One element may fail where another one decides.
    if (error && condition?.(accumulated)) throw error
    return result(accumulated)
  }
}

/** The elements of a list, the keys of a map. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  if (value instanceof Map) return [...value.keys()]
  throw failure('no such overload: a comprehension ranges over a list or a map')
}

// -------------------------------------------------------------------------------------------------------------- logic

/** The library looks through the whole expression for the place of each failure, even of one that nobody will see. */
export function spendFailure({ input }: Node): void {
  spend(50 + input.length / 10)
}

/** `&&` and `||`: where one side decides, the other one may fail. */
function logic(deciding: boolean): Node['meta']['evaluate'] {
  return (evaluator, node, context) => {
    const [left, right] = node.args as [Node, Node]
    let error: unknown
    try {
      if (boolOf(evaluator.run(left, context)) === deciding) return deciding
    } catch (thrown) {
      if (thrown instanceof Exhausted) throw thrown
      spendFailure(node)
      error = thrown
    }
    if (boolOf(evaluator.run(right, context)) === deciding) return deciding
    if (error !== undefined) throw error
    return !deciding
  }
}

export function boolOf(value: unknown): boolean {
  if (typeof value !== 'boolean') throw failure('no such overload: what is no bool')
  return value
}

/** Beyond the end of a list the library fails, and takes that for absence. */
const evaluateOptionalIndex: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const [left, right] = [evaluator.run(node.left, context), evaluator.run(node.right, context)]
  spendFailure(node)
  return node.handle(left, right, node, evaluator)
}

// ---------------------------------------------------------------------------------------------------------- equality

function operands(checker: Checker, node: Node, context: Parameters<Checker['check']>[1]): [CheckedType, CheckedType] {
  const [left, right] = node.args as [Node, Node]
  const writable = node as { left: Node; right: Node }
  writable.left = left
  writable.right = right
  node.setMeta('async', false)
  return [checker.check(left, context), checker.check(right, context)]
}

const checkEquality: Node['meta']['check'] = (checker, node, context) => {
  const [left, right] = operands(checker, node, context)
  if (mayEqual(checker, left, right)) return checker.getType('bool')
  throw mismatch(checker, node, left, right)
}
const checkMembership: Node['meta']['check'] = (checker, node, context) => {
  const [left, right] = operands(checker, node, context)
  const element = right.kind === 'list' ? right.valueType : right.kind === 'map' ? right.keyType : undefined
  if (right.kind === 'dyn' || (element && mayEqual(checker, left, element))) return checker.getType('bool')
  throw mismatch(checker, node, left, right)
}

/** Null may stand where an object or something optional may; numbers of two types are compared only where one is dynamic. */
function mayEqual(checker: Checker, left: CheckedType, right: CheckedType): boolean {
  const kinds = [left, right].map(({ name, kind }) => (name === 'null' ? 'null' : kind))
  if (kinds.includes('null') && kinds.some((kind) => kind !== 'null' && kind !== 'primitive')) return true
  return left.unify(checker.registry, right) !== null
}

function mismatch(checker: Checker, node: Node, left: CheckedType, right: CheckedType): Error {
  const operator = node.op === 'in' ? '@in' : `_${node.op}_`
  const types = `(${checker.formatType(left)}, ${checker.formatType(right)})`
  return checker.createError('no_such_overload', `found no matching overload for '${operator}' applied to '${types}'`, node)
}

const evaluateEqual: Node['meta']['evaluate'] = (evaluator, { left, right }, context) =>
  equals(evaluator.run(left, context), evaluator.run(right, context))
const evaluateUnequal: Node['meta']['evaluate'] = (evaluator, { left, right }, context) =>
  !equals(evaluator.run(left, context), evaluator.run(right, context))
const evaluateMembership: Node['meta']['evaluate'] = (evaluator, { left, right }, context) => {
  const [value, container] = [evaluator.run(left, context), evaluator.run(right, context)]
  spend(1)
  if (container instanceof Map) return container.get(value) !== undefined
  if (Array.isArray(container)) return includes(container, value)
  throw failure('no such overload: in')
}

// -------------------------------------------------------------------------------------------------- maps and presence

/** With keys of every type, which the library turns into texts. */
const evaluateMap: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const made = new Map<unknown, unknown>()
  for (const [key, value] of node.args as [Node, Node][]) {
    const name = evaluator.run(key, context)
    if (made.has(name)) throw failure(`Failed with repeated key: ${String(name)}`)
    made.set(name, evaluator.run(value, context))
  }
  return made
}

/** `has(a.b[0].c)`: the library takes nothing but a chain of names. */
const checkHas: Node['meta']['check'] = (checker, node, context) => {
  const [select] = (node.args as [string, Node[]])[1]
  if (select?.op !== '.') {
    throw checker.createError('invalid_macro_argument', 'invalid argument to has() macro', node)
  }
  checker.check(select, context)
  return checker.getType('bool')
}
const evaluateHas: Node['meta']['evaluate'] = (evaluator, node, context) => {
  const [select] = (node.args as [string, Node[]])[1]
  const [receiver, name] = (select as Node).args as [Node, string]
  let value = evaluator.run(receiver, context)
  if (value instanceof Optional) value = value.hasValue() ? value.value() : new Map()
  if (value instanceof Map) return value.get(name) !== undefined
  throw failure(`no such overload: has() of a field of what is no object`)
}

const operators: Readonly<Record<string, { check?: Node['meta']['check']; evaluate: Node['meta']['evaluate'] }>> = {
  '==': { check: checkEquality, evaluate: evaluateEqual },
  '!=': { check: checkEquality, evaluate: evaluateUnequal },
  in: { check: checkMembership, evaluate: evaluateMembership },
  '&&': { evaluate: logic(false) },
  '||': { evaluate: logic(true) },
  '[?]': { evaluate: evaluateOptionalIndex },
  '+': { evaluate: evaluateSum },
  map: { evaluate: evaluateMap },
}
