/** The built command, as a shell starts it. */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestContext } from '@davit/core/testing'

const davit = fileURLToPath(new URL('../bin/davit.js', import.meta.url))

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}
export interface Running {
  readonly pid: number
  readonly stdout: string
  readonly stderr: string
  readonly ended: Promise<Outcome>
  kill(signal: NodeJS.Signals): void
  /** The first line of standard output that matches; rejects when the command ends without one. */
  line(pattern: RegExp): Promise<string>
}

/** Ended with the test, if it still runs then. */
export function start(t: TestContext, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Running {
  const { KUBECONFIG: _kubeconfig, DAVIT_DATA_DIR: _directory, ...env } = process.env
  const child = spawn(process.execPath, [davit, ...args], { env: { ...env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const text = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].on('data', (chunk: Buffer) => {
      text[name] += chunk
      for (const watcher of watchers) watcher()
    })
  }
  const ended = new Promise<Outcome>((resolve) => child.once('close', (code) => resolve({ code, ...text })))
  t.defer(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await ended
  })
  return {
    pid: child.pid ?? 0,
    get stdout() {
      return text.stdout
    },
    get stderr() {
      return text.stderr
    },
    ended,
    kill: (signal) => void child.kill(signal),
    line(pattern) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = text.stdout
            .split('\n')
            .slice(0, -1)
            .find((line) => pattern.test(line))
          if (found !== undefined) resolve(found)
        }
        watchers.add(look)
        look()
        void ended.then(({ code, stderr }) => reject(new Error(`davit ${args.join(' ')} ended with ${code}: ${stderr}`)))
      })
    },
  }
}

export function run(t: TestContext, args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Outcome> {
  return start(t, args, environment).ended
}

/** A cluster that is up, on a free port. */
export async function up(t: TestContext, directory: string, ...flags: readonly string[]): Promise<Running> {
  const running = start(t, ['up', '--data-dir', directory, '--port', '0', ...flags])
  await running.line(/^kubeconfig: /)
  return running
}

export function kubeconfigOf(directory: string): string {
  return path.join(directory, 'kubeconfig')
}
