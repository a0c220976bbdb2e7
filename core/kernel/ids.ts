import { randomUUID } from 'node:crypto'
import type { Ids, Random } from './contract.js'

/** Identities that no other process makes. */
export function createIds(): Ids {
  return { uuid: () => randomUUID() }
}

/** Identities that repeat themselves with the seed of `random`. */
export function createSeededIds(random: Random): Ids {
  return {
    uuid() {
      const hex = random.string(32, '0123456789abcdef')
      const variant = '89ab'[random.integer(4)]
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
    },
  }
}
