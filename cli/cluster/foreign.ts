/** Plugins that do not come with Davit: files and packages, loaded from source. */
import { access } from 'node:fs/promises'
import path from 'node:path'
import { type AnyPlugin, DavitError } from '@davit/core/kernel'
import { type Builtin, builtins } from '../builtins.js'
import { CliError } from '../output/cli-error.js'
import type { Driver } from './compose.js'
import { hostRooms } from './rooms.js'
import type { Setting } from './settings.js'

export interface Foreign {
  /** By what the configuration calls them: a path, a package, or the id of one that is loaded. */
  readonly plugins: ReadonlyMap<string, AnyPlugin>
  /** Those that no entry of the configuration lists, by what it calls them. */
  readonly unlisted: ReadonlySet<string>
  /** The id of the plugin that the configuration calls so. */
  idOf(this: void, called: string): string
  /** What the configuration calls the plugin with this id. */
  calledOf(id: string): string
}

export function isBuiltin(id: string): boolean {
  return Object.hasOwn(builtins, id)
}

/** A node or the store may pick a plugin by path, or by the id of one that is listed. */
export async function loadForeign(
  { listed, picked }: { readonly listed: readonly Setting[]; readonly picked: readonly Setting[] },
  directory: string,
): Promise<Foreign> {
  const plugins = new Map<string, AnyPlugin>()
  if (listed.length === 0 && picked.length === 0)
    return { plugins, unlisted: new Set(), idOf: (called) => called, calledOf: (id) => id }
  const rooms = await hostRooms()
  const load = async (setting: Setting) => {
    if (!plugins.has(setting.id)) plugins.set(setting.id, await loadOne(setting, directory, rooms))
  }
  for (const setting of listed) await load(setting)
  const byId = new Set([...plugins.values()].map((plugin) => plugin.id))
  const unlisted = new Set<string>()
  for (const setting of picked) {
    if (byId.has(setting.id) || plugins.has(setting.id)) continue
    await load(setting)
    unlisted.add(setting.id)
  }
  const called = new Map([...plugins].map(([name, plugin]) => [plugin.id, name]))
  return { plugins, unlisted, idOf: (name) => plugins.get(name)?.id ?? name, calledOf: (id) => called.get(id) ?? id }
}

/** A built-in or another, for what is done without a configuration. */
export async function loadDriver({ id, directory }: Driver): Promise<AnyPlugin> {
  return isBuiltin(id) ? (builtins[id] as Builtin).load() : loadOne({ id, source: directory }, directory, await hostRooms())
}

async function loadOne(setting: Setting, directory: string, rooms: ReadonlyMap<string, unknown>): Promise<AnyPlugin> {
  const { id, source } = setting
  const { didYouMean, loadPlugin } = await import('@davit/core/kernel/host')
  const isPath = id.startsWith('.') || path.isAbsolute(id)
  if (!isPath && !/^(@[\w.-]+\/)?[\w.-]+$/.test(id))
    throw new CliError(`${source}: "${id}" is neither a built-in, nor a path, nor a package`)
  // Without an ending it is for the bundler to find.
  const missing = isPath && path.extname(id) !== '' ? await unreadable(path.resolve(directory, id)) : undefined
  if (missing !== undefined) {
    throw new DavitError(
      'DAVIT_PLUGIN_LOAD',
      `${source}: cannot read the plugin "${id}" at ${path.resolve(directory, id)}: ${missing}`,
    )
  }
  try {
    return await loadPlugin(isPath ? path.resolve(directory, id) : id, { directory, rooms })
  } catch (error) {
    if (isPath || !(error as Error).message.includes('Could not resolve')) throw error
    throw new CliError(
      `${source}: "${id}" is neither a built-in plugin nor an installed package.${didYouMean(id, Object.keys(builtins))}`,
      {
        hint: 'see what is built in with `davit config default`; a file is named by its path: ./my-policy.ts',
        cause: error,
      },
    )
  }
}

async function unreadable(file: string): Promise<string | undefined> {
  try {
    await access(file)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}
