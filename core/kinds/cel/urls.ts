/** URLs as values: `url('https://example.com:80/').getPort()`. */
import { failure } from './library.js'
import type { Registrar } from './registrar.js'

export class Url {
  readonly scheme: string
  readonly host: string
  readonly path: string
  readonly query: string

  constructor(scheme: string, host: string, path: string, query: string) {
    this.scheme = scheme
    this.host = host
    this.path = path
    this.query = query
  }
  get hostname(): string {
    const bracketed = /^\[([^\]]*)\]/.exec(this.host)
    return bracketed ? (bracketed[1] as string) : this.host.replace(/:\d*$/, '')
  }
  get port(): string {
    return /:(\d+)$/.exec(this.host.replace(/^\[[^\]]*\]/, ''))?.[1] ?? ''
  }
  equals(other: unknown): boolean {
    return other instanceof Url && other.toString() === this.toString()
  }
  toString(): string {
    const start = this.scheme === '' ? '' : `${this.scheme}://${this.host}`
    return `${start}${this.path}${this.query === '' ? '' : `?${this.query}`}`
  }
}

export function registerUrls({ type, method }: Registrar): void {
  type('kubernetes.URL', Url as never)
  method('url(string): kubernetes.URL', (text: string) => {
    const url = parseUrl(text)
    if (!url) throw failure(`URL parse error during conversion from string: parse "${text}": invalid URI for request`)
    return url
  })
  method('isURL(string): bool', (text: string) => parseUrl(text) !== undefined)
  method('kubernetes.URL.getScheme(): string', ({ scheme }: Url) => scheme)
  method('kubernetes.URL.getHost(): string', ({ host }: Url) => host)
  method('kubernetes.URL.getHostname(): string', ({ hostname }: Url) => hostname)
  method('kubernetes.URL.getPort(): string', ({ port }: Url) => port)
  method('kubernetes.URL.getEscapedPath(): string', ({ path }: Url) => escapedPath(path))
  method('kubernetes.URL.getQuery(): map<string, list<string>>', ({ query }: Url) => queryOf(query))
}

const shape = /^(?:([a-zA-Z][a-zA-Z0-9+.-]*):\/\/(?:[^/?#@]*@)?([^/?#@]*))?(\/[^?]*)?(?:\?(.*))?$/
const host = /^(?:\[[0-9a-fA-F:.%]+\]|[^\s[\]<>"\\^`{|}:]*)(?::\d*)?$/

/** An absolute URL, or a path that begins with '/'. */
function parseUrl(text: string): Url | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is looked for.
  if (text === '' || /[\x00-\x20\x7f]/.test(text) || /%(?![0-9a-fA-F]{2})/.test(text)) return undefined
  const match = shape.exec(text)
  if (!match) return undefined
  const [, scheme = '', authority = '', path = '', query = ''] = match
  if (scheme === '' && path === '') return undefined
  if (!host.test(authority)) return undefined
  return new Url(scheme.toLowerCase(), authority, path, query)
}

function escapedPath(path: string): string {
  return path.replace(/[^A-Za-z0-9\-._~!$&'()*+,;=:@/%[\]]+/g, (part) => encodeURIComponent(part))
}

function queryOf(query: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [key, value] of new URLSearchParams(query)) {
    const values = found.get(key) ?? []
    values.push(value)
    found.set(key, values)
  }
  return found
}
