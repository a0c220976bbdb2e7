/** Rules of containers, in pods and in templates. Paths are built only below what is there, for creates are hot. */
import type { FieldError } from '../contract.js'
import {
  checkName,
  checkNotNegative,
  duplicate,
  forbidden,
  invalid,
  notFound,
  notSupported,
  PORT_RANGE,
  required,
} from '../field-error.js'
import { configKey, dnsLabel, environmentName, ipAddress, portName } from '../names.js'
import type {
  Container,
  ContainerPort,
  EnvVar,
  EphemeralContainer,
  LifecycleHandler,
  PodSpec,
  Probe,
  Volume,
  VolumeMount,
} from '../types.js'
import { checkFieldRef, checkResourceRef, variableFields } from './field-refs.js'
import { checkContainerSecurity } from './pod-security.js'
import { checkResources } from './resources.js'
import { checkLocalPath } from './volumes.js'

const RESIZABLE = ['cpu', 'memory']
const RECURSIVE = ['Disabled', 'Enabled', 'IfPossible']
const HEADER_TEXT =
  "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"

export type Role = 'container' | 'init' | 'ephemeral'

/** What the containers of one pod share. */
export interface PodScope {
  readonly spec: PodSpec
  readonly volumes: ReadonlyMap<string, Volume>
  readonly names: Set<string>
  readonly hostPorts: Set<string>
}
type AnyContainer = Container | EphemeralContainer

export function checkContainers(
  errors: FieldError[],
  scope: PodScope,
  path: string,
  list: readonly AnyContainer[],
  role: Role,
): void {
  for (let index = 0; index < list.length; index++) {
    checkContainer(errors, scope, `${path}[${index}]`, list[index] as AnyContainer, role)
  }
}

function checkContainer(errors: FieldError[], scope: PodScope, at: string, container: AnyContainer, role: Role): void {
  checkIdentity(errors, scope, at, container)
  if (container.ports !== undefined) checkPorts(errors, scope, `${at}.ports`, container.ports, role)
  for (const [index, variable] of (container.env ?? []).entries()) checkVariable(errors, `${at}.env[${index}]`, variable)
  checkEnvFrom(errors, `${at}.envFrom`, container)
  if (container.volumeMounts !== undefined) checkMounts(errors, scope, `${at}.volumeMounts`, container)
  if (container.volumeDevices !== undefined) checkDevices(errors, scope, `${at}.volumeDevices`, container)
  checkRestart(errors, at, container, role)
  checkProbes(errors, scope, at, container, role)
  checkContainerSecurity(errors, `${at}.securityContext`, container.securityContext)
  for (const [index, { resourceName }] of (container.resizePolicy ?? []).entries()) {
    if (RESIZABLE.includes(resourceName)) continue
    errors.push(notSupported(`${at}.resizePolicy[${index}].resourceName`, resourceName, RESIZABLE))
  }
  checkResources(errors, `${at}.resources`, container.resources)
}

