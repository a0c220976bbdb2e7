/** Runs the files and says what came out. */
import type { TestFile } from './run-files.js'
import { type FileResult, type Program, runFile } from './run-process.js'

const atOnce = 2
/** More failures than these are no accident of timing. */
const mostAgain = 3

/**
 * Two files at a time: first those that run beside anything, then those that need a part of the machine, no two that need
 * the same at once; at last, one at a time, those that run alone. `onResult` hears of each as it ends.
 */
export async function runFiles(
  root: string,
  files: readonly TestFile[],
  program: Program,
  onResult: (result: FileResult) => void,
): Promise<FileResult[]> {
  const results: FileResult[] = []
  const run = async (file: TestFile): Promise<void> => {
    const result = await runFile(root, file, program)
    results.push(result)
    onResult(result)
  }
  await runApart(
    files.filter((file) => !file.alone && file.apart.length === 0),
    atOnce,
    run,
  )
  await runApart(
    files.filter((file) => file.apart.length > 0),
    atOnce,
    run,
  )
  await runApart(
    files.filter((file) => file.alone),
    1,
    run,
  )
  return results
}

/** Runs the first file whose names are free whenever one of `most` places is. */
async function runApart(files: readonly TestFile[], most: number, run: (file: TestFile) => Promise<void>): Promise<void> {
  const waiting = [...files]
  const running = new Map<TestFile, Promise<void>>()
  const isFree = (file: TestFile) => [...running.keys()].every((other) => !other.apart.some((name) => file.apart.includes(name)))
  while (waiting.length > 0 || running.size > 0) {
    const next = running.size < most ? waiting.findIndex(isFree) : -1
    const [file] = next < 0 ? [] : waiting.splice(next, 1)
    if (file)
      running.set(
        file,
        run(file).finally(() => running.delete(file)),
      )
    else await Promise.race(running.values())
  }
}

/**
 * Runs what failed once more, alone, to tell a defect that shows each time from one that shows now and then. Returns all
 * results with the newer ones in place, and the paths of the files that failed and then passed.
 */
export async function runAgain(
  root: string,
  files: readonly TestFile[],
  results: readonly FileResult[],
  program: Program,
  onResult: (result: FileResult) => void,
): Promise<{ readonly results: readonly FileResult[]; readonly unsteady: readonly string[] }> {
  const failed = files.filter((file) => results.some((result) => result.path === file.path && count([result]).failed > 0))
  if (failed.length > mostAgain) return { results, unsteady: [] }
  const again = new Map<string, FileResult>()
  for (const file of failed) {
    const result = await runFile(root, file, program)
    again.set(file.path, result)
    onResult(result)
  }
  const unsteady = [...again].filter(([, result]) => count([result]).failed === 0).map(([path]) => path)
  return { results: results.map((result) => again.get(result.path) ?? result), unsteady }
}

/** One line for a file that passed; everything it printed for one that did not. */
export function printFile(result: FileResult): void {
  const { passed, failed, skipped } = count([result])
  const seconds = (result.ms / 1_000).toFixed(1)
  const skips = skipped > 0 ? `, ${skipped} skipped` : ''
  if (failed === 0) {
    console.log(`ok    ${result.path}  ${passed} passed${skips}  ${seconds} s`)
    return
  }
  console.log(`FAIL  ${result.path}  ${passed} passed, ${failed} failed${skips}  ${seconds} s`)
  if (result.fault) console.log(`      ${result.fault}`)
  for (const { test, outcome, reason } of result.tests) {
    if (outcome === 'failed') console.log(`      "${test}": ${reason.split('\n')[0]}`)
  }
  console.log(result.output.trimEnd().replace(/^/gm, '    | '))
}

/** What was skipped, gathered by reason. */
export function printSkips(results: readonly FileResult[]): void {
  const byReason = new Map<string, string[]>()
  for (const { path, tests } of results) {
    for (const { test, outcome, reason } of tests) {
      if (outcome === 'skipped') byReason.set(reason, [...(byReason.get(reason) ?? []), `${path}: ${test}`])
    }
  }
  for (const [reason, tests] of [...byReason].sort()) {
    console.log(`\nskipped, ${reason}`)
    for (const test of tests.sort()) console.log(`      ${test}`)
  }
}

export function closingLine(results: readonly FileResult[]): { readonly line: string; readonly ok: boolean } {
  const { passed, failed, skipped } = count(results)
  // No test at all is a failure: a wrong filter or folder must not look like success.
  const failures = passed + failed + skipped === 0 ? 1 : failed
  return {
    line: `${passed} passed, ${failures} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
    ok: failures === 0,
  }
}

/** A file that failed as a whole counts as one failure more. */
function count(results: readonly FileResult[]): { passed: number; failed: number; skipped: number } {
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const { tests, fault } of results) {
    for (const { outcome } of tests) totals[outcome] += 1
    if (fault) totals.failed += 1
  }
  return totals
}
