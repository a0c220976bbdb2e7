/**
 * The forms of names, keys and values, and the sentences in which Kubernetes says what is wrong with one. Each check
 * answers `undefined` for a good text. Good texts repeat, so they are remembered in bounded sets.
 */
export type NameCheck = (text: string) => string | undefined

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const LABEL_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/
const QUALIFIED = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/
const ENV_NAME = /^[ -<>-~]+$/
const PORT_NAME = /^[-a-z0-9]+$/
const NUMERIC_IP = /^(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(\.(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)){3}$/

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const SUBDOMAIN_TEXT =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL_1035_TEXT =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
const QUALIFIED_TEXT =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const VALUE_TEXT =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
const CONFIG_KEY_TEXT =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
const ENV_NAME_TEXT = "a valid environment variable name must consist only of printable ASCII characters other than '='"

const tooLong = (limit: number): string => `must be no more than ${limit} characters`

export const dnsLabel: NameCheck = (text) => (text.length > 63 ? tooLong(63) : LABEL.test(text) ? undefined : LABEL_TEXT)

export const dnsSubdomain: NameCheck = (text) =>
  text.length > 253 ? tooLong(253) : SUBDOMAIN.test(text) ? undefined : SUBDOMAIN_TEXT

const WILDCARD = /^\*\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const WILDCARD_TEXT =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"

export const wildcardSubdomain: NameCheck = (text) =>
  text.length > 253 ? tooLong(253) : WILDCARD.test(text) ? undefined : WILDCARD_TEXT

export const dns1035Label: NameCheck = (text) =>
  text.length > 63 ? tooLong(63) : LABEL_1035.test(text) ? undefined : LABEL_1035_TEXT

/** What can stand as one step of a URL: the names of RBAC objects. */
export const pathSegment: NameCheck = (text) => {
  if (text === '.' || text === '..') return `may not be '${text}'`
  if (text.includes('/')) return "may not contain '/'"
  return text.includes('%') ? "may not contain '%'" : undefined
}

const MEMORY = 4096
const goodKeys = new Set<string>()
const goodValues = new Set<string>()

function remember(set: Set<string>, text: string): void {
  if (set.size >= MEMORY) set.clear()
  set.add(text)
}

/** Label and annotation keys: `name` or `prefix.example.com/name`. */
export const qualifiedName: NameCheck = (text) => {
  if (goodKeys.has(text)) return undefined
  const slash = text.indexOf('/')
  const problem = slash < 0 ? qualifiedPart(text) : prefixedName(text, slash)
  if (problem === undefined) remember(goodKeys, text)
  return problem
}

function prefixedName(text: string, slash: number): string | undefined {
  if (text.indexOf('/', slash + 1) >= 0) {
    return `a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  }
  if (slash === 0) return 'prefix part must be non-empty'
  const prefix = dnsSubdomain(text.slice(0, slash))
  return prefix === undefined ? qualifiedPart(text.slice(slash + 1)) : `prefix part ${prefix}`
}

function qualifiedPart(text: string): string | undefined {
  if (text === '') return 'name part must be non-empty'
  if (text.length > 63) return `name part ${tooLong(63)}`
  return QUALIFIED.test(text) ? undefined : QUALIFIED_TEXT
}

export const labelValue: NameCheck = (text) => {
  if (goodValues.has(text)) return undefined
  if (text.length > 63) return tooLong(63)
  if (!VALUE.test(text)) return VALUE_TEXT
  remember(goodValues, text)
  return undefined
}

/** Keys of a ConfigMap or Secret. They become file names, so `.`, `..` and anything that starts so are out. */
export const configKey: NameCheck = (text) => {
  if (text.length > 253) return tooLong(253)
  if (!CONFIG_KEY.test(text)) return CONFIG_KEY_TEXT
  if (text === '.') return "must not be '.'"
  if (text === '..') return "must not be '..'"
  return text.startsWith('..') ? "must not start with '..'" : undefined
}

export const environmentName: NameCheck = (text) => (ENV_NAME.test(text) ? undefined : ENV_NAME_TEXT)

/** Names of ports: IANA service names. */
export const portName: NameCheck = (text) => {
  if (text.length > 15) return 'must be no more than 15 characters'
  if (!PORT_NAME.test(text)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
  if (!/[a-z]/.test(text)) return 'must contain at least one letter (a-z)'
  if (text.includes('--')) return 'must not contain consecutive hyphens'
  return text.startsWith('-') || text.endsWith('-') ? 'must not begin or end with a hyphen' : undefined
}

/** An address, but none with zeros in front, which tools read in different ways. */
export function isIPv4(text: string): boolean {
  return NUMERIC_IP.test(text)
}

export function isIPv6(text: string): boolean {
  if (!text.includes(':') || text.length > 45) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const last = groups.at(-1)
  const dotted = last?.includes('.') === true
  if (dotted && !isIPv4(last ?? '')) return false
  const plain = dotted ? groups.slice(0, -1) : groups
  if (!plain.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false
  const count = plain.length + (dotted ? 2 : 0)
  return halves.length === 2 ? count < 8 : count === 8
}

export const ipAddress: NameCheck = (text) =>
  isIPv4(text) || isIPv6(text) ? undefined : 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

export const cidr: NameCheck = (text) => {
  const problem = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'
  const slash = text.indexOf('/')
  const bits = text.slice(slash + 1)
  if (slash < 0 || !/^(0|[1-9]\d{0,2})$/.test(bits)) return problem
  const address = text.slice(0, slash)
  const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1
  return Number(bits) <= most ? undefined : problem
}
