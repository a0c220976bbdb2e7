// What `npm start` and `npm test` need before their own work: packages and a build.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

async function changedAt(file) {
  try {
    return (await stat(path.join(root, file))).mtimeMs
  } catch {
    return 0
  }
}

async function run(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed with exit code ${code}`)
}

/** Installs packages when the lock file is newer than what is installed, then builds. `say` gets a line for each step. */
export async function prepare({ say }) {
  if ((await changedAt('node_modules/.package-lock.json')) < (await changedAt('package-lock.json'))) {
    say('installing packages')
    // Not `npm ci`: it refuses a lock file without the optional packages of other platforms, which a registry may lack.
    await run('npm', ['install', '--no-save', '--loglevel=error'])
  }
  say('building')
  await run(process.execPath, [path.join(root, 'scripts/build.mjs')])
}
