/**
 * Runs the tests of one file, by itself, once the module body is done. uvu runs and prints them; what it lacks is added
 * here: a deadline that names the test, skips with a reason, hooks that cannot derail the rest, uncaught errors, a
 * check for what is left open, and an exit by force.
 */
import './uvu-defer.js'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exec, suite as uvuSuite } from 'uvu'
import { Assertion } from 'uvu/assert'
import { leakedSince, openResources } from './leaks.js'
import { type Capability, isRequired, missing } from './machine.js'
import { type Outcome, report } from './report.js'

export interface TestOptions {
  /** How long the test may take, its `beforeEach` and `afterEach` included. Default 10,000. */
  readonly timeoutMs?: number
  /** Without one of these the test is skipped, with the reason, or fails where `DAVIT_REQUIRE` names it. */
  readonly requires?: readonly Capability[]
}

/** What a test function may use. */
export interface TestContext {
  /** Aborted when the test is over, by its deadline too. */
  readonly signal: AbortSignal
  /** Undone last-in first-out after the test, also when it failed. */
  defer(undo: () => unknown): void
  /** A fresh directory that is removed after the test. */
  directory(): Promise<string>
}

export type TestFunction = (context: TestContext) => unknown
export type Hook = () => unknown

/** A group of tests with its own hooks; groups run in the order in which they were made. */
export interface Suite {
  (name: string, run: TestFunction, options?: TestOptions): void
  /** Once, before the first test of the group. When it throws, every test of the group fails with its error. */
  before(hook: Hook): void
  /** Once, after the last test of the group, also when tests failed. */
  after(hook: Hook): void
  beforeEach(hook: Hook): void
  /** After each test, also when it failed. */
  afterEach(hook: Hook): void
}

interface Group {
  readonly name: string
  readonly before: Hook[]
  readonly after: Hook[]
  readonly beforeEach: Hook[]
  readonly afterEach: Hook[]
  readonly uvu: ReturnType<typeof uvuSuite>
  size: number
  ready?: Promise<void>
}

const defaultTimeoutMs = 10_000
const start = openResources()
const groups: Group[] = []
const totals: Record<Outcome, number> = { passed: 0, failed: 0, skipped: 0 }
const skips: string[] = []
let running: string | undefined
let ended = 0
let scheduled = false

if (/\.test\.[mc]?[jt]s$/.test(process.argv[1] ?? '')) {
  process.on('exit', () => {
    if (scheduled) return
    console.error('This file has no test.')
    process.exitCode = 1
  })
}

/** Makes a group; `name` stands before the names of its tests. */
export function suite(name: string): Suite {
  const group: Group = { name, before: [], after: [], beforeEach: [], afterEach: [], uvu: uvuSuite(name), size: 0 }
  groups.push(group)
  group.uvu.after(() => step(`${name || 'file'}: after`, async () => all(group.after)))
  const add = (test: string, run: TestFunction, options: TestOptions = {}): void => {
    schedule()
    group.size += 1
    const full = name ? `${name}: ${test}` : test
    group.uvu(test, () => runTest(group, full, run, options))
  }
  return Object.assign(add, {
    before: (hook: Hook) => void group.before.push(hook),
    after: (hook: Hook) => void group.after.push(hook),
    beforeEach: (hook: Hook) => void group.beforeEach.push(hook),
    afterEach: (hook: Hook) => void group.afterEach.push(hook),
  })
}

async function runTest(group: Group, name: string, run: TestFunction, options: TestOptions): Promise<void> {
  const began = performance.now()
  const finish = (outcome: Outcome, reason?: string): void => {
    totals[outcome] += 1
    ended += 1
    report({ type: 'end', test: name, outcome, ms: performance.now() - began, ...(reason ? { reason } : {}) })
  }
  report({ type: 'begin', test: name })
  running = name
  try {
    const lack = await lackOf(options.requires ?? [])
    if (lack) {
      skips.push(`${name}: ${lack}`)
      return finish('skipped', lack)
    }
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs
    group.ready ??= within(defaultTimeoutMs, `${group.name || 'file'}: before`, () => all(group.before))
    await group.ready
    await isolated(timeoutMs, name, group, run)
    finish('passed')
  } catch (error) {
    finish('failed', error instanceof Error ? error.message : String(error))
    throw printable(error)
  } finally {
    running = undefined
  }
}

