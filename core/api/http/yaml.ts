/** YAML as go-yaml reads and writes it. Loaded on first use: few clients send or ask for it. */
import {
  Composer,
  type CST,
  type DocumentOptions,
  type ParseOptions,
  Parser,
  type Scalar,
  type ScalarTag,
  type SchemaOptions,
  stringify,
  type Tags,
  visit,
} from 'yaml'
import { integerOf } from '../../kinds/contract.js'
import { nestingLimit, tooDeep } from './nesting.js'

const goYaml = {
  version: '1.1',
  schema: 'yaml-1.1',
  merge: true,
  uniqueKeys: true,
  // Those that a number holds become numbers again: only the others stay.
  intAsBigInt: true,
  // What a client sends is no reason to print warnings.
  logLevel: 'error',
  // Dates and times of day stay strings.
  customTags: (tags: Tags) => tags.filter((tag) => !isTime(tag)),
} as const satisfies ParseOptions & DocumentOptions & SchemaOptions

/** Of the first document; throws an `Error` with a position, or an `ApiError` for what is nested too deep. */
export function parseYaml(text: string): unknown {
  // In two steps, of which the first does not recurse: the depth is known before anything is built.
  const tokens = [...new Parser().parse(text)]
  checkNesting(tokens)
  const [document] = new Composer(goYaml).compose(tokens, true, text.length)
  const [error] = document?.errors ?? []
  if (error) throw error
  if (document) visit(document, { Scalar: (_key, scalar) => settle(scalar) })
  return document?.toJS({ maxAliasCount: 100 }) as unknown
}

function settle(scalar: Scalar): void {
  if (typeof scalar.value === 'bigint') scalar.value = integerOf(scalar.value)
}

export function formatYaml(value: unknown): string {
  // Sets of managed fields share what is equal in them, which is nothing for a reader to see.
  return stringify(value, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false })
}

function checkNesting(tokens: readonly CST.Token[]): void {
  const open: { readonly token: CST.Token | null | undefined; readonly depth: number }[] = tokens.map((token) => ({
    token,
    depth: 0,
  }))
  for (let entry = open.pop(); entry; entry = open.pop()) {
    const { token, depth } = entry
    if (depth > nestingLimit) throw tooDeep()
    if (!token) continue
    if (token.type === 'document') open.push({ token: token.value, depth })
    else if ('items' in token) {
      for (const { key, value } of token.items) open.push({ token: key, depth: depth + 1 }, { token: value, depth: depth + 1 })
    }
  }
}

function isTime(tag: Tags[number]): boolean {
  if (typeof tag === 'string') return tag === 'timestamp'
  const scalar = tag as ScalarTag
  return scalar.tag === 'tag:yaml.org,2002:timestamp' || scalar.format === 'TIME'
}
