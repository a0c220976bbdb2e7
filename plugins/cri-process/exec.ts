import { type ChildProcess, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { type ExecRequest, type ExecResult, type Runtime, RuntimeError, toolEnvironment } from '@davit/core/node'
import { waitForEnd } from './endings.js'
import { initProcess } from './find-process.js'
import { terminalEnvironment, terminalTool, wordsOf } from './launch.js'
import { endOf, readPieces, until } from './logs.js'
import { shell } from './machine.js'
import { containerPlaces } from './places.js'
import { killAll, treeOf } from './processes.js'
import { enter, inTerminal, step, withPipes } from './scripts.js'
import type { ContainerEntry, State } from './state.js'
import { followSizes, pump, writeAll } from './streams.js'
import { openInput, outside, terminalOf } from './terminal.js'

const longestOutput = 64 * 1024

export function createExec(state: State): Pick<Runtime, 'exec' | 'execSync' | 'attach'> {
  const running = (id: string): ContainerEntry => {
    const entry = state.containers.get(id)
    if (!entry || entry.startedAt === 0 || entry.ending)
      throw new RuntimeError('RunContainerError', `container ${id} does not run`)
    return entry
  }
  return {
    async exec(id, request) {
      return { exitCode: await execute(state, running(id), request) }
    },
    async execSync(id, command, timeoutMs) {
      const [stdout, stderr] = [collect(), collect()]
      const late = new AbortController()
      const timer = timeoutMs > 0 ? state.clock.setTimer(timeoutMs, () => late.abort()) : undefined
      const result = (exitCode: number, timedOut: boolean): ExecResult => {
        return { exitCode, stdout: stdout.bytes(), stderr: stderr.bytes(), timedOut }
      }
      try {
        const request = { command, tty: false, stdin: undefined, stdout: stdout.add, stderr: stderr.add, resize: nothing() }
        return result(await execute(state, running(id), { ...request, signal: late.signal }), false)
      } catch (error) {
        if (late.signal.aborted) return result(137, true)
        throw error
      } finally {
        timer?.cancel()
      }
    },
    attach: (id, request) => attach(state, running(id), request),
  }
}

/** Starts the chain: into the container's groups and namespaces, with its rights, to the command. */
async function begin(state: State, entry: ContainerEntry, { command, tty, stdin }: ExecRequest): Promise<ChildProcess> {
  const { machine, groups } = state
  const { record } = entry
  const first = await initProcess(entry)
  if (first === undefined) throw new RuntimeError('RunContainerError', `container ${record.id} does not run`)
  const joins = groups?.joins(record.id) ?? []
  const inside = machine.namespaces ? ['nsenter', `--target=${first}`, '-m', '-u', '-i', '-n', '-p', '--'] : []
  const last = tty ? [terminalTool(machine), '-qefc', inTerminal, '/dev/null'] : [shell, '-c', step]
  const chain = ['-c', enter, 'davit-enter', `${joins.length}`, ...joins, ...inside, ...last]
  const child = spawn(shell, tty ? chain : ['-c', withPipes, 'davit-exec', shell, ...chain], {
    detached: true,
    cwd: '/',
    env: tty ? terminalEnvironment : toolEnvironment,
    stdio: [stdin || tty ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  })
  const environment = tty ? ['TERM=xterm', ...record.environment] : record.environment
  const [words] = (child.stdio as readonly unknown[]).slice(4) as Writable[]
  feed(words, wordsOf({ ...record, environment }, command, machine))
  return child
}

async function execute(state: State, entry: ContainerEntry, request: ExecRequest): Promise<number> {
  const { signal, tty, stdin, stdout, stderr, resize } = request
  signal.throwIfAborted()
  const child = await begin(state, entry, request)
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? 137))
  })
  let killing: Promise<void> | undefined
  const onAbort = (): void => {
    killing = killTree(child)
  }
  if (signal.aborted) onAbort()
  signal.addEventListener('abort', onAbort, { once: true })
  const status = statusOf(child.stdio[3] as Readable)
  const stopSizes = tty ? followSizes(resize, terminalOfExec(state, entry, status.terminal)) : undefined
  try {
    const input = stdin ? writeAll(child.stdin as Writable, stdin) : undefined
    if (tty && !stdin) holdOpen(child)
    await Promise.all([pump(child.stdout as Readable, stdout), pump(child.stderr as Readable, stderr), ended])
    await killing
    signal.throwIfAborted()
    input?.stop()
    const { exitCode, problem } = await status.end
    if (problem !== '') await stderr?.(Buffer.from(`${problem}\n`))
    return exitCode ?? (await ended)
  } finally {
    stopSizes?.()
    signal.removeEventListener('abort', onAbort)
    if (child.exitCode === null && child.signalCode === null) await killTree(child)
    for (const stream of child.stdio) stream?.destroy()
  }
}

