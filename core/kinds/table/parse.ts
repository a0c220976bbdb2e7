/**
 * The field table: the facts of the API's types in a line-based text, read lazily by type.
 *
 *     Container                                    a type; `atomic` behind it: apply replaces it whole
 *       ~ TypeMeta                                 inlines the fields of a type
 *       ~ ProbeHandler 1                           inlines in JSON; in protobuf a nested message at number 1
 *       name 1 string !                            field, protobuf number (0: none), type, `!` required
 *       nodeName 10 string ?                       '', 0 or false mean that the field is absent
 *       env 7 [EnvVar] map(name) merge(name)       list; apply keys; strategic merge key
 *       limits 1 {quantity}                        map from string
 *       template 3 core/v1.PodTemplateSpec         type of another package
 *       items 24 JSONSchemaProps/[JSONSchemaProps] either an object of the first type or the second
 *       protocol 4 string default:"TCP" = TCP | UDP | SCTP     default, allowed values ('' is the empty one)
 *
 * More marks: `set` and `atomic` (lists, maps), `granular` (of an atomic type, but here merged by field), `merge+retain(key)`
 * and `retainKeys` (strategic merge).
 */
import { tables } from './index.js'

export interface FieldRow {
  readonly name: string
  /** Protobuf number; 0 where the type is never sent as protobuf. */
  readonly number: number
  readonly type: string
  readonly required: boolean
  readonly marks: readonly string[]
  readonly values?: readonly string[]
  readonly default?: string | number | boolean
}
export interface InlineRow {
  readonly inline: string
  readonly number: number
}
export interface TypeRow {
  /** The package: "core/v1". */
  readonly pack: string
  readonly name: string
  readonly atomic: boolean
  readonly rows: readonly (FieldRow | InlineRow)[]
}

/** Type name → its lines, of each package; split on first use. */
const blocks = new Map<string, Map<string, readonly string[]>>()

function blocksOf(pack: string): Map<string, readonly string[]> {
  const known = blocks.get(pack)
  if (known) return known
  const text = tables[pack]
  if (text === undefined) throw new Error(`field table: no package ${pack}`)
  const made = new Map<string, readonly string[]>()
  let lines: string[] = []
  for (const line of text.split('\n')) {
    if (line === '') continue
    if (line.startsWith(' ')) lines.push(line.trim())
    else {
      lines = [line]
      made.set(line.split(' ')[0] ?? line, lines)
    }
  }
  blocks.set(pack, made)
  return made
}

/**
 * The types of a package, in the table's order. The generator of `types.ts` reads them.
 * @public
 */
export const typeNames = (pack: string): readonly string[] => [...blocksOf(pack).keys()]

/** The row of a type; throws where the table names a type that it does not have: a mistake in the table. */
export function typeRow(pack: string, name: string): TypeRow {
  const lines = blocksOf(pack).get(name)
  if (!lines) throw new Error(`field table: no type ${pack}.${name}`)
  return { pack, name, atomic: lines[0]?.endsWith(' atomic') ?? false, rows: lines.slice(1).map(parseLine) }
}

function parseLine(line: string): FieldRow | InlineRow {
  const [left = '', right] = line.split(' = ')
  const [name = '', number = '', type = '', ...marks] = left.split(' ')
  if (name === '~') return { inline: number, number: Number(type) }
  const preset = marks.find((mark) => mark.startsWith('default:'))
  return {
    name,
    number: Number(number),
    type,
    required: marks.includes('!'),
    marks,
    ...(right === undefined ? {} : { values: right.split(' | ').map((value) => (value === "''" ? '' : value)) }),
    ...(preset === undefined ? {} : { default: JSON.parse(preset.slice('default:'.length)) as string | number | boolean }),
  }
}
