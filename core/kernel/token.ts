import type { Token } from './contract.js'

type TokenId = Token<unknown>['id']

/** Names something that exactly one plugin provides. Declared once, in the contract of the room that consumes it. */
export function one<T>(id: TokenId): Token<T, 'one'> {
  return Object.freeze({ id, cardinality: 'one', key: Symbol.for(`davit:${id}`) })
}

/** Names something that any number of plugins provide, none included; whoever requires it receives a `Bag`. */
export function many<T>(id: TokenId): Token<T, 'many'> {
  return Object.freeze({ id, cardinality: 'many', key: Symbol.for(`davit:${id}`) })
}
