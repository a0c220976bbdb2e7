import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { usedRuntimes } from '@davit/core/node/host'
import { assert, test } from '@davit/core/testing'
import { purge } from './purge.js'

const lines = async (directory: string, config: Record<string, unknown>) => {
  const made = {
    nodes: [{ name: 'one', runtimes: ['cri-docker', 'cri-hollow'], proxies: [] }],
    drivers: [
      { id: 'cri-docker', directory, config },
      { id: 'cri-hollow', directory },
    ],
    podCidr: '10.244.0.0/16',
  }
  const said: string[] = []
  for await (const line of purge(directory, made)) said.push(line)
  return said
}

async function tokenIn(node: string): Promise<string> {
  const volume = path.join(node, 'pods', 'a-uid', 'volumes', 'token')
  await mkdir(volume, { recursive: true })
  await writeFile(path.join(volume, 'token'), 'x')
  return path.join(volume, 'token')
}

test('a runtime that a node used and that cannot be reached is an error, after all else was removed', async (t) => {
  const directory = await t.directory()
  const node = path.join(directory, 'nodes', 'one')
  await mkdir(node, { recursive: true })
  await writeFile(path.join(node, 'runtimes'), 'cri-hollow\ncri-docker\n')
  const token = await tokenIn(node)
  const gone = { socketPath: path.join(directory, 'no.sock') }
  await assert.rejects(
    lines(directory, gone),
    /cri-docker cannot be reached: containers of node one are left \(no Docker socket at/,
  )
  assert.equal(await usedRuntimes(directory, 'one'), ['cri-docker'])
  assert.is(await readFile(token, 'utf8'), 'x', 'containers that may still run keep their files')
  await assert.rejects(lines(directory, gone), /cri-docker cannot be reached/)
})

test('secrets and tokens of Pods go with their containers; volumes that outlive Pods stay', async (t) => {
  const directory = await t.directory()
  const node = path.join(directory, 'nodes', 'one')
  const token = await tokenIn(node)
  await mkdir(path.join(node, 'volumes', 'pvc-1'), { recursive: true })
  const said = await lines(directory, { socketPath: path.join(directory, 'no.sock') })
  assert.equal(said, ['node one: containers of cri-hollow are gone', 'node one: files of its Pods are gone'])
  await assert.rejects(readFile(token), { code: 'ENOENT' })
  assert.equal(await readdir(node), ['volumes'])
})

test('one that was never used is neither missed nor named', async (t) => {
  const directory = await t.directory()
  const said = await lines(directory, { socketPath: path.join(directory, 'no.sock') })
  assert.equal(said, ['node one: containers of cri-hollow are gone'])
})

test('a node that keeps its files in a place of its own is cleared up there', async (t) => {
  const [directory, own] = [await t.directory(), await t.directory()]
  await mkdir(path.join(directory, 'nodes', 'one'), { recursive: true })
  await writeFile(path.join(directory, 'nodes', 'one', 'runtimes'), 'cri-process\n')
  for (const folder of ['exits', 'containers', 'sandboxes']) {
    await mkdir(path.join(own, 'cri-process', 'one', folder), { recursive: true })
  }
  const made = {
    nodes: [{ name: 'one', runtimes: ['cri-process'], proxies: [], directory: own, podCidr: '10.244.98.0/24' }],
    drivers: [{ id: 'cri-process', directory }],
    podCidr: '10.244.98.0/24',
  }
  for await (const line of purge(directory, made)) assert.is(line, 'node one: containers of cri-process are gone')
  assert.equal(await readdir(own), [])
  assert.equal(await usedRuntimes(directory, 'one'), [])
})
