/** How our functions reach an environment of the library. */
import { spend } from './budget.js'
import { ownName } from './instrument.js'
import type { Environment, MacroCall } from './library.js'

export interface Macro {
  readonly ast: unknown
  readonly async: false
  typeCheck(...args: never[]): unknown
  evaluate(...args: never[]): unknown
}

/** Handlers get values as the library has them: strings, bigints, numbers, arrays, maps, instances of registered classes. */
export interface Registrar {
  /** "string.charAt(int): string" */
  method(signature: string, handler: (...args: never[]) => unknown): void
  /** A class whose instances are values. `name` as `type()` shows it. */
  type(name: string, of: new (...args: never[]) => object): void
  /** A word with functions behind it: `sets.contains(a, b)`. Signatures without the word. */
  namespace(word: string, functions: Readonly<Record<string, (...args: never[]) => unknown>>): void
  macro(signature: string, expand: (call: MacroCall) => Macro): void
}

export function createRegistrar(environment: Environment): Registrar {
  const register = (signature: string, handler: (...args: never[]) => unknown): void => {
    environment.registerFunction(renamed(signature), handler as (...args: unknown[]) => unknown, { async: false })
  }
  return {
    method: register,
    type: (name, of) => void environment.registerType(name, of as never),
    namespace(word, functions) {
      const made = { [word]: class {} }[word] as new () => object
      const name = `kubernetes.namespace.${word}`
      environment.registerType(name, made as never)
      environment.registerConstant(word, name, new made())
      for (const [signature, handler] of Object.entries(functions)) {
        const called = (_namespace: never, ...args: never[]): unknown => handler(...args)
        register(`${name}.${signature}`, called)
      }
    },
    macro: (signature, expand) => void environment.registerFunction(signature, expand as never),
  }
}

/** What differs from the library's own function of that name stands beside it under another one. */
function renamed(signature: string): string {
  return signature.replace(/(\w+)\(/, (_whole, name: string) => `${ownName(name)}(`)
}

/** Before something is made that may be much longer than what it is made of. */
export function spendSize(length: number): void {
  spend(length / 10)
}
