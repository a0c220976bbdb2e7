/**
 * Test files as bundles that share what they have in common. Most of what a small test file takes is to find, read and
 * translate some hundred modules: a bundle does that once for all files, and each still has a process of its own.
 */
import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Plugin } from 'esbuild'

/**
 * ES modules that are part of the bundle: of some hundred files each, and uvu, which must not be evaluated before
 * `uvu-defer.ts`. The others are loaded from where they are installed, before all else.
 */
const bundledPackages = /^(@sinclair\/typebox|inversify|@inversifyjs\/.+|uvu)(\/|$)/

/**
 * The program of each file of `paths`, which are relative to `root`. They lie in a folder that goes when this process
 * does. Throws esbuild's errors, with the place in the source, when one cannot be built.
 */
export async function bundleTests(root: string, paths: readonly string[]): Promise<(path: string) => string> {
  const { build, stop } = await import('esbuild')
  const cache = join(root, 'node_modules/.cache')
  await mkdir(cache, { recursive: true })
  const folder = await mkdtemp(join(cache, 'davit-tests-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  await build({
    entryPoints: paths.map((path) => join(root, path)),
    outbase: root,
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['source'],
    sourcemap: 'linked',
    sourcesContent: false,
    define: { 'import.meta.url': 'davitSourceUrl' },
    plugins: [sources, installed],
    logLevel: 'silent',
  })
  await stop()
  return (path) => join(folder, path.replace(/\.ts$/, '.mjs'))
}

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** What `node` runs as it would run this TypeScript file, and starts much faster: for a program that a test starts often. */
export async function builtProgram(source: URL): Promise<string> {
  const path = relative(repository, fileURLToPath(source))
  return (await bundleTests(repository, [path]))(path)
}

/** A module still finds the files beside its source. */
const sources: Plugin = {
  name: 'sources',
  setup(bundler) {
    bundler.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const url = text.includes('import.meta.url') ? `const davitSourceUrl = ${JSON.stringify(pathToFileURL(path).href)};` : ''
      return { contents: url + text, loader: path.endsWith('.ts') ? 'ts' : 'js' }
    })
  },
}

/** Packages stay outside, each by its full path: from the bundle's folder none is found by its name. */
const installed: Plugin = {
  name: 'installed',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, async ({ path, kind, resolveDir, pluginData }) => {
      if (kind === 'entry-point' || pluginData === installed || path.startsWith('@davit/') || bundledPackages.test(path))
        return undefined
      const found = await bundler.resolve(path, { kind, resolveDir, pluginData: installed })
      return found.errors.length > 0 ? { errors: found.errors } : { path: found.path, external: true }
    })
  },
}
