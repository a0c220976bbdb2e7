/** The query of a URL: `first` for nearly all parameters, `all` for those that repeat (`command` of exec). */
export interface Query {
  /** First value of each key. */
  readonly first: Readonly<Record<string, string>>
  all(key: string): readonly string[]
}

const none: Query = { first: Object.freeze(Object.create(null) as Record<string, string>), all: () => [] }

/** `text` is what follows the question mark. Broken escapes stay as they are. */
export function parseQuery(text: string): Query {
  if (text === '') return none
  const parameters = new URLSearchParams(text)
  const first = Object.create(null) as Record<string, string>
  for (const [key, value] of parameters) first[key] ??= value
  return { first, all: (key) => parameters.getAll(key) }
}

/** Whatever does not say no says yes, an empty value (`?watch`) too: so Kubernetes reads its options. */
export function isTrue(value: string | undefined): boolean {
  return value !== undefined && !/^(?:false|0)$/i.test(value)
}
