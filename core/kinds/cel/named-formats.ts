/** The formats that `format` knows by name: `!format.dns1123Label().validate(self.name).hasValue()`. */
import { dns1035Label, dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../names.js'
import { Optional } from './library.js'
import type { Registrar } from './registrar.js'
import { parseTimestamp } from './time.js'

export class NamedFormat {
  readonly name: string
  readonly check: (text: string) => string | undefined

  constructor(name: string, check: (text: string) => string | undefined) {
    this.name = name
    this.check = check
  }
  equals(other: unknown): boolean {
    return other instanceof NamedFormat && other.name === this.name
  }
}

/** A prefix may end in a hyphen: something is put behind it. */
const asPrefix =
  (check: (text: string) => string | undefined) =>
  (text: string): string | undefined =>
    check(text.endsWith('-') ? `${text.slice(0, -1)}a` : text)

const says =
  (problem: string, isSound: (text: string) => boolean) =>
  (text: string): string | undefined =>
    isSound(text) ? undefined : problem

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

const formats: readonly NamedFormat[] = [
  new NamedFormat('dns1123Label', dnsLabel),
  new NamedFormat('dns1123Subdomain', dnsSubdomain),
  new NamedFormat('dns1035Label', dns1035Label),
  new NamedFormat('qualifiedName', qualifiedName),
  new NamedFormat('dns1123LabelPrefix', asPrefix(dnsLabel)),
  new NamedFormat('dns1123SubdomainPrefix', asPrefix(dnsSubdomain)),
  new NamedFormat('dns1035LabelPrefix', asPrefix(dns1035Label)),
  new NamedFormat('labelValue', labelValue),
  new NamedFormat(
    'uri',
    says('invalid URI', (text) => URL.canParse(text) || text.startsWith('/')),
  ),
  new NamedFormat(
    'uuid',
    says('does not match the UUID format', (text) => uuid.test(text)),
  ),
  new NamedFormat(
    'byte',
    says('invalid base64', (text) => base64.test(text)),
  ),
  new NamedFormat(
    'date',
    says('invalid date', (text) => /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(text) !== undefined),
  ),
  new NamedFormat(
    'datetime',
    says('invalid datetime', (text) => text.length > 10 && parseTimestamp(text) !== undefined),
  ),
]

export function registerFormats({ type, method, namespace }: Registrar): void {
  const typeName = 'kubernetes.NamedFormat'
  type(typeName, NamedFormat as never)
  const byName = formats.map((one) => [`${one.name}(): ${typeName}`, () => one] as const)
  const named = (name: string): Optional => {
    const found = formats.find((one) => one.name === name)
    return found ? Optional.of(found) : Optional.none()
  }
  namespace('format', { ...Object.fromEntries(byName), [`named(string): optional<${typeName}>`]: named })
  method(`${typeName}.validate(string): optional<list<string>>`, ({ check }: NamedFormat, text: string) => {
    const problem = check(text)
    return problem === undefined ? Optional.none() : Optional.of([problem])
  })
}
