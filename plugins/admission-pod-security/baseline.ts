/** The checks of the level "baseline", in the order in which they are told. Pure. */
import type { SELinuxOptions } from '@davit/core/kinds'
import { type Check, containerList, containersOf, named, plural, quoted, setters, sorted, type Violation } from './check.js'

const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/'
const allowedAppArmor = new Set(['RuntimeDefault', 'Localhost'])

const appArmor: Check = {
  since: 0,
  find({ metadata, spec }) {
    const isBad = (type: string | undefined): boolean => type !== undefined && !allowedAppArmor.has(type)
    const own = spec.securityContext?.appArmorProfile?.type
    const containers = named(spec, ({ appArmorProfile }) => isBad(appArmorProfile?.type))
    const types = containersOf(spec).map(({ securityContext }) => securityContext?.appArmorProfile?.type)
    const values = sorted([own, ...types].filter((type) => type !== undefined).filter(isBad))
    const annotations = Object.entries(metadata.annotations ?? {})
      .filter(([name, value]) => name.startsWith(appArmorPrefix) && value !== '' && value !== 'runtime/default')
      .filter(([, value]) => !value.startsWith('localhost/'))
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .sort()
    const all = [...values, ...annotations]
    if (all.length === 0) return undefined
    const who = setters(isBad(own), containers, ...(annotations.length > 0 ? [plural('annotation', annotations.length)] : []))
    return {
      reason: plural('forbidden AppArmor profile', all.length),
      detail: `${who} must not set AppArmor profile type to ${quoted(all)}`,
    }
  },
}

const defaultCapabilities = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
])

export const capabilities: Check = {
  since: 0,
  find({ spec }) {
    const isBad = (name: string): boolean => !defaultCapabilities.has(name)
    const containers = named(spec, (context) => (context.capabilities?.add ?? []).some(isBad))
    if (containers.length === 0) return undefined
    const added = containersOf(spec).flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
    const what = quoted(sorted(added.filter(isBad)))
    const detail = `${containerList(containers)} must not include ${what} in securityContext.capabilities.add`
    return { reason: 'non-default capabilities', detail }
  },
}

const hostNamespaces: Check = {
  since: 0,
  find({ spec }) {
    const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field])
    if (shared.length === 0) return undefined
    return { reason: 'host namespaces', detail: shared.map((field) => `${field}=true`).join(', ') }
  },
}

export const hostPathVolumes: Check = {
  since: 0,
  find({ spec }) {
    const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath).map(({ name }) => name)
    if (names.length === 0) return undefined
    return { reason: 'hostPath volumes', detail: `${plural('volume', names.length)} ${quoted(names)}` }
  },
}

const hostPorts: Check = {
  since: 0,
  find({ spec }) {
    const names = named(spec, (_context, { ports = [] }) => ports.some(({ hostPort }) => hostPort))
    if (names.length === 0) return undefined
    const ports = containersOf(spec).flatMap(({ ports: list = [] }) => list.flatMap(({ hostPort }) => hostPort || []))
    const unique = sorted(ports.map(String))
    const uses = names.length === 1 ? 'uses' : 'use'
    return {
      reason: 'hostPort',
      detail: `${containerList(names)} ${uses} ${plural('hostPort', unique.length)} ${unique.join(', ')}`,
    }
  },
}

const privileged: Check = {
  since: 0,
  find({ spec }) {
    const names = named(spec, (context) => context.privileged === true)
    if (names.length === 0) return undefined
    return { reason: 'privileged', detail: `${containerList(names)} must not set securityContext.privileged=true` }
  },
}

const procMount: Check = {
  since: 0,
  find({ spec }) {
    const isBad = (mount: string | undefined): boolean => mount !== undefined && mount !== 'Default'
    const names = named(spec, (context) => isBad(context.procMount))
    if (names.length === 0) return undefined
    const mounts = containersOf(spec).flatMap(({ securityContext }) => securityContext?.procMount ?? [])
    const values = quoted(sorted(mounts.filter(isBad)))
    return { reason: 'procMount', detail: `${containerList(names)} must not set securityContext.procMount to ${values}` }
  },
}

const oldTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t']

