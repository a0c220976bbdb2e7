/**
 * Runs test files, each in a process of its own, two at a time.
 *
 *   run.ts [--coverage] [--list] [--again] [filter …]
 *
 * A filter is a part of a path; without one every `*.test.ts` of the repository runs. In its first lines a file may say
 * `// @serial docker network` (no other file with one of these names runs beside it), `// @serial` (none at all does) and
 * `// @timeout 300` (seconds; 120 is the default). With `--again`
 * up to three files that failed run once more, alone; one that passes then is printed as UNSTEADY and counts as passed.
 * The last line printed is `N passed, N failed`; the exit code is not 0 when something failed or nothing ran.
 */
import { spawnSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleTests } from './bundle.js'
import { unknownRequirements } from './machine.js'
import { findTests, type TestFile } from './run-files.js'
import type { Program } from './run-process.js'
import { closingLine, printFile, printSkips, runAgain, runFiles } from './run-report.js'
import { sourceArgs } from './source-args.js'

const root = process.env.DAVIT_TEST_ROOT ?? fileURLToPath(new URL('../..', import.meta.url))
const args = process.argv.slice(2)
const flags = args.filter((arg) => arg.startsWith('--'))
const filters = args.filter((arg) => !arg.startsWith('--'))
// A signal alone would end this process and leave its files running: they are killed when it exits.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))
const unknown = flags.find((flag) => !['--coverage', '--list', '--again'].includes(flag))

if (unknown) {
  console.error(`unknown option ${unknown}; there are --coverage, --list and --again`)
  process.exitCode = 2
} else if (unknownRequirements().length > 0) {
  console.error(`DAVIT_REQUIRE names what no test can require: ${unknownRequirements().join(', ')}`)
  process.exitCode = 2
} else {
  await run()
}

async function run(): Promise<void> {
  const files = await findTests(root, filters)
  if (flags.includes('--list')) {
    for (const file of files) console.log(file.path)
    return
  }
  const covered = flags.includes('--coverage')
  // Node writes its coverage there, in every process that the tests start.
  if (covered) process.env.NODE_V8_COVERAGE = await emptyFolder(join(root, 'coverage/tmp'))
  const program = await programOf(files, covered)
  const first = await runFiles(root, files, program, printFile)
  const { results, unsteady } = flags.includes('--again')
    ? await runAgain(root, files, first, program, printFile)
    : { results: first, unsteady: [] }
  printSkips(results)
  for (const path of unsteady) console.log(`\nUNSTEADY ${path}: it failed and then passed alone, which is a defect to look for`)
  if (files.length === 0) console.log(`no test file${filters.length > 0 ? ` matches ${filters.join(' ')}` : ''}`)
  const { line, ok } = closingLine(results)
  const reported = !covered || reportCoverage()
  console.log(line)
  process.exitCode = ok && reported ? 0 : 1
}

/** Coverage is of the lines of the sources, so they run as they are. */
async function programOf(files: readonly TestFile[], covered: boolean): Promise<Program> {
  const fromSource: Program = (path) => [...sourceArgs, join(root, path)]
  if (covered) return fromSource
  try {
    const paths = files.map(({ path }) => path)
    const bundle = await bundleTests(root, paths)
    return (path) => ['--enable-source-maps', bundle(path)]
  } catch (error) {
    console.log(`${error instanceof Error ? error.message : String(error)}\nSo each file runs from its source, which is slow.`)
    return fromSource
  }
}

async function emptyFolder(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true })
  return path
}

/** A summary here, the lines in `coverage/lcov.info`. */
function reportCoverage(): boolean {
  delete process.env.NODE_V8_COVERAGE
  const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js')
  const exclude = ['**/*.test.ts', '**/testkit/**', '**/testing.ts', 'core/testing/**'].flatMap((pattern) => [
    '--exclude',
    pattern,
  ])
  const options = ['--temp-directory', 'coverage/tmp', '--reporter', 'text-summary', '--reporter', 'lcov', ...exclude]
  return spawnSync(process.execPath, [c8, 'report', ...options], { stdio: 'inherit', cwd: root }).status === 0
}
