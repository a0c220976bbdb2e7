/** The process that holds the process namespace of a sandbox whose containers share one. */
import { spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { toolEnvironment } from '@davit/core/node'
import { shell } from './machine.js'
import type { SandboxPlaces } from './places.js'
import { argumentsOf, childrenOf } from './processes.js'
import { pause } from './scripts.js'

const pauseName = 'davit-pause'

export async function startPause(places: SandboxPlaces): Promise<void> {
  const command = ['--pid', '--fork', '--kill-child', '--', shell, '-c', pause, pauseName, places.directory]
  const child = spawn('unshare', command, { detached: true, cwd: '/', env: toolEnvironment, stdio: ['ignore', 'pipe', 'ignore'] })
  child.unref()
  // It says a word once it runs: only then is it a child of unshare.
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`no process namespace could be made (${code})`)))
    child.stdout.once('data', () => resolve())
  })
  child.stdout.destroy()
  const [first] = await childrenOf(child.pid ?? 0)
  if (first === undefined) throw new Error('no process namespace could be made')
  await writeFile(places.pausePid, `${first}`)
}

export async function pausePidOf(places: SandboxPlaces): Promise<number | undefined> {
  const pid = Number(await readFile(places.pausePid, 'utf8').catch(() => '0'))
  if (pid === 0) return undefined
  const words = await argumentsOf(pid)
  return words[3] === pauseName && words[4] === places.directory ? pid : undefined
}
