/** Rules of security contexts, of Pods and of containers. */
import type { FieldError } from '../contract.js'
import { duplicate, invalid, required } from '../field-error.js'
import type { AppArmorProfile, PodSecurityContext, SeccompProfile, SecurityContext } from '../types.js'
import { checkLocalPath } from './volumes.js'

const MOST_ID = 2 ** 31 - 1
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
const SYSCTL_TEXT =
  'must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'

export function checkPodSecurity(errors: FieldError[], path: string, context: PodSecurityContext | undefined): void {
  if (context === undefined) return
  checkIds(errors, path, context)
  checkId(errors, `${path}.fsGroup`, context.fsGroup)
  for (const [index, id] of (context.supplementalGroups ?? []).entries()) {
    checkId(errors, `${path}.supplementalGroups[${index}]`, id)
  }
  if (context.sysctls !== undefined) checkSysctls(errors, `${path}.sysctls`, context.sysctls)
}

export function checkContainerSecurity(errors: FieldError[], path: string, context: SecurityContext | undefined): void {
  if (context === undefined) return
  checkIds(errors, path, context)
  if (context.allowPrivilegeEscalation !== false) return
  if (context.privileged === true) {
    errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  if (context.capabilities?.add?.some((name) => name === 'SYS_ADMIN' || name === 'CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
    errors.push(invalid(path, context, detail))
  }
}

function checkIds(errors: FieldError[], path: string, context: PodSecurityContext | SecurityContext): void {
  checkId(errors, `${path}.runAsUser`, context.runAsUser)
  checkId(errors, `${path}.runAsGroup`, context.runAsGroup)
  if (context.seccompProfile !== undefined) checkProfile(errors, `${path}.seccompProfile`, context.seccompProfile, 'seccomp')
  if (context.appArmorProfile !== undefined) checkProfile(errors, `${path}.appArmorProfile`, context.appArmorProfile, 'AppArmor')
}

function checkId(errors: FieldError[], path: string, id: number | undefined): void {
  if (id === undefined || (id >= 0 && id <= MOST_ID)) return
  errors.push(invalid(path, id, `must be between 0 and ${MOST_ID}, inclusive`))
}

function checkProfile(errors: FieldError[], path: string, profile: SeccompProfile | AppArmorProfile, what: string): void {
  const { type, localhostProfile } = profile
  const at = `${path}.localhostProfile`
  if (type !== 'Localhost') {
    if (localhostProfile !== undefined) errors.push(invalid(at, profile, `can only be set when ${what} type is Localhost`))
  } else if (localhostProfile === undefined || (what === 'AppArmor' && localhostProfile.trim() === '')) {
    errors.push(required(at, `must be set when ${what} type is Localhost`))
  } else if (what === 'seccomp') checkLocalPath(errors, at, localhostProfile)
}

function checkSysctls(errors: FieldError[], path: string, sysctls: NonNullable<PodSecurityContext['sysctls']>): void {
  const seen = new Set<string>()
  for (const [index, { name }] of sysctls.entries()) {
    const at = `${path}[${index}].name`
    if (!name) continue
    if (name.length > 253 || !SYSCTL.test(name)) errors.push(invalid(at, name, SYSCTL_TEXT))
    else if (seen.has(name)) errors.push(duplicate(at, name))
    seen.add(name)
  }
}