async function isolated(timeoutMs: number, name: string, group: Group, run: TestFunction): Promise<void> {
  const over = new AbortController()
  const undos: (() => unknown)[] = []
  const context: TestContext = {
    signal: over.signal,
    defer: (undo) => void undos.push(undo),
    async directory() {
      const path = await mkdtemp(join(tmpdir(), 'davit-test-'))
      undos.push(() => rm(path, { recursive: true, force: true }))
      return path
    },
  }
  const errors: unknown[] = []
  const attempt = async (what: string, work: () => unknown): Promise<void> => {
    try {
      await within(timeoutMs, what, work)
    } catch (error) {
      errors.push(error)
    }
  }
  await attempt(name, async () => {
    await all(group.beforeEach)
    await run(context)
  })
  over.abort(new Error(`the test "${name}" is over`))
  for (const undo of undos.reverse()) await attempt(`${name}: undo`, undo)
  for (const hook of group.afterEach) await attempt(`${name}: afterEach`, hook)
  if (errors.length > 0) throw errors[0]
}

/** uvu prints assertions from fields such as `details`, which on another error may be anything and would derail it. */
function printable(error: unknown): Error {
  if (error instanceof Assertion) return error
  if (!(error instanceof Error)) return new Error(`thrown: ${String(error)}`)
  const shown = new Error('code' in error ? `${error.message} (${String(error.code)})` : error.message)
  const cause = error.cause instanceof Error ? `\ncaused by ${error.cause.stack}` : ''
  shown.stack = `${error.stack ?? error.message}${cause}`
  return shown
}

async function lackOf(requires: readonly Capability[]): Promise<string | undefined> {
  for (const capability of requires) {
    const reason = await missing(capability)
    if (reason === undefined) continue
    if (isRequired(capability)) throw new Error(`DAVIT_REQUIRE names ${capability}, but: ${reason}`)
    return `needs ${capability}: ${reason}`
  }
  return undefined
}

async function all(hooks: readonly Hook[]): Promise<void> {
  for (const hook of hooks) await hook()
}

async function within(timeoutMs: number, what: string, work: () => unknown): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`"${what}" did not end within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([Promise.resolve().then(work), late])
  } finally {
    clearTimeout(timer)
  }
}

/** Something outside a test that counts only when it fails. */
async function step(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await within(defaultTimeoutMs, name, work)
  } catch (error) {
    fail(name, error)
  }
}

function fail(name: string, error: unknown): void {
  totals.failed += 1
  const reason = error instanceof Error ? error.message : String(error)
  process.stderr.write(`\nFAIL "${name}"\n${error instanceof Error ? error.stack : reason}\n`)
  report({ type: 'end', test: name, outcome: 'failed', ms: 0, reason })
}

function schedule(): void {
  if (scheduled) return
  scheduled = true
  // Nobody reads what comes out: the runner was killed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(1))
  process.on('uncaughtException', (error) => fail(`uncaught error${running ? ` during "${running}"` : ''}`, error))
  void bodyDone().then(runAll)
}

// Importing the entry again yields the same module, and waits until its body, awaits included, is done.
async function bodyDone(): Promise<void> {
  const entry = process.argv[1]
  if (entry) await import(pathToFileURL(entry).href).catch((error) => fail('module body', error))
}

async function runAll(): Promise<void> {
  const queue: unknown[] = [null]
  globalThis.UVU_QUEUE = [queue]
  for (const group of groups) if (group.size > 0) group.uvu.run()
  await exec()
  const declared = groups.reduce((sum, group) => sum + group.size, 0)
  if (ended < declared) fail('runner', new Error(`${declared - ended} of ${declared} tests did not run`))
  const leaked = await leakedSince(start)
  if (leaked.length > 0) fail('leak check', new Error(`still open after the last test: ${leaked.join(', ')}`))
  for (const skip of skips) process.stdout.write(`skipped ${skip}\n`)
  const counts = `${totals.passed} passed, ${totals.failed} failed`
  process.stdout.write(`${counts}${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}\n`)
  report({ type: 'done' })
  process.exit(totals.failed > 0 || process.exitCode ? 1 : 0)
}
