/**
 * Loads a user's plugin from its source, without a build step: one file, by esbuild, evaluated in this process. What it
 * imports from core it gets from the running process, so there is one copy of every token's identity and of every
 * slot; everything else is its own. Nothing is left in Node's module cache, so a reload loads anew.
 */
import { createRequire, SourceMap } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import type { BuildFailure, Plugin as EsbuildPlugin } from 'esbuild'
import type { AnyPlugin } from './contract.js'
import { DavitError, messageOf } from './errors.js'
import { whyNotPlugin } from './plugin.js'

export interface LoadOptions {
  /** Where a relative path starts and installed packages are looked for: the folder of the configuration file. */
  readonly directory: string
  /** The rooms of core that a plugin may import, by name ("@davit/core/kernel"), as the host has them. */
  readonly rooms: ReadonlyMap<string, unknown>
}

/** `specifier` is a path ("./my-policy.ts") or the name of an installed package. Throws `DAVIT_PLUGIN_*`. */
export async function loadPlugin(specifier: string, options: LoadOptions): Promise<AnyPlugin> {
  const bundle = await build(specifier, options)
  const exported = evaluate(specifier, bundle, options)
  const plugin = typeof exported === 'object' && exported !== null ? Reflect.get(exported, 'default') : undefined
  const wrong = whyNotPlugin(plugin)
  if (wrong !== undefined) throw new DavitError('DAVIT_PLUGIN_EXPORT', `"${specifier}" is not a plugin: ${wrong}`)
  return plugin as AnyPlugin
}

interface Bundle {
  readonly code: string
  readonly map: string
  /** The file in the configuration's folder for which relative `require`s and source positions are resolved. */
  readonly file: string
}

async function build(specifier: string, options: LoadOptions): Promise<Bundle> {
  const { build: bundle } = await import('esbuild')
  const file = resolve(options.directory, 'davit-plugin.cjs')
  try {
    const result = await bundle({
      // Through an entry of our own, so that a path and a package's name are resolved by the same rules.
      stdin: { contents: `export * as plugin from ${JSON.stringify(specifier)}`, resolveDir: options.directory, loader: 'js' },
      absWorkingDir: options.directory,
      outfile: file,
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      sourcemap: 'external',
      logLevel: 'silent',
      define: { 'import.meta.url': 'davitModuleUrl' },
      // A bundle has one `require`; without this a dynamic import would go past it.
      supported: { 'dynamic-import': false },
      plugins: [external],
    })
    const text = (ending: string): string => result.outputFiles.find((output) => output.path.endsWith(ending))?.text ?? ''
    return { code: text('.cjs'), map: text('.map'), file }
  } catch (cause) {
    throw new DavitError('DAVIT_PLUGIN_LOAD', `"${specifier}" cannot be loaded: ${describeFailure(cause)}`, { cause })
  }
}

/** What stays outside the bundle: core's rooms, and native add-ons by their full path. */
const external: EsbuildPlugin = {
  name: 'davit-external',
  setup(bundler) {
    bundler.onResolve({ filter: /^@davit\/core(\/|$)/ }, ({ path }) => ({ path, external: true }))
    bundler.onResolve({ filter: /\.node$/ }, ({ path, resolveDir }) => ({ path: resolve(resolveDir, path), external: true }))
  },
}

function describeFailure(cause: unknown): string {
  const errors = (cause as Partial<BuildFailure>).errors
  if (!errors) return messageOf(cause)
  return errors
    .map(({ text, location }) => (location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text))
    .join('; ')
}

function evaluate(specifier: string, bundle: Bundle, options: LoadOptions): unknown {
  const requireNode = createRequire(bundle.file)
  const requireFor = (name: string): unknown => {
    if (options.rooms.has(name)) return options.rooms.get(name)
    if (!name.startsWith('@davit/core')) return requireNode(name)
    const known = [...options.rooms.keys()].join(', ')
    throw new DavitError('DAVIT_PLUGIN_LOAD', `"${specifier}" imports "${name}"; of core a plugin may import ${known}`)
  }
  const module: { exports: { plugin?: unknown } } = { exports: {} }
  try {
    const script = new Script(`(function (module, exports, require, davitModuleUrl) {${bundle.code}\n})`, {
      filename: bundle.file,
    })
    script.runInThisContext()(module, module.exports, requireFor, pathToFileURL(bundle.file).href)
    return module.exports.plugin
  } catch (cause) {
    if (cause instanceof DavitError) throw cause
    const place = originOf(cause, bundle)
    throw new DavitError('DAVIT_PLUGIN_LOAD', `"${specifier}" failed while loading${place}: ${messageOf(cause)}`, { cause })
  }
}

/** " at my-policy.ts:3:7" for an error that was thrown inside the bundle. */
function originOf(error: unknown, bundle: Bundle): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const frame = stack.split('\n').find((line) => line.includes(`${bundle.file}:`))
  const [, line, column] = frame?.match(/:(\d+):(\d+)\)?$/) ?? []
  if (line === undefined || column === undefined) return ''
  const map = new SourceMap(JSON.parse(bundle.map))
  const entry = map.findEntry(Number(line) - 1, Number(column) - 1)
  if (!('originalSource' in entry)) return ''
  return ` at ${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
}