function checkIdentity(errors: FieldError[], scope: PodScope, at: string, container: AnyContainer): void {
  const { name, image } = container
  if (!name) errors.push(required(`${at}.name`))
  else {
    checkName(errors, `${at}.name`, name, dnsLabel)
    if (scope.names.has(name)) errors.push(duplicate(`${at}.name`, name))
    scope.names.add(name)
  }
  if (!image) errors.push(required(`${at}.image`))
  else if (image.trim() !== image) errors.push(invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'))
}

function checkPorts(errors: FieldError[], scope: PodScope, path: string, ports: readonly ContainerPort[], role: Role): void {
  if (role === 'ephemeral') {
    errors.push(forbidden(path, 'cannot be set for an Ephemeral Container'))
    return
  }
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `${path}[${index}]`
    if (port.name) {
      checkName(errors, `${at}.name`, port.name, portName)
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`))
    else checkPortNumber(errors, `${at}.containerPort`, port.containerPort)
    if (port.hostPort) checkHostPort(errors, scope, at, port, role)
  }
}

function checkHostPort(errors: FieldError[], scope: PodScope, at: string, port: ContainerPort, role: Role): void {
  const { hostPort = 0 } = port
  checkPortNumber(errors, `${at}.hostPort`, hostPort)
  if (port.hostIP) checkName(errors, `${at}.hostIP`, port.hostIP, ipAddress)
  if (scope.spec.hostNetwork === true && hostPort !== port.containerPort) {
    errors.push(invalid(`${at}.hostPort`, hostPort, 'must match `containerPort` when `hostNetwork` is true'))
  }
  // Init containers run one after the other, so they may share a port.
  if (role !== 'container') return
  const key = `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${hostPort}`
  if (scope.hostPorts.has(key)) errors.push(duplicate(`${at}.hostPort`, key))
  scope.hostPorts.add(key)
}

export function checkPortNumber(errors: FieldError[], path: string, port: number): void {
  if (port < 1 || port > 65535) errors.push(invalid(path, port, PORT_RANGE))
}

function checkVariable(errors: FieldError[], at: string, { name, value, valueFrom }: EnvVar): void {
  if (!name) errors.push(required(`${at}.name`))
  else checkName(errors, `${at}.name`, name, environmentName)
  if (valueFrom === undefined) return
  const sources = Object.values(valueFrom).filter((source) => source !== undefined).length
  if (sources === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'
    errors.push(invalid(`${at}.valueFrom`, '', detail))
  } else if (value) errors.push(invalid(`${at}.valueFrom`, '', 'may not be specified when `value` is not empty'))
  else if (sources > 1) errors.push(invalid(`${at}.valueFrom`, '', 'may not have more than one field specified at a time'))
  if (valueFrom.fieldRef !== undefined) checkFieldRef(errors, `${at}.valueFrom.fieldRef`, valueFrom.fieldRef, variableFields)
  if (valueFrom.resourceFieldRef !== undefined) {
    checkResourceRef(errors, `${at}.valueFrom.resourceFieldRef`, valueFrom.resourceFieldRef, false)
  }
  for (const kind of ['configMapKeyRef', 'secretKeyRef'] as const) {
    const source = valueFrom[kind]
    if (source === undefined) continue
    if (!source.name) errors.push(required(`${at}.valueFrom.${kind}.name`))
    if (source.key) checkName(errors, `${at}.valueFrom.${kind}.key`, source.key, configKey)
  }
}

function checkDevices(errors: FieldError[], scope: PodScope, path: string, container: AnyContainer): void {
  const mounted = new Set((container.volumeMounts ?? []).flatMap(({ name, mountPath }) => [name, mountPath]))
  for (const [index, { name, devicePath }] of (container.volumeDevices ?? []).entries()) {
    const at = `${path}[${index}]`
    const volume = scope.volumes.get(name)
    if (volume === undefined) errors.push(notFound(`${at}.name`, name))
    else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
      const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'
      errors.push(invalid(`${at}.name`, name, detail))
    }
    if (mounted.has(name)) errors.push(invalid(`${at}.name`, name, 'must not already exist in volumeMounts'))
    if (!devicePath) continue
    if (mounted.has(devicePath))
      errors.push(invalid(`${at}.devicePath`, devicePath, 'must not already exist as a path in volumeMounts'))
    if (devicePath.split('/').includes('..'))
      errors.push(invalid(`${at}.devicePath`, devicePath, "can not contain backsteps ('..')"))
  }
}

function checkEnvFrom(errors: FieldError[], path: string, container: AnyContainer): void {
  for (const [index, { prefix, configMapRef, secretRef }] of (container.envFrom ?? []).entries()) {
    const at = `${path}[${index}]`
    if (prefix) checkName(errors, `${at}.prefix`, prefix, environmentName)
    if (configMapRef === undefined && secretRef === undefined) {
      errors.push(invalid(at, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (configMapRef !== undefined && secretRef !== undefined) {
      errors.push(invalid(at, '', 'may not have more than one field specified at a time'))
    }
    if (configMapRef !== undefined && !configMapRef.name) errors.push(required(`${at}.configMapRef.name`))
    if (secretRef !== undefined && !secretRef.name) errors.push(required(`${at}.secretRef.name`))
  }
}

function checkMounts(errors: FieldError[], scope: PodScope, path: string, container: AnyContainer): void {
  const paths = new Set<string>()
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const at = `${path}[${index}]`
    if (!mount.name) errors.push(required(`${at}.name`))
    else if (!scope.volumes.has(mount.name)) errors.push(notFound(`${at}.name`, mount.name))
    if (!mount.mountPath) errors.push(required(`${at}.mountPath`))
    else if (paths.has(mount.mountPath)) errors.push(invalid(`${at}.mountPath`, mount.mountPath, 'must be unique'))
    paths.add(mount.mountPath)
    checkPropagation(errors, at, mount, container)
    if (mount.subPath) checkLocalPath(errors, `${at}.subPath`, mount.subPath)
    if (!mount.subPathExpr) continue
    if (mount.subPath)
      errors.push(invalid(`${at}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
    checkLocalPath(errors, `${at}.subPathExpr`, mount.subPathExpr)
  }
}

function checkPropagation(errors: FieldError[], at: string, mount: VolumeMount, container: AnyContainer): void {
  if (mount.mountPropagation === 'Bidirectional' && container.securityContext?.privileged !== true) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    errors.push(forbidden(`${at}.mountPropagation`, detail))
  }
  const recursive = mount.recursiveReadOnly
  if (recursive === undefined || recursive === 'Disabled') return
  if (!RECURSIVE.includes(recursive)) errors.push(notSupported(`${at}.recursiveReadOnly`, recursive, RECURSIVE))
  else if (mount.readOnly !== true)
    errors.push(forbidden(`${at}.recursiveReadOnly`, 'may only be specified when readOnly is true'))
  else if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    const detail = 'may only be specified when mountPropagation is None or not specified'
    errors.push(forbidden(`${at}.recursiveReadOnly`, detail))
  }
}