async function terminalOfExec(state: State, entry: ContainerEntry, name: Promise<string>): Promise<string | undefined> {
  return outside(state, await initProcess(entry), await name)
}

/** The end of its input would be the end of the terminal. */
function holdOpen({ stdin }: ChildProcess): void {
  stdin?.on('error', () => {})
}

async function killTree({ pid }: ChildProcess): Promise<void> {
  if (pid !== undefined) killAll(await treeOf(pid))
}

function feed(stream: Writable | undefined, text: string): void {
  // A command that fails at once need not have read it.
  stream?.on('error', () => {})
  stream?.end(text)
}

interface Status {
  /** The name of the terminal, as the container sees it; never, without one. */
  readonly terminal: Promise<string>
  readonly end: Promise<{ readonly exitCode: number | undefined; readonly problem: string }>
}

/** What the scripts say on their third descriptor. */
function statusOf(stream: Readable): Status {
  let said = ''
  let found: (name: string) => void = () => {}
  const terminal = new Promise<string>((resolve) => (found = resolve))
  const end = new Promise<{ exitCode: number | undefined; problem: string }>((resolve) => {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const name = /^tty (\/dev\/\S+)\n/m.exec(said)?.[1]
      if (name) found(name)
    })
    stream.once('close', () => {
      const code = /^exit (\d+)$/m.exec(said)?.[1]
      const problem = said.replace(/^(exit \d+|tty .*|ready)\n/gm, '').trim()
      resolve({ exitCode: code === undefined ? undefined : Number(code), problem })
    })
    stream.on('error', () => {})
  })
  return { terminal, end }
}

async function attach(state: State, entry: ContainerEntry, request: Omit<ExecRequest, 'command'>): Promise<void> {
  const { stdin, stdout, stderr, tty, signal, resize } = request
  signal.throwIfAborted()
  const places = containerPlaces(state.places, entry.record.id)
  // What is said from now on, and first of all the answer to what is written.
  const from = await endOf(places)
  const growth = until(entry, places, signal)
  const input = stdin && entry.record.config.stdin ? await openInput(places.stdin) : undefined
  const stopSizes = tty ? followSizes(resize, terminalOf(state, entry)) : undefined
  const writing = stdin && input ? writeAll(input, stdin, { keepOpen: true }) : undefined
  try {
    // Both streams are one in the log, and come as standard output.
    const out = stdout ?? stderr
    for await (const { data } of readPieces(places.log, from, growth, signal)) await out?.(data)
    if (!signal.aborted) await waitForEnd(state, entry, Number.POSITIVE_INFINITY, signal)
  } finally {
    writing?.stop()
    stopSizes?.()
    growth.close()
    input?.destroy()
  }
}

/** Keeps the beginning and reads on, so that the process is not held up. */
function collect(): { add(chunk: Uint8Array): Promise<void>; bytes(): Uint8Array } {
  const kept: Uint8Array[] = []
  let size = 0
  return {
    async add(chunk) {
      if (size < longestOutput) kept.push(chunk.subarray(0, longestOutput - size))
      size += chunk.length
    },
    bytes: () => Buffer.concat(kept),
  }
}

async function* nothing(): AsyncGenerator<never> {}
