/** From what the kernel has and what it should have to one input of iptables-restore. Pure. */
import { type Chains, isOfService, type RuleSet, type Table } from './rules.js'

const tables: readonly Table[] = ['nat', 'filter']

/**
 * Only chains that differ are named: naming one empties it, within the same transaction as its new rules. `present`
 * maps to undefined rules where they are not known. Empty text: nothing to do.
 *
 * iptables-nft keeps the names of all chains of a transaction in an ordered list, which it walks from the start for every
 * line. So chains go from the last name to the first, each with its rules at once: what it looks for then stands near
 * the start. 10,000 services take a second of its time instead of minutes.
 */
export function restoreInput(
  present: Readonly<Record<Table, ReadonlyMap<string, readonly string[] | undefined>>>,
  wanted: RuleSet,
): string {
  return tables.map((table) => tableInput(table, present[table], wanted[table])).join('')
}

function tableInput(table: Table, present: ReadonlyMap<string, readonly string[] | undefined>, wanted: Chains): string {
  const changed = [...wanted].filter(([chain, rules]) => !isSame(present.get(chain), rules)).sort(byNameDown)
  const gone = [...present.keys()].filter((chain) => !wanted.has(chain)).sort(down)
  if (changed.length === 0 && gone.length === 0) return ''
  const lines = [`*${table}`]
  // Services jump to these, so they must be there first; their own rules come last.
  for (const [chain] of changed) if (!isOfService(chain)) lines.push(declared(chain))
  for (const chain of gone) lines.push(declared(chain))
  for (const [chain, rules] of changed) {
    if (isOfService(chain)) lines.push(declared(chain))
    for (const rule of rules) lines.push(`-A ${chain} ${rule}`)
  }
  for (const chain of gone) lines.push(`-X ${chain}`)
  lines.push('COMMIT', '')
  return lines.join('\n')
}

function declared(chain: string): string {
  return `:${chain} - [0:0]`
}

function down(a: string, b: string): number {
  return a < b ? 1 : -1
}

function byNameDown([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return down(a, b)
}

function isSame(a: readonly string[] | undefined, b: readonly string[]): boolean {
  return a !== undefined && (a === b || (a.length === b.length && a.every((rule, index) => rule === b[index])))
}

/** The chains of one table in the output of iptables-save whose names match. */
export function chainsIn(saved: string, table: Table, name: RegExp): string[] {
  const section = saved.split(/^\*/m).find((part) => part.startsWith(`${table}\n`)) ?? ''
  return [...section.matchAll(/^:(\S+) /gm)].map(([, chain]) => chain ?? '').filter((chain) => name.test(chain))
}
