/** How many writes of each kind somebody did, told from the lines of an audit log. */
interface Line {
  readonly verb: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly resource: string; readonly subresource?: string }
  readonly responseStatus?: { readonly code: number }
}

const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection'])

export class WriteCounts {
  readonly #counts = new Map<string, number>()

  /** A line that begins and does not end yet is not for here. */
  add(line: string): void {
    const { verb, user, objectRef, responseStatus } = JSON.parse(line) as Line
    if (!objectRef || !writing.has(verb)) return
    const { resource, subresource } = objectRef
    const kind = subresource ? `${resource}/${subresource}` : resource
    // A thousand nodes are one cause.
    const who = user.username.replace(/^system:node:.*/, 'system:node:…')
    const code = responseStatus?.code ?? 0
    const key = `${kind.padEnd(24)}${verb.padEnd(8)}${who}${code >= 400 ? ` (refused with ${code})` : ''}`
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  /** One row for each kind, verb and user, most first; then it begins anew. */
  take(): string[] {
    const rows = [...this.#counts].sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    this.#counts.clear()
    return rows.map(([key, count]) => `${String(count).padStart(8)}  ${key}`)
  }
}
