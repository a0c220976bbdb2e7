/** Who a user is, as other servers are told. */
import type { UserInfo } from './contract.js'

/** Header values are bytes to HTTP: as such the text comes out again at the other end. */
const asBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** The headers in which this server tells another one who a user is; see `FrontProxy`. */
export function remoteHeaders({ name, groups, extra = {} }: UserInfo): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'x-remote-user': asBytes(name), 'x-remote-group': groups.map(asBytes) }
  for (const [key, values] of Object.entries(extra)) {
    headers[`x-remote-extra-${escapeKey(key)}`] = values.map(asBytes)
  }
  return headers
}

/** As Go's clients do: what cannot stand in the name of a header, and the percent sign itself, as escapes. */
function escapeKey(key: string): string {
  const escaped = (byte: number): string => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  return key.replace(/[^a-z0-9!#$&'*+\-.^_`|~]/gi, (char) => [...Buffer.from(char, 'utf8')].map(escaped).join('')).toLowerCase()
}
