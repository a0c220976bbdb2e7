/** One test file in a process group of its own, which is killed as a whole when the file is stuck. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Outcome, parseReport, type ReportLine } from './report.js'
import type { TestFile } from './run-files.js'

export interface TestResult {
  readonly test: string
  readonly outcome: Outcome
  readonly reason: string
}

export interface FileResult {
  readonly path: string
  readonly ms: number
  readonly tests: readonly TestResult[]
  /** Why the file failed as a whole, besides its tests; empty when it did not. */
  readonly fault: string
  readonly output: string
}

/** The words after `node` that run a file, given by its path in the repository. */
export type Program = (path: string) => readonly string[]

let files = 0

export async function runFile(root: string, file: TestFile, program: Program): Promise<FileResult> {
  files += 1
  const reportPath = join(tmpdir(), `davit-report-${process.pid}-${files}.jsonl`)
  const began = performance.now()
  const child = spawn(process.execPath, program(file.path), {
    cwd: root,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DAVIT_TEST_REPORT: reportPath },
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => {
      output += text
    })
  }
  const end = await ended(child, file.timeoutMs)
  const lines = parseReport(await readFile(reportPath, 'utf8').catch(() => ''))
  await rm(reportPath, { force: true })
  const tests = lines.flatMap((line) =>
    line.type === 'end' ? [{ test: line.test, outcome: line.outcome, reason: line.reason ?? '' }] : [],
  )
  return { path: file.path, ms: performance.now() - began, tests, fault: faultOf(end, lines, tests), output }
}

type End = { readonly stuckMs: number } | { readonly code: number | null; readonly signal: string | null }

function ended(child: ChildProcess, timeoutMs: number): Promise<End> {
  return new Promise((resolve) => {
    let exit: End | undefined
    // The pipes may be held by a grandchild that outlives the file: give them a moment, then end the group.
    let drain: NodeJS.Timeout | undefined
    const finish = (end: End): void => {
      clearTimeout(timer)
      clearTimeout(drain)
      process.removeListener('exit', kill)
      kill()
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(end)
    }
    const kill = (): void => killGroup(child)
    const timer = setTimeout(() => finish({ stuckMs: timeoutMs }), timeoutMs)
    process.once('exit', kill)
    child.once('error', (error) => finish({ code: null, signal: error.message }))
    child.once('exit', (code, signal) => {
      exit = { code, signal }
      drain = setTimeout(() => finish({ code, signal }), 2_000)
    })
    child.once('close', () => finish(exit ?? { code: null, signal: 'closed' }))
  })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The whole group is gone already.
  }
}

function faultOf(end: End, lines: readonly ReportLine[], tests: readonly TestResult[]): string {
  const begun = lines.findLast((line) => line.type === 'begin')?.test
  const during = begun !== undefined && !tests.some(({ test }) => test === begun) ? `, in the test "${begun}"` : ''
  if ('stuckMs' in end) return `stuck: killed after ${end.stuckMs / 1_000} s${during}`
  if (!lines.some((line) => line.type === 'done')) {
    if (tests.length === 0 && end.code === 1 && lines.length === 0) return 'no test ran'
    return `ended early (${end.signal ?? `exit code ${end.code}`})${during}`
  }
  if (tests.length === 0) return 'no test ran'
  if (end.code !== 0 && !tests.some(({ outcome }) => outcome === 'failed')) return `exit code ${end.code}`
  return ''
}
