/** Semantic versions as values: `semver('1.2.3').isLessThan(semver('2.0.0'))`. */
import { failure } from './library.js'
import type { Registrar } from './registrar.js'

const number = '(?:0|[1-9]\\d*)'
const identifier = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const shape = new RegExp(
  `^(${number})\\.(${number})\\.(${number})(?:-(${identifier}(?:\\.${identifier})*))?(?:\\+([0-9a-zA-Z-]+(?:\\.[0-9a-zA-Z-]+)*))?$`,
)

export class Version {
  readonly parts: readonly [bigint, bigint, bigint]
  readonly prerelease: readonly string[]
  readonly text: string

  constructor(text: string, parts: readonly [bigint, bigint, bigint], prerelease: readonly string[]) {
    this.text = text
    this.parts = parts
    this.prerelease = prerelease
  }
  equals(other: unknown): boolean {
    return other instanceof Version && compare(this, other) === 0
  }
  toString(): string {
    return this.text
  }
}

export function registerVersions({ type, method }: Registrar): void {
  type('kubernetes.Semver', Version as never)
  method('semver(string): kubernetes.Semver', (text: string) => require(text, false))
  method('semver(string, bool): kubernetes.Semver', require)
  method('isSemver(string): bool', (text: string) => parse(text, false) !== undefined)
  method('isSemver(string, bool): bool', (text: string, lenient: boolean) => parse(text, lenient) !== undefined)
  method('kubernetes.Semver.major(): int', ({ parts }: Version) => parts[0])
  method('kubernetes.Semver.minor(): int', ({ parts }: Version) => parts[1])
  method('kubernetes.Semver.patch(): int', ({ parts }: Version) => parts[2])
  method('kubernetes.Semver.compareTo(kubernetes.Semver): int', (a: Version, b: Version) => BigInt(compare(a, b)))
  method('kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool', (a: Version, b: Version) => compare(a, b) > 0)
  method('kubernetes.Semver.isLessThan(kubernetes.Semver): bool', (a: Version, b: Version) => compare(a, b) < 0)
}

function parse(text: string, lenient: boolean): Version | undefined {
  const wanted = lenient ? normalized(text) : text
  const match = shape.exec(wanted)
  if (!match) return undefined
  const [, major = '', minor = '', patch = '', prerelease = ''] = match
  return new Version(wanted, [BigInt(major), BigInt(minor), BigInt(patch)], prerelease === '' ? [] : prerelease.split('.'))
}

/** Without a leading "v" and leading zeros, and with the minor version and the patch that are left out. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([\d.]+)(.*)$/.exec(text.trim()) ?? []
  const parts = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''))
  while (parts.length < 3) parts.push('0')
  return `${parts.join('.')}${rest}`
}

function require(text: string, lenient: boolean): Version {
  const version = parse(text, lenient)
  if (!version) throw failure(`invalid semantic version: ${text}`)
  return version
}

function compare(a: Version, b: Version): number {
  for (const [index, part] of a.parts.entries()) {
    const other = b.parts[index] as bigint
    if (part !== other) return part < other ? -1 : 1
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return Math.sign(b.prerelease.length - a.prerelease.length)
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index]
    if (other === undefined) return 1
    const order = compareIdentifiers(part, other)
    if (order !== 0) return order
  }
  return a.prerelease.length === b.prerelease.length ? 0 : -1
}

/** Numbers come before words. */
function compareIdentifiers(a: string, b: string): number {
  const numeric = [a, b].map((one) => /^\d+$/.test(one))
  if (numeric[0] && numeric[1]) return Math.sign(Number(BigInt(a) - BigInt(b)))
  if (numeric[0] !== numeric[1]) return numeric[0] ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}
