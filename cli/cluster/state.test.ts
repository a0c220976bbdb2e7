import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { assert, test } from '@davit/core/testing'
import { claim, refuseSecond } from './claim.js'
import type { Composition } from './compose.js'
import { isAlive, readState, removeState, statePath, writeState } from './state.js'

const state = { url: 'https://127.0.0.1:1', nodes: [], drivers: [], podCidr: '10.244.0.0/16' }

test('what is written is read again, for nobody else to see, and this process is alive', async (t) => {
  const directory = await t.directory()
  assert.is(await readState(directory), undefined)
  await writeState(directory, state)
  const read = await readState(directory)
  assert.is(read?.pid, process.pid)
  assert.is(read?.url, state.url)
  assert.is((await stat(statePath(directory))).mode & 0o777, 0o600)
  assert.ok(read && (await isAlive(read)))
  assert.equal(await readdir(directory), ['running.json'])
  await removeState(directory)
  await removeState(directory)
  assert.is(await readState(directory), undefined)
})

test('a process that ended, and another with its number, is not the one that was', async (t) => {
  const child = spawn(process.execPath, ['--version'], { stdio: 'ignore' })
  await once(child, 'exit')
  const directory = await t.directory()
  await writeState(directory, state)
  const own = JSON.parse(await readFile(statePath(directory), 'utf8'))
  assert.is(await isAlive({ ...own, pid: child.pid }), false)
  assert.is(await isAlive({ ...own, startTicks: '1' }), false)
})

test('a second cluster of a directory is refused by the number of the first; a stale note is not in the way', async (t) => {
  const directory = await t.directory()
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'], { stdio: 'ignore' })
  t.defer(async () => {
    other.kill()
    if (other.exitCode === null && other.signalCode === null) await once(other, 'exit')
  })
  await once(other, 'spawn')
  const ticks = (await readFile(`/proc/${other.pid}/stat`, 'utf8')).split(') ')[1]?.split(' ')[19]
  await writeFile(statePath(directory), JSON.stringify({ ...state, pid: other.pid, startTicks: ticks }))
  const plan = { name: 'one', runtimes: ['cri-hollow'], proxies: [], proxyChosen: false, networks: [], networkChosen: false }
  const composition: Composition = { ...state, entries: [], settings: [], store: '', nodes: [plan], dataDirectory: directory }
  await assert.rejects(claim(composition), new RegExp(`runs already, as process ${other.pid} at https://127.0.0.1:1`))
  other.kill('SIGKILL')
  await once(other, 'exit')
  const release = await claim(composition)
  assert.is((await readState(directory))?.url, '')
  await release.publish('https://127.0.0.1:2')
  assert.is((await readState(directory))?.url, 'https://127.0.0.1:2')
  release.learn('one', '10.244.3.0/24')
  release.learn('stranger', '10.244.4.0/24')
  await release.publish('https://127.0.0.1:2')
  const nodes = [{ name: 'one', runtimes: ['cri-hollow'], proxies: [], podCidr: '10.244.3.0/24' }]
  assert.equal((await readState(directory))?.nodes, nodes)
  assert.equal(release.made().nodes, nodes)
  await refuseSecond(directory)
  await release.end()
  assert.is(await readState(directory), undefined)
})

test('half a note is said, with what to do', async (t) => {
  const directory = await t.directory()
  await writeFile(statePath(directory), '{"pid": 1')
  await assert.rejects(readState(directory), /cannot read .*running\.json/)
})

test('nodes of former lives, and what is needed to clear up after them, are not forgotten', async (t) => {
  const directory = await t.directory()
  const driver = (id: string) => ({ id, directory })
  const node = (name: string, runtime: string) => ({
    name,
    runtimes: [runtime],
    proxies: [],
    proxyChosen: false,
    networks: [],
    networkChosen: false,
  })
  const life = (nodes: Composition['nodes'], drivers: Composition['drivers']): Composition => {
    return { ...state, entries: [], settings: [], store: '', dataDirectory: directory, nodes, drivers }
  }
  const first = await claim(life([node('a', 'cri-docker'), node('b', 'cri-docker')], [driver('cri-docker')]))
  first.learn('b', '10.244.1.0/24')
  await first.publish('')
  const second = await claim(life([node('b', 'cri-process')], [driver('cri-process')]))
  assert.equal(second.made().nodes, [
    { name: 'a', runtimes: ['cri-docker'], proxies: [] },
    { name: 'b', runtimes: ['cri-process', 'cri-docker'], proxies: [], podCidr: '10.244.1.0/24' },
  ])
  assert.equal(
    second.made().drivers.map(({ id }) => id),
    ['cri-docker', 'cri-process'],
  )
})
