/** The names that a registry gives to images. */

export interface ImageName {
  /** "registry.example:5000/team/app", or "busybox". */
  readonly repository: string
  /** A tag, or a digest with its algorithm. */
  readonly reference: string
}

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?'
const domain = `(?:${label}(?:\\.${label})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`
const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*'
const pattern = new RegExp(
  `^((?:${domain}/)?${component}(?:/${component})*)(?::(\\w[\\w.-]{0,127}))?(?:@([a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?$`,
)

/** undefined: no name that a registry could have. Without a tag it means `latest`. */
export function parseImageName(name: string): ImageName | undefined {
  const [matched, repository = '', tag, digest] = pattern.exec(name) ?? []
  if (matched === undefined || repository.length > 255) return undefined
  return { repository, reference: digest ?? tag ?? 'latest' }
}

/** An id, as Docker prints it. */
export function isImageId(name: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(name)
}