const seLinuxOptions: Check = {
  since: 0,
  find({ spec }, minor) {
    const types = minor >= 31 ? [...oldTypes, 'container_engine_t'] : oldTypes
    const isBadType = (type: string | undefined): boolean => !types.includes(type ?? '')
    const isBad = (options: SELinuxOptions | undefined): boolean =>
      options !== undefined && (isBadType(options.type) || Boolean(options.user) || Boolean(options.role))
    const own = spec.securityContext?.seLinuxOptions
    const containers = named(spec, (context) => isBad(context.seLinuxOptions))
    const who = setters(isBad(own), containers)
    if (who === '') return undefined
    const all = [own, ...containersOf(spec).map(({ securityContext }) => securityContext?.seLinuxOptions)]
    const badTypes = sorted(all.flatMap((options) => (options?.type && isBadType(options.type) ? [options.type] : [])))
    const what = [
      ...(badTypes.length > 0 ? [`${plural('type', badTypes.length)} ${quoted(badTypes)}`] : []),
      ...(all.some((options) => options?.user) ? ['user may not be set'] : []),
      ...(all.some((options) => options?.role) ? ['role may not be set'] : []),
    ]
    return { reason: 'seLinuxOptions', detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}` }
  },
}

export const isBadSeccomp = (type: string | undefined): boolean =>
  type !== undefined && type !== 'RuntimeDefault' && type !== 'Localhost'

/** Profiles that were set to something forbidden, at either level. */
export const seccompSet: Check = {
  since: 19,
  find({ spec }) {
    const own = spec.securityContext?.seccompProfile?.type
    const containers = named(spec, (context) => isBadSeccomp(context.seccompProfile?.type))
    const who = setters(isBadSeccomp(own), containers)
    if (who === '') return undefined
    const types = containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile?.type)
    const values = sorted([own, ...types].filter((type) => type !== undefined).filter(isBadSeccomp))
    return { reason: 'seccompProfile', detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}` }
  },
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'

/** Before 1.19 profiles were annotations. */
const seccompAnnotations: Check = {
  since: 0,
  find({ metadata, spec }, minor) {
    if (minor >= 19) return undefined
    const keys = [seccompPod, ...containersOf(spec).map(({ name }) => `${seccompContainer}${name}`)]
    const bad = keys.flatMap((key) => {
      const value = metadata.annotations?.[key]
      const allowed = value === undefined || /^(runtime\/default|docker\/default|localhost\/.*)$/.test(value)
      return allowed ? [] : [`${key}=${JSON.stringify(value)}`]
    })
    if (bad.length === 0) return undefined
    const list = sorted(bad)
    return { reason: 'seccompProfile', detail: `forbidden ${plural('annotation', list.length)} ${list.join(', ')}` }
  },
}

/** By the minor since which each is safe. */
const safeSysctls: Readonly<Record<string, number>> = {
  'kernel.shm_rmid_forced': 0,
  'net.ipv4.ip_local_port_range': 0,
  'net.ipv4.tcp_syncookies': 0,
  'net.ipv4.ping_group_range': 0,
  'net.ipv4.ip_unprivileged_port_start': 0,
  'net.ipv4.ip_local_reserved_ports': 27,
  'net.ipv4.tcp_keepalive_time': 29,
  'net.ipv4.tcp_fin_timeout': 29,
  'net.ipv4.tcp_keepalive_intvl': 29,
  'net.ipv4.tcp_keepalive_probes': 29,
  'net.ipv4.tcp_rmem': 32,
  'net.ipv4.tcp_wmem': 32,
}

const sysctls: Check = {
  since: 0,
  find({ spec }, minor) {
    const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => {
      return !Object.hasOwn(safeSysctls, name) || (safeSysctls[name] ?? 0) > minor
    })
    if (bad.length === 0) return undefined
    return { reason: 'forbidden sysctls', detail: bad.map(({ name }) => name).join(', ') }
  },
}

const windowsHostProcess: Check = {
  since: 0,
  find({ spec }): Violation | undefined {
    const containers = named(spec, (context) => context.windowsOptions?.hostProcess === true)
    const who = setters(spec.securityContext?.windowsOptions?.hostProcess === true, containers)
    if (who === '') return undefined
    return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` }
  },
}

export const baselineChecks: readonly Check[] = [
  ...[appArmor, capabilities, hostNamespaces, hostPathVolumes, hostPorts, privileged, procMount, seLinuxOptions],
  ...[seccompAnnotations, seccompSet, sysctls, windowsHostProcess],
]
