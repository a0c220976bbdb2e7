/**
 * Holds the source against the laws that a linter cannot express: who may import what, and where time, randomness and
 * identity come from. Prints each breach with file and line, and what to do. It fails when it finds no files to check:
 * silence must mean that everything was looked at.
 *
 *   node scripts/check-laws.mjs [root]
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { importsOf, lineAt, splitSource } from './source-text.mjs'

/**
 * Rooms of core from the ground up: a room imports the contracts of rooms below it. The client's contract is what the
 * API answers in, so it stands lower than the client itself, which is built on the API.
 */
const floors = {
  kernel: 0,
  store: 1,
  kinds: 1,
  watch: 3,
  api: 4,
  client: 5,
  controller: 6,
  scheduler: 6,
  node: 6,
  proxy: 6,
  testing: 7,
}
const contractFloors = { ...floors, client: 2 }
const rooms = Object.keys(floors)
const areas = ['core', 'plugins', 'cli', 'examples']
const largestFile = 600

/** Packages that one place alone may import, so that they can be replaced there. */
const keepers = [
  { packages: ['tapable'], place: /^core\/kernel\/slot\.ts$/, say: 'only core/kernel/slot.ts' },
  { packages: ['inversify', 'reflect-metadata'], place: /^core\/kernel\/container\.ts$/, say: 'only core/kernel/container.ts' },
  { packages: ['level', 'classic-level', 'memory-level'], place: /^core\/store\//, say: 'only core/store' },
  { packages: ['@marcbachmann/cel-js'], place: /^core\/kinds\/cel\/library\.ts$/, say: 'only core/kinds/cel/library.ts' },
  { packages: ['fastify', 'find-my-way'], place: /^core\/api\//, say: 'only core/api' },
]

/** Law 7: names that reach for time, randomness or identity behind the services' back. */
const outside = [
  { pattern: /(?<![.\w])(?:globalThis\.)?(setTimeout|setInterval|setImmediate)\s*\(/g, use: 'Clock' },
  { pattern: /\bDate\.now\b|\bnew Date\s*\(\s*\)|(?<![.\w])Date\s*\(\s*\)|\bnew Date(?=\s*[;,)\n])/g, use: 'Clock.now' },
  { pattern: /\bperformance\.(?:now|timeOrigin)\b|\bprocess\.(?:hrtime|uptime)\b/g, use: 'Clock.monotonic' },
  { pattern: /\bMath\.random\b/g, use: 'Random' },
  { pattern: /\brandomUUID\b/g, use: 'Ids' },
  { pattern: /['"](?:node:)?timers(?:\/promises)?['"]/g, use: 'Clock', inStrings: true },
]
/** The services themselves; the slot measures its taps, and nothing is decided by the figure. */
const services = /^core\/kernel\/(clock|clock-virtual|random|ids|slot)\.ts$/
/** Plugins that touch the outside world by nature, and what never runs inside a cluster. */
const worldly = /^plugins\/(cri|proxy|network|dns|volume)-|^cli\/|^core\/testing\//

/** Tests, and what only tests and measurements use. */
export function isTest(path) {
  return /\.(test|check)\.ts$|(^|\/)(testkit|bench)\/|(^|\/)(testing[\w-]*|testkit|bench[\w-]*)\.ts$/.test(path)
}

/** The breaches of one file. `manifestOf` gives the package.json of the folder that the file belongs to. */
export function checkFile(path, source, manifestOf) {
  const text = splitSource(source)
  const breaches = []
  const add = (line, message) => breaches.push({ path, line, message })
  for (const { specifier, line } of importsOf(text)) {
    const message = checkImport(path, specifier, manifestOf)
    if (message) add(line, message)
  }
  if (!services.test(path) && !worldly.test(path) && !isTest(path)) checkOutside(text, add)
  checkForm(path, source, text, add)
  return breaches
}

function checkOutside(text, add) {
  for (const { pattern, use, inStrings } of outside) {
    const searched = inStrings ? text.code : text.bare
    for (const match of searched.matchAll(pattern)) {
      add(lineAt(searched, match.index), `law 7: ${match[0].trim()} is not for this file; use the kernel's ${use}`)
    }
  }
}

function checkForm(path, source, text, add) {
  const lines = source.split('\n').length - 1
  if (lines > largestFile && !/(^|\/)(table|tables|types)(\/|\.ts$)/.test(path))
    add(1, `the file has ${lines} lines; ${largestFile} is the most`)
  const comments = source.split('\n').map((line, index) => ({ line, bare: text.code.split('\n')[index] ?? '', index }))
  for (const { line, bare, index } of comments) {
    if (/\b(TODO|FIXME|XXX)\b/.test(line) && !/\b(TODO|FIXME|XXX)\b/.test(bare))
      add(index + 1, 'unfinished work is not left in comments')
  }
}

/** What is wrong with the import of `specifier` in the file `path`, or `undefined`. */
export function checkImport(path, specifier, manifestOf) {
  const keeper = keepers.find(({ packages }) => packages.includes(packageOf(specifier)))
  if (keeper) return keeper.place.test(path) ? undefined : `law 1: ${keeper.say} may import "${specifier}"`
  const [area, home] = path.split('/')
  if (area === 'core') return checkCore(path, home, specifier)
  if (area === 'cli') return checkCli(path, specifier)
  return checkPlugin(path, `${area}/${home}`, specifier, manifestOf)
}

function checkCore(path, room, specifier) {
  if (specifier === '@davit/core/testing' && isTest(path)) return undefined
  if (specifier.startsWith('@davit/')) return `law 1: core imports by relative path and knows no plugin, not "${specifier}"`
  const target = resolveRelative(path, specifier)
  if (target === undefined) return checkBuiltIn(specifier)
  if (!target.startsWith('core/')) return `law 1: core knows nothing outside core, not "${specifier}"`
  const other = target.split('/')[1]
  // core/builtins.ts puts the rooms together; tests may look inside.
  if (other === room || !rooms.includes(room) || isTest(path) || room === 'testing') return undefined
  const floor = path === `core/${room}/contract.ts` ? contractFloors[room] : floors[room]
  if (!(contractFloors[other] < floor)) return `law 1: room "${room}" does not stand above room "${other}"`
  if (target !== `core/${other}/contract.js`)
    return `law 1: of room "${other}" only its contract.js may be imported, not "${specifier}"`
  return undefined
}

function checkCli(path, specifier) {
  const target = resolveRelative(path, specifier)
  if (target !== undefined) return target.startsWith('cli/') ? undefined : `law 1: the cli imports packages, not "${specifier}"`
  if (/^@davit\/plugin-/.test(specifier) && path !== 'cli/builtins.ts' && !isTest(path)) {
    return `law 1: only cli/builtins.ts names a plugin, not "${specifier}"`
  }
  return checkBuiltIn(specifier)
}

function checkPlugin(path, home, specifier, manifestOf) {
  const target = resolveRelative(path, specifier)
  if (target !== undefined) {
    return target.startsWith(`${home}/`) ? undefined : `law 1: "${specifier}" leaves the plugin's own folder`
  }
  if (/^@davit\/core(\/|$)/.test(specifier)) return checkRoom(path, specifier)
  if (specifier.startsWith('@davit/')) return `law 1: a plugin imports no other package of Davit, not "${specifier}"`
  const builtIn = checkBuiltIn(specifier)
  if (builtIn || specifier.startsWith('node:')) return builtIn
  const manifest = manifestOf(home) ?? {}
  const own = { ...manifest.dependencies, ...manifest.peerDependencies, ...(isTest(path) ? manifest.devDependencies : {}) }
  return packageOf(specifier) in own
    ? undefined
    : `"${packageOf(specifier)}" is not among the dependencies of ${home}/package.json`
}

function checkRoom(path, specifier) {
  const [room, ...deeper] = specifier.split('/').slice(2)
  if (rooms.includes(room) && deeper.length === 0) return undefined
  if (rooms.includes(room) && deeper.join('/') === 'testkit' && isTest(path)) return undefined
  return `law 1: of core a plugin imports @davit/core/<room> (${rooms.join(', ')}), not "${specifier}"`
}

const builtIns = new Set(
  'assert async_hooks buffer child_process cluster crypto dgram dns events fs http http2 https net os path'.split(' '),
)
function checkBuiltIn(specifier) {
  return builtIns.has(specifier.split('/')[0]) ? `write "node:${specifier}"` : undefined
}

/** The repository path that a relative specifier means, or `undefined` for a package. */
function resolveRelative(path, specifier) {
  return specifier.startsWith('.') ? posix.normalize(posix.join(dirname(path), specifier)) : undefined
}

function packageOf(specifier) {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Checks everything below `root`. */
export function checkTree(root) {
  const manifests = new Map()
  const manifestOf = (home) => {
    if (!manifests.has(home)) manifests.set(home, readManifest(join(root, home, 'package.json')))
    return manifests.get(home)
  }
  const breaches = []
  let files = 0
  for (const area of areas) {
    const found = walk(join(root, area))
    if (found.length === 0)
      breaches.push({ path: area, line: 1, message: 'no source file was found here, so nothing was checked' })
    for (const file of found) {
      const path = relative(root, file).split(sep).join('/')
      breaches.push(...checkFile(path, readFileSync(file, 'utf8'), manifestOf))
    }
    files += found.length
  }
  return { files, breaches }
}

function readManifest(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function walk(folder) {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'generated'].includes(entry.name) ? [] : walk(join(folder, entry.name))
    return entry.name.endsWith('.ts') ? [join(folder, entry.name)] : []
  })
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? '')).href) {
  const root = resolve(process.argv[2] ?? fileURLToPath(new URL('..', import.meta.url)))
  const { files, breaches } = checkTree(root)
  for (const { path, line, message } of breaches) console.error(`${path}:${line}: ${message}`)
  console.log(`laws: ${files} files checked, ${breaches.length} breaches`)
  process.exitCode = breaches.length > 0 ? 1 : 0
}
