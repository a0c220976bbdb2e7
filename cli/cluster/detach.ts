import { spawn } from 'node:child_process'
import { mkdirSync, openSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { CliError } from '../output/cli-error.js'
import { dataDirectoryOf } from './flags.js'

/** Starts the same command in a process of its own and waits for its ready line. Its output goes to davit.log. */
export async function detach(args: readonly string[]): Promise<string> {
  const rest = args.filter((word) => word !== '--detach')
  const flag = rest.indexOf('--data-dir')
  const directory = path.resolve(dataDirectoryOf(flag < 0 ? undefined : rest[flag + 1], undefined))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const file = path.join(directory, 'davit.log')
  const log = openSync(file, 'w', 0o600)
  const child = spawn(process.execPath, [process.argv[1] ?? '', ...rest], { detached: true, stdio: ['ignore', log, log] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  for (;;) {
    const text = readFileSync(file, 'utf8')
    const ready = text.split('\n').find((line) => line.startsWith('ready: '))
    if (ready) {
      child.unref()
      return `${ready}\nlog: ${file}\nstop it with: davit down --data-dir ${directory}`
    }
    const code = await Promise.race([ended, new Promise<'wait'>((resolve) => setTimeout(() => resolve('wait'), 50))])
    if (code !== 'wait') throw new CliError(`the cluster did not start (exit code ${code}):\n${text.trim()}`)
  }
}
