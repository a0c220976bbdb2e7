import * as assert from '../../testing/assert.js'
import type { ExecRequest } from '../contract.js'
import type { Bench, Case } from './bench.js'
import { eventually, text } from './bench.js'

type Size = { readonly width: number; readonly height: number }

async function* nothing(): AsyncGenerator<Size> {}
async function* pieces(...parts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield Buffer.from(part)
}

/** Runs `script` by exec and collects what it says. */
async function exec(bench: Bench, id: string, script: string, request: Partial<ExecRequest> = {}) {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  const { exitCode } = await bench.runtime.exec(id, {
    command: ['/bin/sh', '-c', script],
    tty: false,
    stdin: undefined,
    stdout: async (chunk) => void out.push(chunk),
    stderr: async (chunk) => void err.push(chunk),
    resize: nothing(),
    signal: AbortSignal.timeout(20_000),
    ...request,
  })
  return { exitCode, stdout: text(Buffer.concat(out)), stderr: text(Buffer.concat(err)) }
}

export const streamCases: readonly Case[] = [
  {
    name: 'execSync gives exit code and both streams',
    needs: ['exec'],
    without: ['hollow'],
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), {})
      await running(id)
      const result = await runtime.execSync(id, ['/bin/sh', '-c', 'echo out; echo err >&2; exit 5'], 10_000)
      assert.is(result.exitCode, 5)
      assert.is(text(result.stdout), 'out\n')
      assert.is(text(result.stderr), 'err\n')
      assert.is(result.timedOut, false)
    },
  },
  {
    name: 'execSync is killed when its time is over',
    needs: ['exec'],
    without: ['hollow'],
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), {})
      await running(id)
      const began = performance.now()
      const result = await runtime.execSync(id, ['/bin/sh', '-c', 'sleep 60'], 300)
      assert.is(result.timedOut, true)
      assert.ok(performance.now() - began < 5_000)
    },
  },
  {
    name: 'exec passes standard input through, to its end, and gives the exit code',
    needs: ['exec'],
    without: ['hollow'],
    async run(bench) {
      const id = await bench.start(await bench.sandbox(), {})
      await bench.running(id)
      const result = await exec(bench, id, 'cat; echo done >&2; exit 3', { stdin: pieces('hello ', 'world\n') })
      assert.equal(result, { exitCode: 3, stdout: 'hello world\n', stderr: 'done\n' })
    },
  },
  {
    name: 'exec of much data loses none of it',
    needs: ['exec'],
    without: ['hollow'],
    async run(bench) {
      const id = await bench.start(await bench.sandbox(), {})
      await bench.running(id)
      const block = 'x'.repeat(64 * 1024)
      const result = await exec(bench, id, 'cat', { stdin: pieces(...Array.from({ length: 32 }, () => block)) })
      assert.is(result.stdout.length, 32 * block.length)
      assert.is(result.exitCode, 0)
    },
  },
  {
    name: 'exec with a terminal has the size that it is told',
    needs: ['exec'],
    without: ['hollow'],
    async run(bench) {
      const id = await bench.start(await bench.sandbox(), {})
      await bench.running(id)
      async function* sizes(): AsyncGenerator<Size> {
        yield { width: 77, height: 33 }
      }
      const script =
        'i=0; while [ $i -lt 100 ]; do [ "$(stty size)" = "33 77" ] && echo sized && exit 0; sleep 0.05; i=$((i+1)); done; stty size; exit 9'
      const result = await exec(bench, id, script, { tty: true, stdin: pieces(), resize: sizes(), stderr: undefined })
      assert.is(result.exitCode, 0, result.stdout)
      assert.match(result.stdout, /sized\r\n/)
    },
  },
  {
    name: 'exec ends when the caller gives up',
    needs: ['exec'],
    without: ['hollow'],
    async run(bench) {
      const id = await bench.start(await bench.sandbox(), {})
      await bench.running(id)
      const stop = new AbortController()
      const work = exec(bench, id, 'sleep 60', { signal: stop.signal }).then(
        () => 'ended',
        () => 'ended',
      )
      await new Promise((resolve) => setTimeout(resolve, 200))
      stop.abort()
      assert.is(await work, 'ended')
    },
  },
  {
    name: "attach talks to the container's own process",
    needs: ['attach'],
    without: ['hollow'],
    async run({ runtime, sandbox, shell, exited }) {
      const id = await shell(await sandbox(), 'read line; echo "got $line"; sleep 0.2', { stdin: true })
      let seen = ''
      await runtime.attach(id, {
        tty: false,
        stdin: pieces('a word\n'),
        stdout: async (chunk) => {
          seen += text(chunk)
        },
        stderr: undefined,
        resize: nothing(),
        signal: AbortSignal.timeout(10_000),
      })
      assert.match(seen, 'got a word\n')
      assert.is((await exited(id)).exitCode, 0)
    },
  },
  {
    name: "dial reaches a port inside the sandbox's network",
    needs: ['portForward'],
    without: ['hollow'],
    async run({ runtime, sandbox, shell, subject }) {
      const made = await sandbox()
      const port = 20_000 + (process.pid % 20_000)
      const server = `require('net').createServer((s) => s.end('hello from the pod\\n')).listen(${port}, '127.0.0.1')`
      if (subject.driver.supports.images) await shell(made, `while :; do echo hello from the pod | nc -l -p ${port}; done`)
      else await shell(made, `exec ${process.execPath} -e "${server}"`)
      const answer = await eventually('an answer', async () => {
        const connection = await runtime.dial(made.id, port).catch(() => undefined)
        if (!connection) return undefined
        const chunks: Uint8Array[] = []
        try {
          for await (const chunk of connection) chunks.push(chunk as Uint8Array)
        } catch {
          return undefined
        } finally {
          connection.destroy()
        }
        return chunks.length > 0 ? text(Buffer.concat(chunks)) : undefined
      })
      assert.is(answer, 'hello from the pod\n')
    },
  },
]
