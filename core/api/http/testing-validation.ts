/** Tables of what the API finds wrong in objects: a valid one of each kind, and changes with the causes of their refusal. */
import { isDeepStrictEqual } from 'node:util'
import type { Reply, TestServer } from './testing.js'

export interface Table {
  readonly path: string
  /** Valid. Its name is `x` unless it says otherwise. */
  readonly base: Record<string, unknown>
  /** Sent as creates. */
  readonly creates?: readonly Case[]
  /** Sent as updates of what `base` was stored as. */
  readonly updates?: readonly Case[]
}
/** `at`: "spec.containers.0.image"; an absent `value` takes the field away. No causes: the object is good. */
export type Case = readonly [at: string, value: unknown, ...causes: string[]]

/** The cases that the server answers otherwise than the table says. Nothing but `base` is stored, and that only where there are updates. */
export async function wrongIn(server: TestServer, { path, creates = [], updates = [], ...table }: Table): Promise<string[]> {
  const base = { ...table.base, metadata: { name: 'x', ...(table.base.metadata as object) } }
  const send = (to: string, method: string, body: object): Promise<Reply> => server.call(to, { method, body })
  const wrong: string[] = []
  const expect = (title: string, reply: Reply, wanted: readonly string[]): void => {
    const causes = (reply.json.details?.causes ?? []) as { field: string; message: string }[]
    const found = causes.map(({ field, message }) => `${field}: ${message}`)
    const isFine = wanted.length === 0 ? reply.code < 300 : reply.code === 422 && isDeepStrictEqual(found, wanted)
    if (!isFine)
      wrong.push(`${title}\n  wanted ${wanted.join('\n         ')}\n  found  ${found.join('\n         ') || reply.json.message}`)
  }
  expect('the base', await send(`${path}?dryRun=All`, 'POST', base), [])
  for (const [at, value, ...causes] of creates) {
    expect(titleOf(at, value), await send(`${path}?dryRun=All`, 'POST', changed(base, at, value)), causes)
  }
  const { json: stored } = updates.length === 0 ? { json: undefined } : await send(path, 'POST', base)
  for (const [at, value, ...causes] of updates) {
    const to = `${path}/${base.metadata.name}?dryRun=All`
    expect(`update ${titleOf(at, value)}`, await send(to, 'PUT', changed(stored, at, value)), causes)
  }
  return wrong
}

const titleOf = (at: string, value: unknown): string => `${at}: ${JSON.stringify(value)}`

function changed(base: object, at: string, value: unknown): object {
  const copy = structuredClone(base) as Record<string, unknown>
  const names = at.split('.')
  let parent: Record<string, unknown> = copy
  for (const name of names.slice(0, -1)) {
    parent[name] ??= {}
    parent = parent[name] as Record<string, unknown>
  }
  const last = names.at(-1) ?? ''
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}
