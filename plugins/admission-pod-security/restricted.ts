/** The checks that the level "restricted" has besides those of "baseline", in the order in which they are told. Pure. */
import type { Volume } from '@davit/core/kinds'
import { isBadSeccomp, seccompSet } from './baseline.js'
import {
  type Check,
  containerList,
  containersOf,
  isWindows,
  named,
  plural,
  quoted,
  setters,
  sorted,
  type Violation,
} from './check.js'

/** Since 1.25 a Pod that says it is for Windows need not say what means nothing there. */
const isExcused = (spec: Parameters<typeof isWindows>[0], minor: number): boolean => minor >= 25 && isWindows(spec)

const allowPrivilegeEscalation: Check = {
  since: 8,
  find({ spec }, minor) {
    if (isExcused(spec, minor)) return undefined
    const names = named(spec, (context) => context.allowPrivilegeEscalation !== false)
    if (names.length === 0) return undefined
    const detail = `${containerList(names)} must set securityContext.allowPrivilegeEscalation=false`
    return { reason: 'allowPrivilegeEscalation != false', detail }
  },
}

const capabilities: Check = {
  since: 22,
  find({ spec }, minor) {
    if (isExcused(spec, minor)) return undefined
    const isBad = (name: string): boolean => name !== 'NET_BIND_SERVICE'
    const keeping = named(spec, (context) => !context.capabilities?.drop?.includes('ALL'))
    const adding = named(spec, (context) => (context.capabilities?.add ?? []).some(isBad))
    const added = containersOf(spec).flatMap(({ securityContext }) => securityContext?.capabilities?.add ?? [])
    const details = [
      ...(keeping.length > 0 ? [`${containerList(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
      ...(adding.length > 0
        ? [`${containerList(adding)} must not include ${quoted(sorted(added.filter(isBad)))} in securityContext.capabilities.add`]
        : []),
    ]
    return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') }
  },
}

const allowedVolumes = [
  ...(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'] as const),
]
const knownVolumes: readonly (keyof Volume)[] = [
  ...(['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd'] as const),
  ...(['flexVolume', 'cinder', 'cephfs', 'flocker', 'fc', 'azureFile', 'vsphereVolume', 'quobyte', 'azureDisk'] as const),
  ...(['photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos'] as const),
]

const restrictedVolumes: Check = {
  since: 0,
  find({ spec }): Violation | undefined {
    const bad = (spec.volumes ?? []).filter((volume) => allowedVolumes.every((type) => volume[type] === undefined))
    if (bad.length === 0) return undefined
    const types = sorted(bad.map((volume) => knownVolumes.find((type) => volume[type] !== undefined) ?? 'unknown'))
    const names = `${plural('volume', bad.length)} ${quoted(bad.map(({ name }) => name))}`
    const uses = bad.length === 1 ? 'uses' : 'use'
    return {
      reason: 'restricted volume types',
      detail: `${names} ${uses} ${plural('restricted volume type', types.length)} ${quoted(types)}`,
    }
  },
}

const runAsNonRoot: Check = {
  since: 0,
  find({ spec }) {
    const reason = 'runAsNonRoot != true'
    const own = spec.securityContext?.runAsNonRoot
    const who = setters(
      own === false,
      named(spec, (context) => context.runAsNonRoot === false),
    )
    if (who !== '') return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` }
    const silent = own === true ? [] : named(spec, (context) => context.runAsNonRoot === undefined)
    if (silent.length === 0) return undefined
    return { reason, detail: `pod or ${containerList(silent)} must set securityContext.runAsNonRoot=true` }
  },
}

const runAsUser: Check = {
  since: 23,
  find({ spec }) {
    const who = setters(
      spec.securityContext?.runAsUser === 0,
      named(spec, (context) => context.runAsUser === 0),
    )
    return who === '' ? undefined : { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0` }
  },
}

const seccomp: Check = {
  since: 19,
  find(subject, minor) {
    const { spec } = subject
    if (isExcused(spec, minor)) return undefined
    const set = seccompSet.find(subject, minor)
    if (set) return set
    const own = spec.securityContext?.seccompProfile?.type
    const silent = own !== undefined && !isBadSeccomp(own) ? [] : named(spec, (context) => context.seccompProfile === undefined)
    if (silent.length === 0) return undefined
    const values = '"RuntimeDefault" or "Localhost"'
    return {
      reason: 'seccompProfile',
      detail: `pod or ${containerList(silent)} must set securityContext.seccompProfile.type to ${values}`,
    }
  },
}

export const restrictedChecks: readonly Check[] = [
  ...[allowPrivilegeEscalation, capabilities, restrictedVolumes, runAsNonRoot, runAsUser, seccomp],
]