function checkRestart(errors: FieldError[], at: string, container: AnyContainer, role: Role): void {
  if (container.restartPolicy === undefined) return
  const path = `${at}.restartPolicy`
  if (role === 'container') errors.push(forbidden(path, 'may not be set for non-init containers'))
  else if (role === 'ephemeral') errors.push(forbidden(path, 'cannot be set for an Ephemeral Container'))
  else if (container.restartPolicy !== 'Always') errors.push(notSupported(path, container.restartPolicy, ['Always']))
}

function checkProbes(errors: FieldError[], scope: PodScope, at: string, container: AnyContainer, role: Role): void {
  const sidecar = role === 'init' && container.restartPolicy === 'Always'
  const why =
    role === 'ephemeral'
      ? 'cannot be set for an Ephemeral Container'
      : 'may not be set for init containers without restartPolicy=Always'
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const probe = container[name]
    if (probe === undefined) continue
    if (role === 'container' || sidecar) checkProbe(errors, `${at}.${name}`, probe, name)
    else errors.push(forbidden(`${at}.${name}`, why))
  }
  const { lifecycle } = container
  if (lifecycle === undefined) return
  if (role !== 'container' && !sidecar) errors.push(forbidden(`${at}.lifecycle`, why))
  if (lifecycle.postStart !== undefined) checkHandler(errors, `${at}.lifecycle.postStart`, lifecycle.postStart)
  if (lifecycle.preStop !== undefined) checkHandler(errors, `${at}.lifecycle.preStop`, lifecycle.preStop)
  const grace = scope.spec.terminationGracePeriodSeconds ?? 0
  for (const name of ['postStart', 'preStop'] as const) {
    const seconds = lifecycle[name]?.sleep?.seconds
    if (seconds === undefined || (seconds >= 0 && seconds <= grace)) continue
    const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`
    errors.push(invalid(`${at}.lifecycle.${name}.sleep`, seconds, detail))
  }
}

function checkProbe(errors: FieldError[], at: string, probe: Probe, name: string): void {
  checkHandler(errors, at, probe)
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    checkNotNegative(errors, `${at}.${field}`, probe[field])
  }
  if (name !== 'readinessProbe' && (probe.successThreshold ?? 1) > 1) {
    errors.push(invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1'))
  }
  const grace = probe.terminationGracePeriodSeconds
  if (grace === undefined) return
  if (name === 'readinessProbe')
    errors.push(invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must not be set for readinessProbes'))
  else if (grace < 1) errors.push(invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than 0'))
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const

function checkHandler(errors: FieldError[], at: string, handler: Probe & LifecycleHandler): void {
  const set = HANDLERS.filter((name) => handler[name] !== undefined)
  if (set.length === 0) errors.push(required(at, 'must specify a handler type'))
  for (const name of set.slice(1)) errors.push(forbidden(`${at}.${name}`, 'may not specify more than 1 handler type'))
  const { exec, httpGet, tcpSocket, grpc } = handler
  if (exec !== undefined && (exec.command ?? []).length === 0) errors.push(required(`${at}.exec.command`))
  if (httpGet !== undefined) checkPortReference(errors, `${at}.httpGet.port`, httpGet.port)
  for (const { name } of httpGet?.httpHeaders ?? []) {
    if (!/^[-A-Za-z0-9]+$/.test(name)) errors.push(invalid(`${at}.httpGet.httpHeaders`, name, HEADER_TEXT))
  }
  if (tcpSocket !== undefined) checkPortReference(errors, `${at}.tcpSocket.port`, tcpSocket.port)
  if (grpc !== undefined) checkPortNumber(errors, `${at}.grpc.port`, grpc.port)
}

/** A number, or the name of one of the container's ports. */
export function checkPortReference(errors: FieldError[], path: string, port: number | string | undefined): void {
  if (port === undefined) errors.push(required(path))
  else if (typeof port === 'number') checkPortNumber(errors, path, port)
  else checkName(errors, path, port, portName)
}
