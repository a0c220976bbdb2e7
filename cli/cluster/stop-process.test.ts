import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { assert, type TestContext, test } from '@davit/core/testing'
import { isAlive, type RunningState } from './state.js'
import { stopProcess } from './stop-process.js'

async function running(t: TestContext, script: string): Promise<{ child: ChildProcess; state: RunningState }> {
  const child = spawn(process.execPath, ['-e', `${script}; setInterval(() => {}, 1000); console.log('up')`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.defer(async () => {
    child.kill('SIGKILL')
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  })
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data')
  const startTicks = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19] ?? ''
  return { child, state: { pid: child.pid ?? 0, startTicks, url: '', nodes: [], drivers: [], podCidr: '' } }
}
const deaf = "process.on('SIGTERM', () => {})"

test('a process that stops when it is asked is waited for', async (t) => {
  const { state } = await running(t, '')
  const said: string[] = []
  await stopProcess(state, { force: false, say: (line) => said.push(line) })
  assert.is(await isAlive(state), false)
  assert.equal(said, [`stopping process ${state.pid}`])
  await stopProcess(state, { force: false, say: (line) => said.push(line) })
  assert.is(said.length, 1)
})

test('one that does not stop is named after the deadline, and left alone', async (t) => {
  const { state } = await running(t, deaf)
  await assert.rejects(
    stopProcess(state, { force: false, withinMs: 100, say: () => undefined }),
    new RegExp(`process ${state.pid} does not stop: it was asked to 0.1 s ago`),
  )
  assert.is(await isAlive(state), true)
})

test('forced, it is killed', async (t) => {
  const { child, state } = await running(t, deaf)
  const said: string[] = []
  await stopProcess(state, { force: true, withinMs: 100, say: (line) => said.push(line) })
  assert.is(await isAlive(state), false)
  assert.match(said[1] ?? '', 'killing it')
  if (child.signalCode === null) await once(child, 'exit')
  assert.is(child.signalCode, 'SIGKILL')
})
