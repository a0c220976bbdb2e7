import type { TSchema } from '@sinclair/typebox'
import type { AnyPlugin, Plugin, TokenMap } from './contract.js'

/** The version of the plugin API that this core offers; a plugin's `api` range is checked against it. */
export const pluginApi = '1.0'
/** Core's own version: what a plugin without a version of its own shows. */
export const coreVersion = '0.1.0'

type None = Record<never, never>

/**
 * Types a plugin and returns it as it is: what `setup` receives and must return follow from the declared tokens. It
 * registers nothing, so a module that defines a plugin may be imported from anywhere.
 */
export function definePlugin<
  R extends TokenMap = None,
  O extends TokenMap = None,
  P extends TokenMap = None,
  S extends TSchema = TSchema,
>(plugin: Plugin<R, O, P, S>): NoInfer<Plugin<R, O, P, S>> {
  return plugin
}

const skipBrand = Symbol.for('davit:skip-plugin')

/** Thrown by a `setup` that does not apply to this machine. The message says why, for status and log. */
export class SkipPlugin extends Error {
  readonly [skipBrand] = true

  constructor(reason: string) {
    super(reason)
    this.name = 'SkipPlugin'
  }
}

/** By brand, not by class, so that a plugin with its own copy of this package is understood. */
export function isSkip(error: unknown): error is SkipPlugin {
  return error instanceof Error && skipBrand in error
}

/** What a module must export as its default to be a plugin; the answer is what is wrong, or `undefined`. */
export function whyNotPlugin(value: unknown): string | undefined {
  if (value === undefined) return 'it has no default export'
  if (typeof value !== 'object' || value === null) return `its default export is a ${typeof value}, not a plugin`
  const plugin = value as Partial<Record<keyof AnyPlugin, unknown>>
  if (typeof plugin.id !== 'string' || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(plugin.id)) {
    return 'its `id` must be lower-case words joined by "-"'
  }
  if (typeof plugin.api !== 'string' || !/^\^\d+\.\d+$/.test(plugin.api)) return 'its `api` must look like "^1.0"'
  if (typeof plugin.setup !== 'function') return 'it has no `setup` function'
  return undefined
}

/** True when this core offers what `range` ("^1.0") asks for: the same major version, and at least its minor one. */
export function supportsApi(range: string, offered: string = pluginApi): boolean {
  const [major, minor] = range.slice(1).split('.').map(Number)
  const [offeredMajor, offeredMinor] = offered.split('.').map(Number)
  return major === offeredMajor && (minor ?? 0) <= (offeredMinor ?? 0)
}
