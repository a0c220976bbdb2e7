// @serial machine
import { assert, test } from '@davit/core/testing'
import { eventually, withNode } from './testing.js'

const root = { requires: ['root', 'netns', 'cgroup'] as const, timeoutMs: 30_000 }

test(
  'a child that is killed for memory makes its container OOMKilled when it fails of it, also while Davit is away',
  () =>
    withNode(async ({ runtime, sandbox, start, again, exited }) => {
      const resources = { memoryLimit: 24 * 1024 * 1024 }
      const id = await start(await sandbox(), 'head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null', { resources })
      await runtime.close()
      const ended = await exited(id, await again())
      assert.is(ended.exitCode, 137)
      assert.is(ended.reason, 'OOMKilled')
    }),
  root,
)

test(
  'no more processes than the limit, and so many',
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      // The shell, three that sleep, and a fourth that may not be.
      const script = 'for i in 1 2 3 4; do sleep 1 & echo "$i"; done'
      const id = await start(await sandbox(), script, { resources: { pidsLimit: 4 } })
      await exited(id)
      const text = await log(id)
      assert.match(text, /^1\n2\n3\n/)
      assert.match(text, /fork/i)
    }),
  root,
)

test(
  'a limit of processor time holds the program back',
  () =>
    withNode(async ({ runtime, sandbox, start }) => {
      const id = await start(await sandbox(), 'while :; do :; done', { resources: { cpuLimitMillis: 100 } })
      const before = await runtime.usage(id)
      const began = performance.now()
      await new Promise((resolve) => setTimeout(resolve, 1_000))
      const after = await runtime.usage(id)
      const share = ((after?.cpuNanoseconds ?? 0) - (before?.cpuNanoseconds ?? 0)) / 1e6 / (performance.now() - began)
      assert.ok(share > 0.01 && share < 0.25, `it used ${share.toFixed(2)} of a core`)
      await runtime.updateContainer(id, { cpuLimitMillis: 100, memoryLimit: 64 * 1024 * 1024 })
    }),
  root,
)

test(
  'a command that is run in a container counts as its own, and is killed with all that it started',
  () =>
    withNode(async ({ runtime, sandbox, start }) => {
      const id = await start(await sandbox(), 'exec sleep 1000', { resources: { memoryLimit: 24 * 1024 * 1024 } })
      const hog = await runtime.execSync(id, ['sh', '-c', 'head -c 200000000 /dev/zero | tail -c 200000000 > /dev/null'], 20_000)
      assert.is(hog.exitCode, 137)
      const late = await runtime.execSync(id, ['sh', '-c', 'setsid sleep 987 & sleep 986'], 300)
      assert.is(late.timedOut, true)
      await eventually('the command is gone', async () => {
        const found = await runtime.execSync(id, ['sh', '-c', 'ps ax | grep -c "[s]leep 98[6]"'], 5_000)
        return Buffer.from(found.stdout).toString() === '0\n' ? true : undefined
      })
    }),
  root,
)
