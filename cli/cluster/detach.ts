import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, statSync, writeSync } from 'node:fs'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'
import { refuseSecond } from './claim.js'
import { directoryError, makeDirectory } from './data-directory.js'
import { dataDirectoryOf, type UpFlags } from './flags.js'
import { loadClusterConfig } from './load-config.js'

/** Starts the same command in a process of its own and waits for its ready line. Its output goes to davit.log. */
export async function detach(flags: UpFlags, args: readonly string[]): Promise<string> {
  const { config } = await loadClusterConfig(flags.config)
  const directory = path.resolve(dataDirectoryOf(flags['data-dir'], config.dataDirectory))
  try {
    makeDirectory(directory)
    accessSync(directory, constants.W_OK)
  } catch (error) {
    throw directoryError(directory, error)
  }
  // Before the log of the one that runs gets lines of another.
  await refuseSecond(directory)
  const file = path.join(directory, 'davit.log')
  const { log, begin } = openLog(file, new Date().toISOString())
  const words = [process.argv[1] ?? '', ...args.filter((word) => word !== '--detach')]
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const { ready, warnings } = await readyLine(child, () => readFileSync(file).subarray(begin).toString())
  child.unref()
  return `${warnings}${ready}\nlog: ${file}\nstop it with: davit down --data-dir ${directory}`
}

/** Former lives stay to be read: what ended one may matter after the next has begun. `begin` is where this one's lines begin. */
export function openLog(
  file: string,
  now: string,
  maxBytes = 10 * 1024 * 1024,
): { readonly log: number; readonly begin: number } {
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) >= maxBytes) renameSync(file, `${file}.1`)
  const log = openSync(file, 'a', 0o600)
  writeSync(log, `--- davit up at ${now}\n`)
  return { log, begin: statSync(file).size }
}

/** Not every file system tells when a file grows; so it is looked at until the child is ready or gone. */
async function readyLine(child: ChildProcess, read: () => string): Promise<{ ready: string; warnings: string }> {
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  for (;;) {
    const text = read()
    const ready = /^ready: .*$(?=\n)/m.exec(text)
    if (ready) return { ready: ready[0], warnings: warningsOf(text.slice(0, ready.index)) }
    const end = await Promise.race([ended, new Promise<undefined>((resolve) => setTimeout(resolve, 50, undefined))])
    if (end !== undefined) throw new CliError(`the cluster did not start (${end}):\n${read().trim()}`)
  }
}

/** What was logged before the cluster was ready, such as another runtime than was hoped for: each message on a line. */
export function warningsOf(text: string): string {
  const warnings = text.matchAll(/^\{"level":[4-9]\d,.*"msg":("(?:[^"\\]|\\.)*")\}$/gm)
  return [...warnings].map(([, message = '""']) => `warning: ${JSON.parse(message)}\n`).join('')
}
