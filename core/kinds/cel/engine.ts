/** Compiles and evaluates. Reached by `loadCel` alone, so that whoever meets no expression never loads any of this. */
import type { Cel, CelCompiled, CelProgram, CelResult, CelVariables } from '../cel.js'
import { registerAddresses } from './addresses.js'
import { createAuthorizer, Pending, registerAuthorizer } from './authorizer.js'
import { Exhausted, expressionCost, metered, requestCost } from './budget.js'
import { registerConversions } from './conversions.js'
import { instrument, withoutOwnNames } from './instrument.js'
import { Environment, EvaluationError, isNode } from './library.js'
import { registerLists } from './lists.js'
import { registerMacros } from './macros.js'
import { registerFormats } from './named-formats.js'
import { problemOf } from './problem.js'
import { registerQuantities } from './quantities.js'
import { registerRegex } from './regex.js'
import { createRegistrar } from './registrar.js'
import { createSchemaRules } from './schema-rules.js'
import { registerStrings } from './strings.js'
import { kindType, registerTypes, typeName } from './types.js'
import { registerUrls } from './urls.js'
import { lazyObject, toCel } from './values.js'
import { registerVersions } from './versions.js'

/** Longer than anything that is written by hand. */
const limits = { maxAstNodes: 20_000, maxDepth: 250, maxListElements: 10_000, maxMapEntries: 10_000, maxCallArguments: 32 }

interface Compiled extends CelProgram {
  run(bindings: object): unknown
}

export function createCel(): Cel {
  const base = baseEnvironment()
  const environments = new WeakMap<CelVariables, Environment>()

  function environmentOf(variables: CelVariables): Environment {
    const known = environments.get(variables)
    if (known) return known
    const made = base.clone()
    const types = new Set<string>()
    for (const [name, type] of Object.entries(variables)) {
      registerTypes(made, type, types)
      made.registerVariable(name, typeName(type))
    }
    environments.set(variables, made)
    return made
  }
  const cel: Cel = {
    compile: (expression, variables, returns) => compile(environmentOf(variables), expression, variables, returns),
    evaluate: (program, bindings, budget = { left: expressionCost }) => {
      try {
        return { value: metered(budget, () => (program as Compiled).run(bindings)) }
      } catch (error) {
        return failed(error)
      }
    },
    value: toCel,
    lazy: lazyObject,
    authorizer: createAuthorizer,
    budget: () => ({ left: requestCost }),
    schemaRules: (schema) => createSchemaRules(cel, schema),
    kindType,
  }
  return cel
}

function baseEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false, limits })
  const registrar = createRegistrar(environment)
  registerConversions(registrar)
  registerStrings(registrar)
  registerRegex(registrar)
  registerLists(registrar)
  registerQuantities(registrar)
  registerAddresses(registrar)
  registerUrls(registrar)
  registerVersions(registrar)
  registerFormats(registrar)
  registerAuthorizer(registrar)
  registerMacros(registrar)
  return environment
}

function compile(
  environment: Environment,
  expression: string,
  variables: CelVariables,
  returns: readonly string[] | undefined,
): CelCompiled {
  try {
    const parsed = environment.parse(expression)
    const root: unknown = parsed.ast
    if (!isNode(root)) throw new Error('the library has changed the form of its nodes')
    const names = instrument(root)
    const { valid, type = 'dyn', error } = parsed.check()
    if (!valid) throw error
    const problem = returns && resultProblem(type, returns, root.op)
    if (problem !== undefined) return { problem }
    const uses = new Set(Object.keys(variables).filter((name) => names.has(name)))
    const program: Compiled = { expression, type, uses, run: (bindings) => parsed(bindings) }
    return { program }
  } catch (error) {
    return { problem: `compilation failed: ${problemOf(error, expression)}` }
  }
}

/** What is read from a dynamic object may be anything, and is refused; of what a function makes of it less is known here. */
function resultProblem(type: string, returns: readonly string[], operator: string): string | undefined {
  if (returns.includes(type)) return undefined
  const isRead = operator === '.' || operator === '[]' || operator === 'id'
  if (type.startsWith('dyn') && !isRead) return undefined
  if (returns.length === 1) return `must evaluate to ${returns[0]} but got ${type}`
  return `must evaluate to one of [${returns.join(' ')}]`
}

function failed(error: unknown): CelResult {
  if (error instanceof Exhausted) return { error: 'operation cancelled: actual cost limit exceeded', exhausted: true }
  if (error instanceof EvaluationError) return { error: worded(withoutOwnNames(error.summary)) }
  if (error instanceof Pending || error instanceof RangeError) return { error: error.message }
  return { error: error instanceof Error ? error.message : String(error) }
}

/** In the words of Kubernetes, which clients look for. */
function worded(text: string): string {
  if (text.includes('index out of bounds')) return text.replace(/^.*index (\S+) .*$/, 'index out of bounds: $1')
  if (text.startsWith('No such key: ')) return `no such key: ${text.slice('No such key: '.length)}`
  if (/no matching overload|bool operands|must be bool|must return bool/.test(text)) return 'no such overload'
  return text.startsWith('no such overload') ? 'no such overload' : text
}
