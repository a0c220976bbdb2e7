import * as assert from '../../testing/assert.js'
import type { LogReadOptions, Runtime } from '../contract.js'
import type { Case } from './bench.js'
import { text } from './bench.js'

const lines = ['one', 'two', 'three', 'four', 'five']

async function read(runtime: Runtime, id: string, options: Partial<LogReadOptions>): Promise<string> {
  const chunks: Uint8Array[] = []
  const signal = options.signal ?? AbortSignal.timeout(10_000)
  for await (const chunk of runtime.logs(id, { follow: false, timestamps: false, ...options, signal })) chunks.push(chunk)
  return text(Buffer.concat(chunks))
}

export const logCases: readonly Case[] = [
  {
    name: 'the log of an exited container can be read until it is removed',
    needs: ['logs'],
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { lines, exitCode: 0 })
      await exited(id)
      assert.is(await read(runtime, id, {}), 'one\ntwo\nthree\nfour\nfive\n')
      assert.is(await read(runtime, id, { follow: true }), 'one\ntwo\nthree\nfour\nfive\n', 'following ends with the container')
    },
  },
  {
    name: 'what goes to standard error is in the log too',
    needs: ['logs'],
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { lines: ['out'], errorLines: ['err'], exitCode: 0 })
      await exited(id)
      assert.equal((await read(runtime, id, {})).trim().split('\n').sort(), ['err', 'out'])
    },
  },
  {
    name: 'tail gives the last lines, limit the first bytes',
    needs: ['logs'],
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { lines, exitCode: 0 })
      await exited(id)
      assert.is(await read(runtime, id, { tailLines: 2 }), 'four\nfive\n')
      assert.is(await read(runtime, id, { tailLines: 0 }), '')
      assert.is(await read(runtime, id, { tailLines: 100 }), 'one\ntwo\nthree\nfour\nfive\n')
      assert.is(await read(runtime, id, { limitBytes: 6 }), 'one\ntw')
    },
  },
  {
    name: 'timestamps stand before each line, in RFC 3339 with fractions and a zone',
    needs: ['logs'],
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { lines: ['one', 'two'], exitCode: 0 })
      const { startedAt } = await exited(id)
      const stamped = (await read(runtime, id, { timestamps: true })).trimEnd().split('\n')
      assert.is(stamped.length, 2)
      for (const line of stamped) {
        assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) (one|two)$/)
        assert.ok(Math.abs(Date.parse(line.split(' ')[0] ?? '') - startedAt) < 60_000)
      }
    },
  },
  {
    name: 'since leaves out what is older',
    needs: ['logs'],
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { lines, exitCode: 0 })
      const { finishedAt } = await exited(id)
      assert.is(await read(runtime, id, { sinceTime: finishedAt + 3_600_000 }), '')
      assert.is(await read(runtime, id, { sinceTime: finishedAt - 3_600_000 }), 'one\ntwo\nthree\nfour\nfive\n')
    },
  },
  {
    name: 'following shows lines as they come, and ends when the caller stops',
    needs: ['logs'],
    async run({ runtime, sandbox, start, log }) {
      const id = await start(await sandbox(), { lines: ['up'] })
      assert.is(await log(id, (all) => all.includes('up')), 'up\n')
      const stop = new AbortController()
      const reading = read(runtime, id, { follow: true, signal: stop.signal })
      await new Promise((resolve) => setTimeout(resolve, 100))
      stop.abort()
      assert.is(await reading, 'up\n')
    },
  },
  {
    name: 'following ends by itself when the container does',
    needs: ['logs'],
    async run({ runtime, sandbox, start, log }) {
      const id = await start(await sandbox(), { lines: ['up'], onTerminate: 0 })
      await log(id, (all) => all.includes('up'))
      const reading = read(runtime, id, { follow: true })
      await runtime.stopContainer(id, 5)
      assert.is(await reading, 'up\n')
    },
  },
  {
    name: 'a megabyte of output comes out byte for byte',
    needs: ['logs'],
    without: ['hollow'],
    async run({ runtime, sandbox, shell, exited }) {
      const id = await shell(
        await sandbox(),
        'i=0; while [ $i -lt 10000 ]; do echo "$i ....................................................................................................."; i=$((i+1)); done',
      )
      await exited(id)
      const all = (await read(runtime, id, {})).trimEnd().split('\n')
      assert.is(all.length, 10_000)
      assert.ok(all.every((line, index) => line.startsWith(`${index} .`)))
    },
  },
]
