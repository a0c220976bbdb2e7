import type { EnvFromSource, EnvVar, Container as PodContainer, Service } from '../kinds/contract.js'
import type { VolumeReader } from './contract.js'
import { RuntimeError } from './contract.js'
import { expand } from './expand.js'
import { type FieldContext, fieldValue, resourceValue } from './field-ref.js'
import { serviceVariables } from './service-variables.js'

export interface EnvironmentContext extends FieldContext {
  readonly read: VolumeReader
  readonly services: readonly Service[]
}

export interface Environment {
  readonly variables: ReadonlyMap<string, string>
  /** Keys of sources that cannot be names of variables, for an event. */
  readonly skipped: readonly string[]
}

/** Throws a `RuntimeError` `CreateContainerConfigError` for a source or key that is missing and not optional. */
export async function environmentOf(container: PodContainer, context: EnvironmentContext): Promise<Environment> {
  const { metadata, spec } = context.pod
  const services = serviceVariables(context.services, metadata.namespace ?? '', spec.enableServiceLinks !== false)
  const variables = new Map<string, string>()
  const skipped: string[] = []
  for (const source of container.envFrom ?? []) {
    for (const [key, value] of Object.entries(await allOf(source, context))) {
      const name = `${source.prefix ?? ''}${key}`
      if (isVariableName(name)) variables.set(name, value)
      else skipped.push(name)
    }
  }
  const lookUp = (name: string): string | undefined => variables.get(name) ?? services.get(name)
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom ? await oneOf(variable, container, context) : expand(variable.value ?? '', lookUp)
    if (value !== undefined) variables.set(variable.name, value)
  }
  for (const [name, value] of services) if (!variables.has(name)) variables.set(name, value)
  return { variables, skipped }
}

/** Any printable ASCII but "=". */
function isVariableName(name: string): boolean {
  return /^[ -<>-~]+$/.test(name)
}

async function allOf(source: EnvFromSource, context: EnvironmentContext): Promise<Readonly<Record<string, string>>> {
  const reference = source.configMapRef ?? source.secretRef
  const kind = source.configMapRef ? 'configMap' : 'secret'
  if (!reference?.name) return {}
  const data = await dataOf(kind, reference.name, context)
  if (data) return data
  if (reference.optional) return {}
  throw new RuntimeError('CreateContainerConfigError', `${kind.toLowerCase()} "${reference.name}" not found`)
}

async function oneOf(variable: EnvVar, container: PodContainer, context: EnvironmentContext): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = variable.valueFrom ?? {}
  if (fieldRef) return required(fieldValue(fieldRef, context), `unsupported fieldPath: ${fieldRef.fieldPath}`)
  if (resourceFieldRef) {
    return required(
      resourceValue(resourceFieldRef, container, context),
      `unsupported container resource: ${resourceFieldRef.resource}`,
    )
  }
  const reference = configMapKeyRef ?? secretKeyRef
  const kind = configMapKeyRef ? 'configMap' : 'secret'
  if (!reference?.name) return undefined
  const data = await dataOf(kind, reference.name, context)
  const value = data?.[reference.key]
  if (value !== undefined || reference.optional) return value
  const { namespace = '' } = context.pod.metadata
  if (!data) throw new RuntimeError('CreateContainerConfigError', `${kind.toLowerCase()} "${reference.name}" not found`)
  const title = kind === 'secret' ? 'Secret' : 'ConfigMap'
  throw new RuntimeError(
    'CreateContainerConfigError',
    `couldn't find key ${reference.key} in ${title} ${namespace}/${reference.name}`,
  )
}

function required(value: string | undefined, problem: string): string {
  if (value === undefined) throw new RuntimeError('CreateContainerConfigError', problem)
  return value
}

async function dataOf(
  kind: 'configMap' | 'secret',
  name: string,
  { pod, read }: EnvironmentContext,
): Promise<Readonly<Record<string, string>> | undefined> {
  const { namespace = '' } = pod.metadata
  if (kind === 'configMap') {
    const found = await read.configMap(namespace, name)
    return found && (found.data ?? {})
  }
  const found = await read.secret(namespace, name)
  if (!found) return undefined
  const decoded = Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')])
  return Object.fromEntries(decoded)
}
