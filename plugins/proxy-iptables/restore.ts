/** From what the kernel has and what it should have to one input of iptables-restore. Pure. */
import { type Chains, type Hook, hooks, isOfService, ownChain, type RuleSet, type Table } from './rules.js'

const tables: readonly Table[] = ['nat', 'filter']

/**
 * Only chains that differ are named: naming one empties it, within the same transaction as its new rules. `present`
 * maps to undefined rules where they are not known. Empty text: nothing to do.
 *
 * iptables-nft keeps the names of all chains of a transaction in an ordered list, which it walks from the start for every
 * line. So chains go from the last name to the first, each with its rules at once: what it looks for then stands near
 * the start. 10,000 services take a second of its time instead of minutes.
 */
export function restoreInput(present: Present, wanted: RuleSet): string {
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

/** Chain → its rules where they are known. */
export type Present = Readonly<Record<Table, ReadonlyMap<string, readonly string[] | undefined>>>

/** What the kernel has of ours. */
export interface Found {
  readonly present: Present
  /** Jumps from built-in chains that are missing. */
  readonly missing: readonly Hook[]
}

/**
 * Reads the output of iptables-save. A chain with as many rules as `known` has for it has those: the kernel words rules
 * its own way, so their text says nothing, and what others do is remove or empty chains.
 */
export function foundIn(saved: string, known?: RuleSet): Found {
  const [nat, filter] = tables.map((table) => chainsOf(sectionOf(saved, table), known?.[table]))
  const lines = Object.fromEntries(tables.map((table) => [table, new Set(sectionOf(saved, table))])) as Record<Table, Set<string>>
  const missing = hooks.filter(({ table, chain, target }) => !lines[table].has(`-A ${chain} -j ${target}`))
  return { present: { nat: nat ?? new Map(), filter: filter ?? new Map() }, missing }
}

function sectionOf(saved: string, table: Table): readonly string[] {
  return (saved.split(/^\*/m).find((part) => part.startsWith(`${table}\n`)) ?? '').split('\n')
}

function chainsOf(lines: readonly string[], known: Chains | undefined): Map<string, readonly string[] | undefined> {
  const counts = new Map<string, number>()
  for (const line of lines) {
    const [word = '', chain = ''] = line.split(' ', 2)
    if (word.startsWith(':') && ownChain.test(word.slice(1))) counts.set(word.slice(1), 0)
    const count = word === '-A' ? counts.get(chain) : undefined
    if (count !== undefined) counts.set(chain, count + 1)
  }
  return new Map(
    [...counts].map(([chain, count]) => {
      const rules = known?.get(chain)
      return [chain, rules?.length === count ? rules : undefined] as const
    }),
  )
}
