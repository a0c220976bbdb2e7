/** Which standard a namespace asks for. Pure. */
import { type FieldError, invalid } from '@davit/core/kinds'
import type { PodSecurityConfig } from './config.js'

export type Level = 'privileged' | 'baseline' | 'restricted'
export type Mode = 'enforce' | 'audit' | 'warn'
export interface Standard {
  readonly level: Level
  /** The minor of Kubernetes 1, or infinity for the latest. */
  readonly minor: number
}
export type Policy = Readonly<Record<Mode, Standard>>

const levels: readonly string[] = ['privileged', 'baseline', 'restricted']
const prefix = 'pod-security.kubernetes.io/'
const latest = Number.POSITIVE_INFINITY

export function defaultPolicy(config: PodSecurityConfig): Policy {
  const { enforce, audit, warn, enforceVersion, auditVersion, warnVersion } = config
  return {
    enforce: { level: enforce, minor: minorOf(enforceVersion) ?? latest },
    audit: { level: audit, minor: minorOf(auditVersion) ?? latest },
    warn: { level: warn, minor: minorOf(warnVersion) ?? latest },
  }
}

/** A label that cannot be read enforces the strictest, and audits and warns of nothing. */
export function policyOf(
  labels: Readonly<Record<string, string>> | undefined,
  defaults: Policy,
): Policy & { errors: FieldError[] } {
  const errors: FieldError[] = []
  if (labels === undefined) return { ...defaults, errors }
  const read = (mode: Mode): Standard => readMode(errors, labels, mode, defaults[mode])
  const [enforce, audit, own] = [read('enforce'), read('audit'), read('warn')]
  const follows = isSet(labels, 'enforce') && !isSet(labels, 'warn') && isStricter(enforce.level, own.level)
  const warn = follows ? { level: enforce.level, minor: isSet(labels, 'warn-version') ? own.minor : enforce.minor } : own
  return { enforce, audit, warn, errors }
}

export function isStricter(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b)
}

export function standardText({ level, minor }: Standard): string {
  return `${level}:${minor === latest ? 'latest' : `v1.${minor}`}`
}

export const isSame = (a: Standard, b: Standard): boolean => a.level === b.level && a.minor === b.minor

const isSet = (labels: Readonly<Record<string, string>>, name: string): boolean => labels[`${prefix}${name}`] !== undefined

function readMode(errors: FieldError[], labels: Readonly<Record<string, string>>, mode: Mode, preset: Standard): Standard {
  const [levelText, versionText] = [labels[`${prefix}${mode}`], labels[`${prefix}${mode}-version`]]
  let { level, minor } = preset
  if (levelText !== undefined) {
    const known = levels.includes(levelText)
    if (!known) errors.push(invalid(fieldOf(mode), levelText, `must be one of ${levels.join(', ')}`))
    level = known ? (levelText as Level) : mode === 'enforce' ? 'restricted' : 'privileged'
  }
  if (versionText !== undefined) {
    const known = minorOf(versionText)
    if (known === undefined) errors.push(invalid(fieldOf(`${mode}-version`), versionText, 'must be "latest" or "v1.x"'))
    minor = known ?? latest
  }
  return { level, minor }
}

function minorOf(text: string): number | undefined {
  if (text === 'latest') return latest
  const match = /^v1\.(0|[1-9][0-9]*)$/.exec(text)
  return match ? Number(match[1]) : undefined
}

const fieldOf = (label: string): string => `metadata.labels[${prefix}${label}]`
