/** Defaults of pods and of pod templates. Kubernetes' own to the letter: template hashes and diffs depend on them. */
import { roundUpToMilli } from '../quantity.js'
import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ResourceFieldSelector,
  ResourceRequirements,
  Volume,
} from '../types.js'
import { hasVolumeSource } from './volumes.js'

const FILE_MODE = 0o644

export function defaultPod(pod: Pod): void {
  const { spec } = pod
  defaultPodSpec(spec)
  for (const container of spec.containers ?? []) defaultRequests(container)
  for (const container of spec.initContainers ?? []) defaultRequests(container)
  spec.enableServiceLinks ??= true
  if (spec.hostNetwork !== true) return
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])]) {
    for (const port of container.ports ?? []) port.hostPort ||= port.containerPort
  }
}

export function defaultPodTemplate(template: PodTemplateSpec | undefined): void {
  if (template?.spec !== undefined) defaultPodSpec(template.spec)
}

function defaultPodSpec(spec: PodSpec): void {
  for (const container of spec.containers ?? []) defaultContainer(container)
  for (const container of spec.initContainers ?? []) defaultContainer(container)
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
  spec.restartPolicy ||= 'Always'
  spec.terminationGracePeriodSeconds ??= 30
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  // Two names of one field, the second for clients of old.
  if (spec.serviceAccountName) spec.serviceAccount = spec.serviceAccountName
  else if (spec.serviceAccount) spec.serviceAccountName = spec.serviceAccount
  defaultResourceList(spec.overhead)
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= isLatest(container.image ?? '') ? 'Always' : 'IfNotPresent'
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  defaultResourceList(container.resources.limits)
  defaultResourceList(container.resources.requests)
  for (const { valueFrom } of container.env ?? []) defaultReferences(valueFrom)
  defaultProbe(container.livenessProbe)
  defaultProbe(container.readinessProbe)
  defaultProbe(container.startupProbe)
  defaultHandler(container.lifecycle?.postStart)
  defaultHandler(container.lifecycle?.preStop)
}

/** `latest` said or meant: no tag and no digest is `latest` too. */
function isLatest(image: string): boolean {
  const name = image.slice(image.lastIndexOf('/') + 1)
  const digest = name.indexOf('@')
  const colon = name.indexOf(':')
  if (colon >= 0 && (digest < 0 || colon < digest)) return name.slice(colon + 1, digest < 0 ? undefined : digest) === 'latest'
  return digest < 0 && image !== ''
}

function defaultProbe(probe: Probe | undefined): void {
  if (probe === undefined) return
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.grpc !== undefined) probe.grpc.service ??= ''
  defaultHandler(probe)
}

function defaultHandler(handler: Pick<LifecycleHandler, 'httpGet'> | undefined): void {
  if (handler?.httpGet === undefined) return
  handler.httpGet.path ||= '/'
  handler.httpGet.scheme ||= 'HTTP'
}

interface References {
  fieldRef?: ObjectFieldSelector | undefined
  resourceFieldRef?: ResourceFieldSelector | undefined
}

function defaultReferences(source: References | undefined): void {
  if (source?.fieldRef !== undefined) source.fieldRef.apiVersion ||= 'v1'
  // Says nothing, but every client that knows the type writes it.
  if (source?.resourceFieldRef !== undefined) source.resourceFieldRef.divisor ??= '0'
}

/** Resource lists are counted in thousandths at the finest. */
export function defaultResourceList(list: Record<string, string> | undefined): void {
  if (list === undefined) return
  for (const name in list) {
    const text = list[name] ?? ''
    const rounded = roundUpToMilli(text)
    if (rounded !== text) list[name] = rounded
  }
}

/** What is limited but not requested is requested up to the limit. Only in pods: a template keeps what was written. */
function defaultRequests({ resources }: { resources?: ResourceRequirements | undefined }): void {
  const limits = resources?.limits
  if (resources === undefined || limits === undefined) return
  resources.requests ??= {}
  for (const name in limits) resources.requests[name] ??= limits[name] ?? '0'
}

function defaultVolume(volume: Volume): void {
  if (!hasVolumeSource(volume)) volume.emptyDir = {}
  if (volume.secret !== undefined) volume.secret.defaultMode ??= FILE_MODE
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= FILE_MODE
  if (volume.hostPath !== undefined) volume.hostPath.type ??= ''
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= FILE_MODE
    for (const item of volume.downwardAPI.items ?? []) defaultReferences(item)
  }
  const claim = volume.ephemeral?.volumeClaimTemplate?.spec
  if (claim !== undefined) claim.volumeMode ??= 'Filesystem'
  if (volume.projected === undefined) return
  volume.projected.defaultMode ??= FILE_MODE
  for (const source of volume.projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= 3600
    for (const item of source.downwardAPI?.items ?? []) defaultReferences(item)
  }
}
