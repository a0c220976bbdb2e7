/** Links in what a proxied server answers, turned to the path by which the client reached it: they would lead past it. */
import { Transform } from 'node:stream'

export interface LinkPlace {
  /** The path of the proxy itself, without a slash at the end. */
  readonly prefix: string
  /** "host:port" by which the server was reached, and by which the client reached us: both mean that server. */
  readonly hosts: readonly (string | undefined)[]
}

/** Links to other servers and relative ones stay as they are. */
export function rewriteLink(link: string, { prefix, hosts }: LinkPlace): string {
  const [, scheme = '', authority, path = '', rest = ''] = /^([a-z][\w+.-]*:)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/is.exec(link) ?? []
  if (authority !== undefined && authority !== '' && !hosts.includes(authority)) return link
  if (!path.startsWith('/') || (scheme !== '' && !authority)) return link
  const inside = path === prefix || path.startsWith(`${prefix}/`)
  return `${inside ? path : prefix + path}${rest}`
}

/** Which attributes of which elements are links, as Kubernetes has it. */
const linkAttributes: ReadonlyMap<string, readonly string[]> = new Map([
  ['a', ['href']],
  ['applet', ['codebase']],
  ['area', ['href']],
  ['audio', ['src']],
  ['base', ['href']],
  ['blockquote', ['cite']],
  ['body', ['background']],
  ['button', ['formaction']],
  ['command', ['icon']],
  ['del', ['cite']],
  ['embed', ['src']],
  ['form', ['action']],
  ['frame', ['longdesc', 'src']],
  ['head', ['profile']],
  ['html', ['manifest']],
  ['iframe', ['longdesc', 'src']],
  ['img', ['longdesc', 'src', 'usemap']],
  ['input', ['src', 'usemap', 'formaction']],
  ['ins', ['cite']],
  ['link', ['href']],
  ['object', ['classid', 'codebase', 'data', 'usemap']],
  ['q', ['cite']],
  ['script', ['src']],
  ['source', ['src']],
  ['video', ['poster', 'src']],
])
/** What stands inside these is text, whatever it looks like. */
const textElements = new Set(['script', 'style', 'textarea', 'title', 'xmp'])
/** A tag that has not ended by then is none. */
const longestTag = 64 * 1024
const attribute = /([^\s"'<>/=]+)(\s*=\s*)(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))/g
const tagEnd = /^<([a-z][^\s/>]*)(?:"[^"]*"|'[^']*'|[^"'>])*>/i

/** Passes HTML on with its links rewritten; every other byte stays as it is. */
export function createLinkRewriter(rewrite: (link: string) => string): Transform {
  // As latin1 every byte is one character and comes out again as it was, whatever the encoding of the page.
  const scanner = new LinkScanner(rewrite)
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, Buffer.from(scanner.feed(chunk.toString('latin1')), 'latin1')),
    flush: (done) => done(null, Buffer.from(scanner.end(), 'latin1')),
  })
}

class LinkScanner {
  readonly #rewrite: (link: string) => string
  #pending = ''
  /** Lower case: what ends the comment or the text that we are in. */
  #until = ''

  constructor(rewrite: (link: string) => string) {
    this.#rewrite = rewrite
  }

  feed(text: string): string {
    this.#pending += text
    let out = ''
    for (;;) {
      const part = this.#next()
      if (part === '') return out
      out += part
    }
  }

  end(): string {
    const rest = this.#pending
    this.#pending = ''
    return rest
  }

  /** What can go out of the pending text; '' where more of it is needed. */
  #next(): string {
    if (this.#until !== '') return this.#skip()
    const start = this.#pending.indexOf('<')
    if (start !== 0) return this.#take(start < 0 ? this.#pending.length : start)
    if (this.#pending.length < 4) return ''
    if (this.#pending.startsWith('<!--')) {
      this.#until = '-->'
      return this.#take(4)
    }
    if (!/^<[a-z]/i.test(this.#pending)) return this.#take(1)
    const tag = tagEnd.exec(this.#pending)
    if (!tag) return this.#pending.length > longestTag ? this.#take(1) : ''
    const name = (tag[1] as string).toLowerCase()
    if (textElements.has(name)) this.#until = `</${name}`
    return this.#tag(name, this.#take(tag[0].length))
  }

  #skip(): string {
    const end = this.#pending.toLowerCase().indexOf(this.#until)
    // The end may be cut by the border of two chunks.
    if (end < 0) return this.#take(Math.max(0, this.#pending.length - this.#until.length))
    const length = end + this.#until.length
    this.#until = ''
    return this.#take(length)
  }

  #take(length: number): string {
    const taken = this.#pending.slice(0, length)
    this.#pending = this.#pending.slice(length)
    return taken
  }

  #tag(name: string, tag: string): string {
    const links = linkAttributes.get(name)
    if (links === undefined) return tag
    return tag.replace(
      attribute,
      (whole: string, key: string, equals: string, double?: string, single?: string, bare?: string) => {
        const value = double ?? single ?? bare ?? ''
        if (!links.includes(key.toLowerCase())) return whole
        const written = this.#rewrite(value)
        if (written === value) return whole
        const quote = single === undefined ? '"' : "'"
        return `${key}${equals}${quote}${written}${quote}`
      },
    )
  }
}
