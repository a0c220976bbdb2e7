/** Rules of a pod's spec, in pods and in templates. */
import type { FieldError } from '../contract.js'
import { checkName, duplicate, forbidden, invalid, notSupported, required } from '../field-error.js'
import { checkAnnotations, checkLabels } from '../metadata.js'
import { dnsLabel, dnsSubdomain, labelValue, qualifiedName } from '../names.js'
import type { PodSpec, PodTemplateSpec, Toleration, TopologySpreadConstraint, Volume } from '../types.js'
import { checkAffinity } from './affinity.js'
import { checkContainers, type PodScope } from './containers.js'
import { checkLabelSelector } from './label-selectors.js'
import { checkNetwork } from './pod-network.js'
import { checkPodSecurity } from './pod-security.js'
import { checkAmounts } from './resources.js'
import { checkVolumes } from './volumes.js'

const NO_VOLUMES: ReadonlyMap<string, Volume> = new Map()
const SYSTEMS = ['linux', 'windows']

export function checkPodTemplate(errors: FieldError[], path: string, template: PodTemplateSpec | undefined): void {
  if (template === undefined) {
    errors.push(required(path))
    return
  }
  checkLabels(errors, `${path}.metadata.labels`, template.metadata?.labels)
  checkAnnotations(errors, `${path}.metadata.annotations`, template.metadata?.annotations)
  if ((template.spec?.ephemeralContainers ?? []).length > 0) {
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'))
  }
  if (template.spec === undefined) errors.push(required(`${path}.spec.containers`))
  else checkPodSpec(errors, `${path}.spec`, template.spec)
}

export function checkPodSpec(errors: FieldError[], path: string, spec: PodSpec): void {
  const volumes = spec.volumes === undefined ? NO_VOLUMES : checkVolumes(errors, `${path}.volumes`, spec.volumes)
  const scope: PodScope = { spec, volumes, names: new Set(), hostPorts: new Set() }
  if (spec.containers === undefined || spec.containers.length === 0) errors.push(required(`${path}.containers`))
  else checkContainers(errors, scope, `${path}.containers`, spec.containers, 'container')
  if (spec.initContainers !== undefined) checkContainers(errors, scope, `${path}.initContainers`, spec.initContainers, 'init')
  if (spec.ephemeralContainers !== undefined) {
    checkContainers(errors, scope, `${path}.ephemeralContainers`, spec.ephemeralContainers, 'ephemeral')
  }
  checkPlacement(errors, path, spec)
  checkIdentity(errors, path, spec)
  checkNetwork(errors, path, spec)
  checkSecurity(errors, path, spec)
}

function checkPlacement(errors: FieldError[], path: string, spec: PodSpec): void {
  if (spec.nodeName) checkName(errors, `${path}.nodeName`, spec.nodeName, dnsSubdomain)
  checkLabels(errors, `${path}.nodeSelector`, spec.nodeSelector)
  checkTolerations(errors, `${path}.tolerations`, spec.tolerations)
  if (spec.affinity !== undefined) checkAffinity(errors, `${path}.affinity`, spec.affinity)
  if (spec.topologySpreadConstraints !== undefined) {
    checkSpread(errors, `${path}.topologySpreadConstraints`, spec.topologySpreadConstraints)
  }
  if (spec.schedulingGates !== undefined) checkGates(errors, path, spec)
  if (spec.overhead !== undefined) checkAmounts(errors, `${path}.overhead`, spec.overhead)
  for (const [index, { conditionType }] of (spec.readinessGates ?? []).entries()) {
    if (conditionType) checkName(errors, `${path}.readinessGates[${index}].conditionType`, conditionType, qualifiedName)
  }
}

