/** What a plugin receives as its configuration: checked against its schema, with defaults, and frozen. */
import { Check } from '@sinclair/typebox/value'
import type { ValidateFunction } from 'ajv'
import { explain, show } from './config-explain.js'
import { closeSchema, fillDefaults, lacksRequired, type SchemaNode } from './config-schema.js'
import type { PluginConfig, PluginEntry, TSchema } from './contract.js'
import { DavitError, messageOf } from './errors.js'

/**
 * Decodes the configuration of one entry. Throws `DAVIT_CONFIG_INVALID` with a line for each fault: the path of the
 * key, the value and what is allowed.
 */
export async function decodeConfig(entry: PluginEntry): Promise<Readonly<Record<string, unknown>>> {
  const { plugin } = entry
  const where = `${entry.source ? `${entry.source}: ` : ''}plugin "${plugin.id}"`
  const given = entry.config ?? {}
  if (!isObject(given)) throw invalid(where, [`config: must be an object, got ${show(given)}`])
  if (!plugin.config) {
    const [key] = Object.keys(given)
    if (key !== undefined) throw invalid(where, [`config.${key}: this plugin has no configuration`])
    return Object.freeze({})
  }
  return decode(where, plugin.config.schema, migrate(where, plugin.config, entry), 'config')
}

/**
 * Checks any object against a schema in the same way: unknown keys are errors at every level, defaults are filled in,
 * the result is frozen. `where` stands before the message. For files that are no plugin's, such as the cluster's own.
 */
export async function decodeBySchema(where: string, schema: TSchema, given: unknown): Promise<Readonly<Record<string, unknown>>> {
  if (!isObject(given)) throw invalid(where, [`must be an object, got ${show(given)}`])
  return decode(where, schema, given, '')
}

async function decode(where: string, schema: TSchema, given: unknown, root: string): Promise<Readonly<Record<string, unknown>>> {
  const value = fillDefaults(schema, structuredClone(given)) as Record<string, unknown>
  // Defaults that stand alone are as good as the schema; compiling a validator for them would cost every start.
  const untouched = isObject(given) && Object.keys(given).length === 0
  if (!untouched || lacksRequired(schema, value)) await check(where, schema, value, root)
  return deepFreeze(value)
}

function migrate(where: string, config: PluginConfig, entry: PluginEntry): unknown {
  const from = entry.configVersion ?? config.version
  const given = entry.config ?? {}
  if (from === config.version) return given
  if (from > config.version) {
    const message = `${where}: config version ${from} is newer than ${config.version}, the newest that this plugin knows`
    throw new DavitError('DAVIT_CONFIG_VERSION', message)
  }
  if (!config.migrate) {
    throw new DavitError(
      'DAVIT_CONFIG_VERSION',
      `${where}: config version ${from} is too old; write it for version ${config.version}`,
    )
  }
  try {
    return config.migrate(structuredClone(given), from)
  } catch (cause) {
    const message = `${where}: config of version ${from} cannot be migrated to ${config.version}: ${messageOf(cause)}`
    throw new DavitError('DAVIT_CONFIG_VERSION', message, { cause })
  }
}

const validators = new WeakMap<object, ValidateFunction>()

async function check(where: string, schema: SchemaNode, value: unknown, root: string): Promise<void> {
  if (isPlainlyValid(closeSchema(schema), value)) return
  let validate = validators.get(schema)
  if (!validate) {
    const { Ajv } = await import('ajv')
    try {
      // Checking the schema itself would cost more than the check it is for; the suite of every plugin does that.
      const options = {
        allErrors: true,
        strict: false,
        validateFormats: false,
        validateSchema: false,
        meta: false,
        verbose: true,
      }
      validate = new Ajv(options).compile(closeSchema(schema))
    } catch (cause) {
      const message = `${where}: its configuration schema is broken: ${messageOf(cause)}`
      throw new DavitError('DAVIT_CONFIG_SCHEMA', message, { cause })
    }
    validators.set(schema, validate)
  }
  if (!validate(value)) throw invalid(where, explain(validate.errors ?? [], value, root))
}

/**
 * Walks the schema, which compiles nothing: a start with a right configuration is faster by all of ajv. False also where
 * the schema has something that only ajv knows; ajv then decides, and says what is wrong.
 */
function isPlainlyValid(schema: SchemaNode, value: unknown): boolean {
  // TypeBox does not close an intersection by the keys of all its parts.
  if (JSON.stringify(schema).includes('"allOf"')) return false
  try {
    return Check(schema as unknown as TSchema, value)
  } catch {
    return false
  }
}

function invalid(where: string, faults: readonly string[]): DavitError {
  const text = faults.length === 1 ? ` ${faults[0]}` : faults.map((fault) => `\n  ${fault}`).join('')
  return new DavitError('DAVIT_CONFIG_INVALID', `${where}:${text}`, { details: { faults } })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const member of Object.values(value)) deepFreeze(member)
    Object.freeze(value)
  }
  return value
}
