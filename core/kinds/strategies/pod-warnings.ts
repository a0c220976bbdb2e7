/** What is sound in a pod's spec, and likely not what its author meant. */
import type { KubeObject, Strategy } from '../contract.js'
import type { Container, ContainerPort, EnvVar, PodSpec } from '../types.js'

const OLD_LABELS: ReadonlyMap<string, string> = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  ['failure-domain.beta.kubernetes.io/region', 'deprecated since v1.17; use "topology.kubernetes.io/region" instead'],
  ['failure-domain.beta.kubernetes.io/zone', 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead'],
  ['beta.kubernetes.io/instance-type', 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead'],
])

/** For a pod when it is made: what changes pods later is rarely a person, and often in a hurry. */
export const podAdvice: Pick<Strategy, 'warnings'> = {
  warnings: (object, old) => (old === undefined ? podWarnings((object as { spec?: PodSpec }).spec, 'spec') : []),
}

/** For what makes pods of a template, when the template may be new. `path`: from the root to the template. */
export function templateAdvice(path: readonly string[]): Pick<Strategy, 'warnings'> {
  const at = [...path, 'spec']
  return {
    warnings(object, old) {
      if (old !== undefined && old.metadata.generation === object.metadata.generation) return []
      return podWarnings(partOf(object, at), at.join('.'))
    },
  }
}

function partOf(object: KubeObject, names: readonly string[]): PodSpec | undefined {
  let part: unknown = object
  for (const name of names) part = (part as Readonly<Record<string, unknown>> | undefined)?.[name]
  return part as PodSpec | undefined
}

export function podWarnings(spec: PodSpec | undefined, at: string): string[] {
  if (spec === undefined) return []
  const found: string[] = []
  for (const label in spec.nodeSelector) {
    const text = OLD_LABELS.get(label)
    if (text !== undefined) found.push(`${at}.nodeSelector[${label}]: ${text}`)
  }
  for (const [index, { topologyKey, labelSelector }] of (spec.topologySpreadConstraints ?? []).entries()) {
    const path = `${at}.topologySpreadConstraints[${index}]`
    const text = OLD_LABELS.get(topologyKey)
    if (text !== undefined) found.push(`${path}.topologyKey: ${topologyKey} is ${text}`)
    if (labelSelector === undefined) found.push(`${path}.labelSelector: a null labelSelector results in matching no pod`)
  }
  warnOfRepeats(found, `${at}.hostAliases`, 'ip', spec.hostAliases)
  warnOfRepeats(found, `${at}.imagePullSecrets`, 'name', spec.imagePullSecrets)
  warnOfContainers(found, at, spec)
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    found.push(`${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`)
  }
  return found
}

function warnOfRepeats<K extends string>(
  found: string[],
  at: string,
  field: K,
  list: readonly { readonly [name in K]?: string | undefined }[] | undefined,
): void {
  if (list === undefined || list.length < 2) return
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const value = item[field] ?? ''
    if (seen.has(value)) found.push(`${at}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`)
    seen.add(value)
  }
}

function warnOfContainers(found: string[], at: string, spec: PodSpec): void {
  const ports: Placed[] = []
  const ofPorts: string[] = []
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    const list: readonly Container[] = spec[field] ?? []
    for (let index = 0; index < list.length; index++) {
      const { env, ports: own } = list[index] as Container
      if (env !== undefined && env.length > 1) warnOfHidden(found, `${at}.${field}[${index}].env`, env)
      for (const [place, port] of (own ?? []).entries()) {
        warnOfPort(ofPorts, ports, { port, at: `${at}.${field}[${index}].ports[${place}]` })
      }
    }
  }
  found.push(...ofPorts)
}

/** A later variable of the same name is fine where it is made of the earlier one. */
function warnOfHidden(found: string[], at: string, list: readonly EnvVar[]): void {
  const seen = new Set<string>()
  for (const [index, { name, value = '', valueFrom }] of list.entries()) {
    const reference = `$(${name})`
    const builds = valueFrom === undefined && value !== reference && value.includes(reference)
    if (seen.has(name) && !builds) {
      found.push(`${at}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`)
    }
    seen.add(name)
  }
}

interface Placed {
  readonly port: ContainerPort
  readonly at: string
}

function warnOfPort(found: string[], seen: Placed[], placed: Placed): void {
  const { port, at } = placed
  for (const other of seen) {
    const { containerPort, protocol, hostIP = '', hostPort = 0 } = other.port
    if (containerPort !== port.containerPort || protocol !== port.protocol) continue
    const [ip, onHost] = [port.hostIP ?? '', port.hostPort ?? 0]
    if (ip === hostIP && onHost === hostPort) found.push(`${at}: duplicate port definition with ${other.at}`)
    else if (onHost === 0 || hostPort === 0) found.push(`${at}: overlapping port definition with ${other.at}`)
    else if (onHost === hostPort && (ip === '') !== (hostIP === '')) {
      found.push(`${at}: dangerously ambiguous port definition with ${other.at}`)
    }
  }
  seen.push(placed)
}
