// @serial machine
import { readdir, readFile } from 'node:fs/promises'
import type { Sandbox } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { groupOf, placesOf, short } from './places.js'
import { containerConfig, sandboxConfig, testRange, withNode } from './testing.js'

const root = { requires: ['root', 'netns', 'cgroup'] as const, timeoutMs: 60_000 }

interface Held {
  readonly mounts: number
  readonly links: number
  readonly memory: number
  readonly groups: number
}

const names = async (path: string): Promise<string[]> => readdir(path).catch(() => [])

/** What a sandbox or container holds of the machine, for this node. */
async function held(directory: string): Promise<Held> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  const links = await names(`/sys/class/net/davit-p${short(testRange)}/brif`)
  const group = groupOf(placesOf({ directory, nodeName: 'test' }), 'test')
  const groups = await Promise.all(['cpu', 'memory', 'pids', ''].map((name) => names(`/sys/fs/cgroup/${name}/davit/${group}`)))
  return {
    mounts: lines.filter((line) => line.includes(directory)).length,
    links: links.length,
    memory: (await names('/dev/shm')).filter((name) => name.startsWith('davit-')).length,
    groups: groups.flat().filter((name) => /^[0-9a-f]{16}$/.test(name)).length,
  }
}

test(
  'thirty Pods come and go, and leave nothing',
  () =>
    withNode(async ({ runtime, directory }) => {
      const before = await held(directory)
      const ids = await Promise.all(
        Array.from({ length: 30 }, async () => {
          const sandbox = await runtime.runSandbox(sandboxConfig())
          const id = await runtime.createContainer(sandbox, containerConfig('exec sleep 1000'))
          await runtime.startContainer(id)
          return { sandbox: sandbox.id, id }
        }),
      )
      const during = await held(directory)
      assert.is(during.links - before.links, 30)
      assert.is(during.mounts - before.mounts, 90)
      assert.ok(during.groups - before.groups >= 30)
      await Promise.all(
        ids.map(async ({ sandbox, id }) => {
          await runtime.stopContainer(id, 1)
          await runtime.stopSandbox(sandbox)
          await runtime.removeContainer(id)
          await runtime.removeSandbox(sandbox)
        }),
      )
      assert.equal(await held(directory), before)
      const files = await readdir(`${directory}/cri-process/test`, { recursive: true })
      assert.equal(files.sort(), ['containers', 'exits', 'sandboxes'])
    }),
  root,
)

test(
  'a container that cannot be made leaves nothing, ten times over',
  () =>
    withNode(async ({ runtime, directory, sandbox }) => {
      const made = await sandbox()
      const before = await held(directory)
      const mounts = [{ hostPath: '/no/such/place', containerPath: '/data', readOnly: false }]
      for (let turn = 0; turn < 10; turn += 1) {
        const error = await assert.rejects(runtime.createContainer(made, containerConfig('exit', { mounts })))
        assert.match((error as Error).message, 'nothing to mount at /no/such/place')
      }
      assert.equal(await held(directory), before)
      assert.equal(await readdir(`${directory}/cri-process/test/containers`), [])
    }),
  root,
)

test(
  'a sandbox that cannot be made leaves nothing, and gives its address back',
  () =>
    withNode(async ({ runtime, directory }) => {
      const before = await held(directory)
      const error = await assert.rejects(runtime.runSandbox(sandboxConfig({ sysctls: { 'net.no.such.thing': '1' } })))
      assert.is((error as { problem?: string }).problem, 'FailedCreatePodSandBox')
      assert.equal(await held(directory), before)
      assert.equal(await readdir(`${directory}/cri-process/test/sandboxes`), [])
      for (let turn = 0; turn < 3; turn += 1) {
        const made = await runtime.runSandbox(sandboxConfig())
        await runtime.removeSandbox(made.id)
      }
      assert.equal(await held(directory), before)
    }),
  root,
)

test(
  'two clusters with nodes of one name and one range live side by side, and neither purges the other',
  () =>
    withNode(async (one) => {
      const made = [await one.sandbox(), await one.sandbox()]
      const id = await one.start(made[0] as Sandbox, 'exec sleep 1000')
      await withNode(async (two) => {
        const other = [await two.sandbox(), await two.sandbox()]
        await two.start(other[0] as Sandbox, 'exec sleep 1000')
        assert.is(new Set([...made, ...other].map(({ ips }) => ips[0])).size, 4)
      })
      assert.is((await one.runtime.container(id))?.state, 'running')
      const ended = await one.runtime.execSync(id, ['true'], 5_000)
      assert.is(ended.exitCode, 0)
      assert.is((await one.sandbox()).state, 'ready')
    }),
  root,
)

test(
  'a runtime that is closed leaves no groups of its node, but those of what still runs',
  () =>
    withNode(async ({ directory, sandbox, start, again }) => {
      const group = groupOf(placesOf({ directory, nodeName: 'test' }), 'test')
      const left = async (): Promise<number> => {
        const roots = ['cpu', 'cpuacct', 'memory', 'pids', ''].map((name) => names(`/sys/fs/cgroup/${name}/davit`))
        return (await Promise.all(roots)).flat().filter((name) => name === group).length
      }
      const id = await start(await sandbox(), 'exec sleep 1000')
      const during = await left()
      assert.ok(during > 0)
      const next = await again()
      assert.is(await left(), during)
      assert.is((await next.container(id))?.state, 'running')
      await next.removeContainer(id)
      await next.close()
      assert.is(await left(), 0)
    }),
  root,
)
