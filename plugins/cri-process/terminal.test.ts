// @serial machine
import type { ExecRequest, Runtime } from '@davit/core/node'
import { assert, test } from '@davit/core/testing'
import { containerConfig, eventually, readAll, withNode } from './testing.js'

const root = { requires: ['root', 'netns'] as const, timeoutMs: 60_000 }
const { security: plain } = containerConfig('')

/** One who sits before a terminal: types, reads, and drags the window. */
function sitter() {
  let seen = ''
  let read = 0
  let left = false
  const gone = new AbortController()
  let waiting: (() => void)[] = []
  const typed: Buffer[] = []
  const dragged: { width: number; height: number }[] = []
  const wake = (): void => {
    const woken = waiting
    waiting = []
    for (const go of woken) go()
  }
  async function* from<T>(queue: T[]): AsyncGenerator<T> {
    for (;;) {
      while (queue.length > 0) yield queue.shift() as T
      if (left) return
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }
  const request: Omit<ExecRequest, 'command'> = {
    tty: true,
    stdin: from(typed),
    stdout: async (chunk) => {
      seen += Buffer.from(chunk).toString()
    },
    stderr: undefined,
    resize: from(dragged),
    signal: gone.signal,
  }
  return {
    request,
    type: (text: string): void => {
      typed.push(Buffer.from(text))
      wake()
    },
    drag: (width: number, height: number): void => {
      dragged.push({ width, height })
      wake()
    },
    leave: (): void => {
      left = true
      wake()
      gone.abort()
    },
    /** Resolves with what matched, in what came since the last match. */
    sees: (pattern: RegExp): Promise<RegExpExecArray> =>
      eventually(`${pattern} in ${JSON.stringify(seen)}`, async () => {
        const match = pattern.exec(seen.slice(read))
        if (match) read += match.index + match[0].length
        return match ?? undefined
      }),
  }
}

async function shell(runtime: Runtime, id: string, request: Omit<ExecRequest, 'command'>): Promise<number> {
  return (await runtime.exec(id, { ...request, command: ['env', 'PS1=', '/bin/sh', '-i'] })).exitCode
}

test(
  'exec in a terminal: job control, interrupts, sizes and the exit code, all of the container',
  () =>
    withNode(async ({ sandbox, start, runtime }) => {
      const id = await start(await sandbox(), 'sleep 1000')
      const { request, type, drag, sees, leave } = sitter()
      const code = shell(runtime, id, request)
      type('tty; echo here\r')
      await sees(/^\/dev\/pts\/\d+\r\nhere\r\n/m)
      drag(123, 45)
      await eventually('the size arrived', async () => {
        type('stty size\r')
        const [, size] = await sees(/^(\d+ \d+)\r\n/m)
        return size === '45 123' ? true : undefined
      })
      type('echo be""gun; sleep 1000\r')
      await sees(/begun\r\n/)
      type('\x03')
      type('echo code $?\r')
      await sees(/^code 130\r\n/m)
      type('echo be""gun; sleep 1000\r')
      await sees(/begun\r\n/)
      type('\x1a')
      await sees(/Stopped/)
      type('kill -KILL %1; echo left=$(ps -e -o comm= | tr "\\n" " ")\r')
      const [, left] = await sees(/^left=(.*)\r\n/m)
      assert.equal([...new Set(left?.trim().split(' '))].sort(), ['ps', 'script', 'sh', 'sleep', 'tr'])
      type('exit 7\r')
      assert.is(await code, 7)
      leave()
    }),
  root,
)

test(
  'a terminal belongs to the user whom the container runs as',
  () =>
    withNode(async ({ sandbox, start, runtime, log, exited }) => {
      const script = 'echo "$(id -u) $(stat -c %u "$(tty)")"; echo by name > "$(tty)"'
      const security = { ...plain, runAsUser: 65534 }
      const id = await start(await sandbox(), `${script}; sleep 1000`, { tty: true, security })
      await eventually('the program wrote', async () => (/by name/.test(await log(id)) ? true : undefined))
      assert.match(await log(id), /^65534 65534\r\nby name\r\n/)
      const { request, sees, leave } = sitter()
      const code = runtime.exec(id, { ...request, command: ['/bin/sh', '-c', script] })
      await sees(/^65534 65534\r\nby name\r\n/)
      assert.equal(await code, { exitCode: 0 })
      leave()
      await runtime.stopContainer(id, 0)
      await exited(id)
    }),
  root,
)

test(
  'a container in a terminal: whoever attaches sees it, types into it and sets its size, in the next life of Davit too',
  () =>
    withNode(async ({ sandbox, start, runtime, again, exited }) => {
      const script = 'trap "stty size" WINCH; tty; while :; do read word && echo "got $word"; [ "$word" = end ] && exit 3; done'
      const id = await start(await sandbox(), script, { tty: true, stdin: true })
      const first = sitter()
      const attached = runtime.attach(id, first.request)
      first.type('one\r')
      await first.sees(/got one\r\n/)
      first.drag(100, 30)
      await first.sees(/^30 100\r\n/m)
      first.leave()
      const next = await again()
      await attached.catch(() => {})
      const second = sitter()
      const attachedAgain = next.attach(id, second.request)
      second.type('two\r')
      await second.sees(/got two\r\n/)
      second.drag(90, 20)
      await second.sees(/^20 90\r\n/m)
      second.type('end\r')
      await attachedAgain
      second.leave()
      assert.is((await exited(id, next)).exitCode, 3)
      assert.match(await readAll(next, id), /^\/dev\/pts\/0\r\n/m)
    }),
  root,
)

test(
  'a terminal without input stays open, and the signal of a stop reaches the program in it',
  () =>
    withNode(async ({ sandbox, start, runtime, exited, log }) => {
      const id = await start(await sandbox(), 'trap "echo asked; exit 5" TERM; echo up; read word; echo "input ended"', {
        tty: true,
      })
      await eventually('it is up', async () => (/up/.test(await log(id)) ? true : undefined))
      await runtime.stopContainer(id, 10)
      assert.is((await exited(id)).exitCode, 5)
      assert.is(await log(id), 'up\r\nasked\r\n')
    }),
  root,
)

test(
  'a command that is not there fails in a terminal as without one, and what is given up leaves nothing',
  () =>
    withNode(async ({ sandbox, start, runtime }) => {
      const id = await start(await sandbox(), 'sleep 1000')
      const { request, leave } = sitter()
      assert.equal(await runtime.exec(id, { ...request, command: ['nope'] }), { exitCode: 127 })
      const processes = async (): Promise<string> => {
        const { stdout } = await runtime.execSync(id, ['ps', '-e', '-o', 'comm='], 0)
        return Buffer.from(stdout).toString()
      }
      const before = await processes()
      const other = sitter()
      const ended = shell(runtime, id, other.request).catch((error: Error) => error)
      other.type('echo up""on\r')
      await other.sees(/upon/)
      other.leave()
      assert.instance(await ended, Error)
      await eventually('what was there before is left', async () => ((await processes()) === before ? true : undefined))
      leave()
    }),
  root,
)
