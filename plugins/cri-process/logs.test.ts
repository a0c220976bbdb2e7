// @serial machine
import { readdir, stat } from 'node:fs/promises'
import { assert, test } from '@davit/core/testing'
import { containerPlaces, placesOf } from './places.js'
import { withNode } from './testing.js'

const root = { requires: ['root', 'netns'] as const, timeoutMs: 30_000 }

test(
  'a log is rotated at its size: old files go, and what is left is whole',
  () =>
    withNode(
      async ({ sandbox, start, exited, log, directory }) => {
        const id = await start(await sandbox(), 'i=0; while [ $i -lt 5000 ]; do echo "line $i of many"; i=$((i+1)); done')
        await exited(id)
        const places = containerPlaces(placesOf({ directory, nodeName: 'test' }), id)
        const names = await readdir(places.log)
        assert.is(names.length, 3)
        for (const name of names) assert.ok((await stat(`${places.log}/${name}`)).size < 2 * 8192)
        const lines = (await log(id)).trimEnd().split('\n')
        assert.is(lines.at(-1), 'line 4999 of many')
        const first = 5000 - lines.length
        for (const [index, line] of lines.slice(1).entries()) assert.is(line, `line ${first + index + 1} of many`)
      },
      { config: { logMaxBytes: 8192, logMaxFiles: 3 } },
    ),
  root,
)

test(
  'a tail is counted through rotated files, and following goes from one to the next',
  () =>
    withNode(
      async ({ runtime, sandbox, start, exited }) => {
        const id = await start(await sandbox(), 'i=0; while [ $i -lt 1500 ]; do echo "$i"; i=$((i+1)); done; sleep 0.3; echo end')
        let followed = ''
        const signal = AbortSignal.timeout(10_000)
        for await (const chunk of runtime.logs(id, { follow: true, timestamps: false, signal })) followed += Buffer.from(chunk)
        const all = followed.trimEnd().split('\n')
        assert.is(all.at(-1), 'end')
        assert.is(all.length, 1501)
        await exited(id)
        let tail = ''
        for await (const chunk of runtime.logs(id, { follow: false, timestamps: false, tailLines: 1200, signal })) {
          tail += Buffer.from(chunk)
        }
        assert.equal(tail.trimEnd().split('\n'), all.slice(-1200))
      },
      { config: { logMaxBytes: 4096, logMaxFiles: 9 } },
    ),
  root,
)

test(
  'lines bear the time at which they were written, also of a container that went on for long',
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      const id = await start(await sandbox(), 'echo one; sleep 0.6; echo two; sleep 0.6; echo three')
      const { startedAt } = await exited(id)
      const times = (await log(id, true))
        .trimEnd()
        .split('\n')
        .map((line) => Date.parse(line.split(' ')[0] ?? '') - startedAt)
      const [one = 0, two = 0, three = 0] = times
      assert.ok(one < 400 && two >= 500 && two < 1000 && three >= 1100 && three < 1600, times.join(', '))
    }),
  root,
)

test(
  'output goes by pipes: programs may open it by name, and cannot cut what is there',
  () =>
    withNode(async ({ runtime, sandbox, start, exited, log }) => {
      const made = await sandbox()
      const id = await start(made, 'echo one; echo two > /dev/stdout; echo three > /dev/stderr; printf "no end"')
      await exited(id)
      assert.is(await log(id), 'one\ntwo\nthree\nno end')
      const other = await start(made, 'exec sleep 1000', { name: 'other' })
      const result = await runtime.execSync(other, ['sh', '-c', 'echo out > /dev/stdout; echo err > /dev/stderr'], 5_000)
      assert.is(Buffer.from(result.stdout).toString(), 'out\n')
      assert.is(Buffer.from(result.stderr).toString(), 'err\n')
      assert.is(result.exitCode, 0)
    }),
  root,
)
