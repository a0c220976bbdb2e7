// @serial machine
import { spawn } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { assert, test } from '@davit/core/testing'
import { containerPlaces, placesOf } from './places.js'
import { argumentsOf, findProcesses } from './processes.js'
import { eventually, readAll, withNode } from './testing.js'

const root = { requires: ['root', 'netns'] as const, timeoutMs: 30_000 }

test(
  'containers outlive a Davit that is killed, and are found again as they were',
  () =>
    withNode(async ({ directory, again, exited }) => {
      const script = 'trap "echo ended; exit 6" TERM; echo up; while :; do sleep 1000 & wait $!; done'
      const { ids, child } = await lifeOf(directory, [script, 'exit 3'])
      child.kill('SIGKILL')
      const runtime = await again()
      const [runs = '', ends = ''] = ids
      assert.is((await runtime.container(runs))?.state, 'running')
      assert.is((await exited(ends, runtime)).exitCode, 3)
      await runtime.stopContainer(runs, 10)
      assert.is((await runtime.container(runs))?.exitCode, 6)
      assert.is(await readAll(runtime, runs), 'up\nended\n')
    }),
  root,
)

test(
  'what ended while Davit was away is known, with its code, its time and all that it said',
  () =>
    withNode(async ({ runtime, sandbox, start, again, directory }) => {
      const gate = `${directory}/gate`
      const mounts = [{ hostPath: directory, containerPath: '/gate', readOnly: false }]
      const id = await start(await sandbox(), 'while ! [ -e /gate/gate ]; do sleep 0.02; done; echo away; exit 9', { mounts })
      await runtime.close()
      await writeFile(gate, '')
      const places = containerPlaces(placesOf({ directory, nodeName: 'test' }), id)
      await eventually('the end is written down', () => readFile(places.exit, 'utf8').catch(() => undefined))
      const next = await again()
      const ended = await next.container(id)
      assert.is(ended?.state, 'exited')
      assert.is(ended?.exitCode, 9)
      assert.is(ended?.reason, 'Error')
      assert.ok(Math.abs((ended?.finishedAt ?? 0) - Date.now()) < 10_000)
      assert.is(await readAll(next, id), 'away\n')
    }),
  root,
)

test(
  'a container whose supervisor is killed has ended, and nothing of it runs on',
  () =>
    withNode(async ({ runtime, sandbox, start, directory }) => {
      const id = await start(await sandbox(), 'exec sleep 1000')
      const places = containerPlaces(placesOf({ directory, nodeName: 'test' }), id)
      process.kill(Number(await readFile(places.pid, 'utf8')), 'SIGKILL')
      const ended = await eventually('an end', async () => {
        const container = await runtime.container(id)
        return container?.state === 'exited' ? container : undefined
      })
      assert.is(ended.exitCode, 137)
      const left = async (): Promise<readonly number[]> => findProcesses((words) => words[4] === id)
      await eventually('nothing runs', async () => ((await left()).length === 0 ? true : undefined))
    }),
  root,
)

test(
  'what was being made when Davit died is cleared away',
  () =>
    withNode(async ({ runtime, sandbox, directory, again }) => {
      const made = await sandbox()
      const places = placesOf({ directory, nodeName: 'test' })
      await runtime.close()
      // As if it had died before the record was written.
      const { rm } = await import('node:fs/promises')
      await rm(`${places.sandboxes}/${made.id}/sandbox.json`)
      const next = await again()
      assert.equal(await next.listSandboxes(), [])
      assert.equal(await readdir(places.sandboxes), [])
      assert.not((await readFile('/proc/self/mountinfo', 'utf8')).includes(made.id))
    }),
  root,
)

test(
  'one supervisor, small programs: nothing of Davit stays in memory beside a container',
  () =>
    withNode(async ({ sandbox, start, directory }) => {
      const id = await start(await sandbox(), 'exec sleep 1000')
      const places = containerPlaces(placesOf({ directory, nodeName: 'test' }), id)
      const { treeOf } = await import('./processes.js')
      const tree = await treeOf(Number(await readFile(places.pid, 'utf8')))
      const names = await Promise.all(tree.map(async (pid) => (await argumentsOf(pid))[0]))
      assert.ok(
        names.every((name) => !name?.includes('node')),
        names.join(', '),
      )
      const kilobytes = await Promise.all(tree.map(privateMemory))
      const total = kilobytes.reduce((sum, value) => sum + value, 0)
      assert.ok(total < 3_000, `${total} kB for ${names.join(', ')}`)
    }),
  root,
)

/** In kB; a process that has ended since it was seen has none. */
async function privateMemory(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ESRCH' || error.code === 'ENOENT') return ''
    throw error
  })
  return [...text.matchAll(/^Private_\w+:\s+(\d+) kB$/gm)].reduce((sum, match) => sum + Number(match[1]), 0)
}

async function lifeOf(directory: string, scripts: readonly string[]) {
  const file = fileURLToPath(new URL('./testing-child.ts', import.meta.url))
  const words = ['--conditions=source', '--import', 'tsx', file, directory, ...scripts]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('close', resolve))
  let said = ''
  for await (const chunk of child.stdout) {
    said += chunk
    if (said.includes('\n')) break
  }
  child.kill('SIGKILL')
  await ended
  return { ...(JSON.parse(said) as { readonly sandbox: string; readonly ids: readonly string[] }), child }
}
