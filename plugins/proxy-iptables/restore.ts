/** From what the kernel has and what it should have to one input of iptables-restore. Pure. */
import type { Chains, RuleSet, Table } from './rules.js'

const tables: readonly Table[] = ['nat', 'filter']

/**
 * Only chains that differ are named: naming one empties it, within the same transaction as its new rules. `present`
 * maps to undefined rules where they are not known. Empty text: nothing to do.
 */
export function restoreInput(
  present: Readonly<Record<Table, ReadonlyMap<string, readonly string[] | undefined>>>,
  wanted: RuleSet,
): string {
  return tables.map((table) => tableInput(table, present[table], wanted[table])).join('')
}

function tableInput(table: Table, present: ReadonlyMap<string, readonly string[] | undefined>, wanted: Chains): string {
  const changed = [...wanted].filter(([chain, rules]) => !isSame(present.get(chain), rules))
  const gone = [...present.keys()].filter((chain) => !wanted.has(chain))
  if (changed.length === 0 && gone.length === 0) return ''
  const lines = [`*${table}`]
  for (const [chain] of changed) lines.push(`:${chain} - [0:0]`)
  for (const chain of gone) lines.push(`:${chain} - [0:0]`)
  for (const [chain, rules] of changed) for (const rule of rules) lines.push(`-A ${chain} ${rule}`)
  for (const chain of gone) lines.push(`-X ${chain}`)
  lines.push('COMMIT', '')
  return lines.join('\n')
}

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && (a === b || (a.length === b.length && a.every((rule, index) => rule === b[index])))
}

/** The chains of one table in the output of iptables-save whose names match. */
export function chainsIn(saved: string, table: Table, name: RegExp): string[] {
  const section = saved.split(/^\*/m).find((part) => part.startsWith(`${table}\n`)) ?? ''
  return [...section.matchAll(/^:(\S+) /gm)].map(([, chain]) => chain ?? '').filter((chain) => name.test(chain))
}
