import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'
import { refuseSecond } from './claim.js'
import { dataDirectoryOf, type UpFlags } from './flags.js'
import { loadClusterConfig } from './load-config.js'

/** Starts the same command in a process of its own and waits for its ready line. Its output goes to davit.log. */
export async function detach(flags: UpFlags, args: readonly string[]): Promise<string> {
  const { config } = await loadClusterConfig(flags.config)
  const directory = path.resolve(dataDirectoryOf(flags['data-dir'], config.dataDirectory))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Before the log of the one that runs is begun anew.
  await refuseSecond(directory)
  const file = path.join(directory, 'davit.log')
  const log = openSync(file, 'w', 0o600)
  const words = [process.argv[1] ?? '', ...args.filter((word) => word !== '--detach')]
  const child = spawn(process.execPath, words, { detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const ready = await readyLine(child, file)
  child.unref()
  return `${ready}\nlog: ${file}\nstop it with: davit down --data-dir ${directory}`
}

/** Not every file system tells when a file grows; so it is looked at until the child is ready or gone. */
async function readyLine(child: ChildProcess, file: string): Promise<string> {
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  for (;;) {
    const ready = /^ready: .*$(?=\n)/m.exec(readFileSync(file, 'utf8'))
    if (ready) return ready[0]
    const end = await Promise.race([ended, new Promise<undefined>((resolve) => setTimeout(resolve, 50, undefined))])
    if (end !== undefined) throw new CliError(`the cluster did not start (${end}):\n${readFileSync(file, 'utf8').trim()}`)
  }
}
