/**
 * Builds what runs: `cli/dist` (the command, bundled so that it starts fast), `cli/oclif.manifest.json` (so that help
 * loads no command), and `core/dist` (core for programs that embed it). Users' plugins and tests run from source.
 *
 *   node scripts/build.mjs
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const core = join(root, 'core')
const cli = join(root, 'cli')

/** Packages that read their own files or are too large to load unasked. */
const external = ['esbuild', 'dockerode', '@grpc/grpc-js', '@grpc/proto-loader']

/** What CommonJS packages expect of the file they were bundled into. */
const banner = `import { createRequire as davitCreateRequire } from 'node:module'
import { fileURLToPath as davitFileUrlToPath } from 'node:url'
import { dirname as davitDirname } from 'node:path'
const require = davitCreateRequire(import.meta.url)
const __filename = davitFileUrlToPath(import.meta.url)
const __dirname = davitDirname(__filename)`

/**
 * `const { pino } = await import('pino')` finds names in a bundle only if the package is an ES module. For the others
 * their names are asked of Node and written out.
 */
const namesOfDynamicImports = {
  name: 'names-of-dynamic-imports',
  setup(bundler) {
    bundler.onResolve({ filter: /^[^./]/ }, async ({ path, kind, importer, resolveDir }) => {
      if (kind !== 'dynamic-import' || /node_modules/.test(importer) || isBuiltin(path) || /^@davit\//.test(path))
        return undefined
      if (external.includes(path)) return undefined
      return { path, namespace: 'names', pluginData: { resolveDir } }
    })
    bundler.onLoad({ filter: /./, namespace: 'names' }, async ({ path, pluginData: { resolveDir } }) => {
      const { path: file } = await bundler.resolve(path, { kind: 'import-statement', resolveDir })
      const names = Object.keys(await import(pathToFileURL(file).href)).filter((name) => /^[A-Za-z_$][\w$]*$/.test(name))
      return { contents: `export { ${names.join(', ')} } from ${JSON.stringify(path)}`, resolveDir }
    })
  },
}

/** LevelDB's compiled code lies in its package; the JavaScript around it is bundled as any other. */
const compiledOfLevel = {
  name: 'compiled-of-level',
  setup(bundler) {
    bundler.onLoad({ filter: /node_modules[\\/]classic-level[\\/]binding\.js$/ }, () => ({
      contents: `const { resolve } = require
module.exports = require('node-gyp-build')(require('node:path').dirname(resolve('classic-level')))`,
    }))
  },
}

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  conditions: ['source'],
  external,
  plugins: [namesOfDynamicImports, compiledOfLevel],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
}

/** Modules, for programs that import core's rooms. */
async function bundleCore() {
  const outdir = join(core, 'dist')
  rmSync(outdir, { recursive: true, force: true })
  await build({
    ...common,
    entryPoints: coreEntries(),
    outbase: core,
    outdir,
    splitting: true,
    format: 'esm',
    banner: { js: banner },
  })
}

/** One script, for `cli/bin/bundle.cjs`: what is imported when it is needed is evaluated only then. */
async function bundleCli() {
  const outdir = join(cli, 'dist')
  rmSync(outdir, { recursive: true, force: true })
  const commands = commandNames()
  const entries = commands.map((name) => `  '${name}': () => require('./commands/${name}.ts'),`)
  await build({
    ...common,
    stdin: {
      contents: `export { main } from './main.ts'\nexport const commands = {\n${entries.join('\n')}\n}\n`,
      resolveDir: cli,
      loader: 'ts',
    },
    outfile: join(outdir, 'bundle.cjs'),
    format: 'cjs',
    define: { 'import.meta.url': 'davitBundleUrl' },
    // A script knows no modules to import.
    supported: { 'dynamic-import': false },
    banner: {
      js: "(function(exports,require,module,__filename,__dirname){const davitBundleUrl=require('node:url').pathToFileURL(__filename).href;",
    },
    footer: { js: '})' },
  })
  // Where oclif looks for a command.
  for (const name of commands) {
    const file = join(outdir, 'commands', `${name}.cjs`)
    const up = '../'.repeat(name.split('/').length + 1)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `module.exports = require('${up}bin/bundle.cjs').commands['${name}']()\n`)
  }
}

/** The texts of `explain` lie beside the code that reads them. */
function copyAssets(folder) {
  cpSync(join(core, 'kinds/generated'), join(folder, 'dist/kinds/generated'), { recursive: true })
}

async function describeKinds() {
  const made = join(core, 'kinds/generated/descriptions.json.br')
  const sources = [join(root, 'scripts/generate-descriptions.mjs'), ...files(join(core, 'kinds/table'))]
  const newest = Math.max(...sources.map((file) => statSync(file).mtimeMs))
  if (!existsSync(made) || statSync(made).mtimeMs < newest) await import('./generate-descriptions.mjs')
}

/** Every export of core's package is an entry, so that all share one copy of what they have in common. */
function coreEntries() {
  const { exports } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'))
  return Object.values(exports)
    .map(({ source }) => join(core, source))
    .filter((file) => !/testkit|testing/.test(file))
}

/** "up", "plugin/list" */
function commandNames() {
  return files(join(cli, 'commands'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => relative(join(cli, 'commands'), file).slice(0, -'.ts'.length))
}

function files(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function writeManifest() {
  const { Plugin } = await import(pathToFileURL(join(root, 'node_modules/@oclif/core/lib/index.js')).href)
  const plugin = new Plugin({ root: cli, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true })
  await plugin.load()
  writeFileSync(join(cli, 'oclif.manifest.json'), `${JSON.stringify(plugin.manifest)}\n`)
  return plugin.manifest
}

/** Starts a cluster, and stops it, so that V8 keeps what a start compiles. */
async function keepCode() {
  const directory = mkdtempSync(join(tmpdir(), 'davit-build-'))
  const words = ['up', '--no-node', '--port=0', `--data-dir=${directory}`, `--kubeconfig=${join(directory, 'kubeconfig')}`]
  try {
    const child = spawn(process.execPath, ['-e', start, join(cli, 'bin/bundle.cjs'), ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
      killSignal: 'SIGKILL',
    })
    let said = ''
    child.stdout.on('data', function listen(chunk) {
      said += chunk
      if (!said.includes('ready: ')) return
      child.stdout.off('data', listen).resume()
      child.kill('SIGTERM')
    })
    const [code] = await once(child, 'close')
    if (code !== 0) throw new Error(`a cluster does not start with what was built (exit code ${code})`)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const start = `
const bundle = require(process.argv[1])
bundle.keepCode()
bundle.main()
`

await describeKinds()
const missing = coreEntries().filter((file) => !existsSync(file))
if (missing.length > 0) throw new Error(`these entries do not exist: ${missing.map((file) => relative(root, file)).join(', ')}`)
await Promise.all([bundleCore(), bundleCli()])
copyAssets(core)
copyAssets(cli)
const { commands } = await writeManifest()
await keepCode()
console.log(`built core/dist and cli/dist with ${Object.keys(commands).length} commands`)
