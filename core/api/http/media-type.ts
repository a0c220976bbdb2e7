/** `Accept` and `Content-Type`: which form the client wants, and which it sends. */

/** What the objects of a reply are turned into. `plain`: sent as they are. */
export type Form = 'plain' | 'table' | 'metadata'

export interface Representation {
  readonly media: 'json' | 'yaml'
  readonly form: Form
  /** Version of `meta.k8s.io` for tables and metadata. */
  readonly version: 'v1' | 'v1beta1'
}
export interface MediaType {
  /** "application/json", lower case. */
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

export const servedTypes = ['application/json', 'application/yaml'] as const
const asJson: Representation = { media: 'json', form: 'plain', version: 'v1' }
const forms: Readonly<Record<string, Form>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
}

/** Clients repeat a handful of headers for ever; a flood of different ones must not grow without bound. */
const remembered = new Map<string, Representation | undefined>()
const rememberedLimit = 500

/** The first form in the client's order that can be served; undefined when there is none (406). */
export function negotiate(accept: string | undefined): Representation | undefined {
  if (accept === undefined || accept === '' || accept === 'application/json' || accept === '*/*') return asJson
  if (remembered.has(accept)) return remembered.get(accept)
  if (remembered.size >= rememberedLimit) remembered.clear()
  const answer = parseAccept(accept).map(representation).find(Boolean)
  remembered.set(accept, answer)
  return answer
}

/** In order of preference: by `q`, then as written. A `q` of 0 is left out. */
export function parseAccept(accept: string): MediaType[] {
  return accept
    .split(',')
    .map(parseMediaType)
    .map((entry) => ({ entry, quality: entry.parameters.q === undefined ? 1 : Number(entry.parameters.q) || 0 }))
    .filter(({ quality }) => quality > 0)
    .sort((a, b) => b.quality - a.quality)
    .map(({ entry }) => entry)
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';')
  const parameters: Record<string, string> = Object.create(null) as Record<string, string>
  for (const part of rest) {
    const at = part.indexOf('=')
    if (at > 0)
      parameters[part.slice(0, at).trim().toLowerCase()] = part
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
  }
  return { type: type.trim().toLowerCase(), parameters }
}

function representation({ type, parameters }: MediaType): Representation | undefined {
  const media = mediaOf(type)
  if (media === undefined) return undefined
  if (parameters.as === undefined) return media === 'json' ? asJson : { media, form: 'plain', version: 'v1' }
  const form = forms[parameters.as]
  if (form === undefined || (parameters.g ?? 'meta.k8s.io') !== 'meta.k8s.io') return undefined
  const version = parameters.v ?? 'v1'
  return version === 'v1' || version === 'v1beta1' ? { media, form, version } : undefined
}

function mediaOf(type: string): 'json' | 'yaml' | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json'
  if (type === 'application/yaml') return 'yaml'
  return undefined
}