function checkIdentity(errors: FieldError[], path: string, spec: PodSpec): void {
  if (spec.serviceAccountName) checkName(errors, `${path}.serviceAccountName`, spec.serviceAccountName, dnsSubdomain)
  if (spec.hostname) checkName(errors, `${path}.hostname`, spec.hostname, dnsLabel)
  if (spec.subdomain) checkName(errors, `${path}.subdomain`, spec.subdomain, dnsLabel)
  if (spec.priorityClassName) checkName(errors, `${path}.priorityClassName`, spec.priorityClassName, dnsSubdomain)
  if (spec.runtimeClassName) checkName(errors, `${path}.runtimeClassName`, spec.runtimeClassName, dnsSubdomain)
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > 2 ** 31 - 1)) {
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'))
  }
  const system = spec.os?.name
  if (system !== undefined && !SYSTEMS.includes(system)) errors.push(notSupported(`${path}.os.name`, system, SYSTEMS))
  for (const [index, { name }] of (spec.imagePullSecrets ?? []).entries()) {
    if (!name) errors.push(required(`${path}.imagePullSecrets[${index}].name`))
  }
}

function checkSecurity(errors: FieldError[], path: string, { securityContext, shareProcessNamespace, hostPID }: PodSpec): void {
  if (shareProcessNamespace === true && hostPID === true) {
    errors.push(invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'))
  }
  checkPodSecurity(errors, `${path}.securityContext`, securityContext)
}

export function checkTolerations(errors: FieldError[], path: string, tolerations: readonly Toleration[] | undefined): void {
  if (tolerations === undefined) return
  for (let index = 0; index < tolerations.length; index++) {
    checkToleration(errors, `${path}[${index}]`, tolerations[index] as Toleration)
  }
}

function checkToleration(errors: FieldError[], at: string, toleration: Toleration): void {
  const { key, operator = '', value, effect, tolerationSeconds } = toleration
  if (key) checkName(errors, `${at}.key`, key, qualifiedName)
  else if (operator !== 'Exists') {
    errors.push(
      invalid(
        `${at}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${at}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  if (operator === 'Exists' && value) {
    errors.push(invalid(`${at}.operator`, toleration, "value must be empty when `operator` is 'Exists'"))
  } else if (value) checkName(errors, `${at}.value`, value, labelValue)
}

function checkSpread(errors: FieldError[], path: string, constraints: readonly TopologySpreadConstraint[]): void {
  const seen = new Set<string>()
  for (const [index, constraint] of constraints.entries()) {
    const at = `${path}[${index}]`
    if (!(constraint.maxSkew > 0)) errors.push(invalid(`${at}.maxSkew`, constraint.maxSkew, 'must be greater than zero'))
    if (!constraint.topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
    const pair = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`
    if (seen.has(pair)) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair))
    seen.add(pair)
    checkLabelSelector(errors, `${at}.labelSelector`, constraint.labelSelector)
    checkDomains(errors, at, constraint)
    if (constraint.matchLabelKeys !== undefined) checkMatchKeys(errors, `${at}.matchLabelKeys`, constraint)
  }
}

function checkDomains(errors: FieldError[], at: string, { minDomains, whenUnsatisfiable }: TopologySpreadConstraint): void {
  if (minDomains === undefined) return
  if (minDomains <= 0) errors.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'))
  if (whenUnsatisfiable === 'DoNotSchedule') return
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
  errors.push(invalid(`${at}.minDomains`, minDomains, detail))
}

function checkMatchKeys(errors: FieldError[], path: string, constraint: TopologySpreadConstraint): void {
  const { matchLabelKeys = [], labelSelector } = constraint
  if (labelSelector === undefined && matchLabelKeys.length > 0) {
    errors.push(forbidden(path, 'must not be specified when labelSelector is not set'))
    return
  }
  const used = (labelSelector?.matchExpressions ?? []).map(({ key }) => key)
  const selected = new Set([...Object.keys(labelSelector?.matchLabels ?? {}), ...used])
  for (const [index, key] of matchLabelKeys.entries()) {
    checkName(errors, `${path}[${index}]`, key, qualifiedName)
    if (selected.has(key)) errors.push(invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'))
  }
}

function checkGates(errors: FieldError[], path: string, spec: PodSpec): void {
  const names = new Set<string>()
  for (const [index, { name }] of (spec.schedulingGates ?? []).entries()) {
    const at = `${path}.schedulingGates[${index}].name`
    checkName(errors, at, name, qualifiedName)
    if (names.has(name)) errors.push(duplicate(`${path}.schedulingGates[${index}]`, name))
    names.add(name)
  }
  if (names.size > 0 && spec.nodeName) {
    errors.push(forbidden(`${path}.nodeName`, 'cannot be set until all schedulingGates have been cleared'))
  }
}
