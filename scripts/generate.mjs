/**
 * Writes the documents that follow from the code: `docs/errors.md` from the table of error codes, and
 * `core/api-report.md`, core's whole public surface, so that a change of it shows in a diff.
 *
 *   node scripts/generate.mjs [--check]      --check writes nothing and fails where a document is out of date
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tsImport } from 'tsx/esm/api'

const root = fileURLToPath(new URL('..', import.meta.url))
const core = join(root, 'core')

async function errorsDocument() {
  const { errorTable } = await tsImport('../core/kernel/errors.ts', import.meta.url)
  const rows = Object.entries(errorTable).map(
    ([code, { meaning, action }]) => `### ${code}\n\n${meaning}\n\n*What to do:* ${action}\n`,
  )
  return `<!-- Made by scripts/generate.mjs from core/kernel/errors.ts; edit that file. -->
# Error codes

Every error that Davit shows to a user has one of these codes. They never change their meaning.

${rows.join('\n')}`
}

/** What a plugin can see of core: the declarations of each room's contract, and of what the contract re-exports. */
function apiReport() {
  const out = mkdtempSync(join(tmpdir(), 'davit-report-'))
  try {
    const { exports } = JSON.parse(readFileSync(join(core, 'package.json'), 'utf8'))
    const rooms = Object.entries(exports).filter(([name, { source }]) => isContract(name, source))
    emitDeclarations(
      rooms.map(([, { source }]) => join(core, source)),
      out,
    )
    const sections = rooms.map(
      ([name, { source }]) => `## @davit/core${name.slice(1)}\n\n\`\`\`ts\n${declarationsOf(source, out)}\`\`\`\n`,
    )
    return `<!-- Made by scripts/generate.mjs from the contracts; run \`node scripts/generate.mjs\` after changing one. -->
# The public surface of core

What plugins may import, without its comments. A change here is a change that plugins see.

${sections.join('\n')}`
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}

function isContract(name, source) {
  return /^\.\/[a-z]+$/.test(name) && source.endsWith('/contract.ts')
}

function emitDeclarations(files, out) {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const options = ['--ignoreConfig', '--declaration', '--emitDeclarationOnly', '--noEmit', 'false', '--removeComments']
  const settings = ['--target', 'ES2023', '--lib', 'ES2023', '--module', 'nodenext', '--types', 'node', '--strict']
  const rest = [
    '--exactOptionalPropertyTypes',
    '--skipLibCheck',
    '--customConditions',
    'source',
    '--rootDir',
    core,
    '--outDir',
    out,
  ]
  try {
    execFileSync(tsc, [...options, ...settings, ...rest, ...files], { cwd: root, stdio: 'pipe' })
  } catch (error) {
    throw new Error(`the declarations of core cannot be made:\n${error.stdout}${error.stderr}`)
  }
}

/** Whose changes show in a committed file of their own. */
const generated = new Set(['kinds/types.d.ts'])

/** The contract's declarations, then those of the files whose names it re-exports. */
function declarationsOf(source, out) {
  const contract = normalize(source).replace(/\.ts$/, '.d.ts')
  const text = readDeclarations(join(out, contract))
  const parts = [`// ${relative('.', contract)}\n${text}`]
  for (const file of reexported(text)) {
    const path = join(dirname(contract), file.replace(/\.js$/, '.d.ts'))
    if (generated.has(path)) {
      parts.push(`// ${path} is made from the field table, and committed beside it\n`)
      continue
    }
    const full = readDeclarations(join(out, path))
    const names = namesFrom(text, file)
    parts.push(`// ${path}\n${names ? pick(full, names) : full}`)
  }
  return parts.join('\n')
}

function readDeclarations(file) {
  if (!existsSync(file)) throw new Error(`no declarations were made for ${file}`)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '' && line !== 'export {};')
    .join('\n')
    .concat('\n')
}

function reexported(text) {
  return [
    ...new Set(
      [...text.matchAll(/^export (?:type )?(?:\{[^}]*\}|\*(?: as \w+)?) from ['"](\.[^'"]+)['"]/gm)].map((match) => match[1]),
    ),
  ]
}

/** The names that a contract takes from a file, or `undefined` for all. */
function namesFrom(text, file) {
  const names = []
  for (const [, list, from] of text.matchAll(/^export (?:type )?(\{[^}]*\}|\*(?: as \w+)?) from ['"](\.[^'"]+)['"]/gm)) {
    if (from !== file) continue
    if (list.startsWith('*')) return undefined
    names.push(
      ...list
        .slice(1, -1)
        .split(',')
        .map(
          (name) =>
            name
              .trim()
              .replace(/^type /, '')
              .split(' as ')[0],
        ),
    )
  }
  return names.filter((name) => name !== '')
}

/** The statements of a declaration file that declare one of `names`. */
function pick(text, names) {
  const statements = text.split(/^(?=export |declare |interface |type |import )/m)
  const wanted = statements.filter((statement) =>
    names.some((name) =>
      new RegExp(`^(export )?(declare )?(abstract )?(const|let|function|class|interface|type) ${name}\\b`).test(statement),
    ),
  )
  return wanted.join('')
}

const documents = [
  [join(root, 'docs/errors.md'), await errorsDocument()],
  [join(core, 'api-report.md'), apiReport()],
]
const check = process.argv.includes('--check')
for (const [file, text] of documents) {
  const name = relative(root, file)
  const current = existsSync(file) ? readFileSync(file, 'utf8') : undefined
  if (current === text) console.log(`${name} is up to date`)
  else if (check) {
    console.error(`${name} is out of date: run node scripts/generate.mjs and commit it`)
    process.exitCode = 1
  } else {
    writeFileSync(file, text)
    console.log(`${name} was written`)
  }
}
