// @serial machine
import { existsSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import type { ExecRequest, RuntimeEvent } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { assert, suite } from '@davit/core/testing'
import { connectEngine } from './engine.js'
import { plainSecurity, testConfig, testContainer, testSandbox, withMachine } from './testing.js'

const test = suite('runtime')
const docker = { requires: ['docker'], timeoutMs: 60_000 } as const
const mebi = 2 ** 20

async function* nothing(): AsyncGenerator<never> {}

test(
  'limits are the kernel’s, are changed while it runs, and are taken away again',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const resources = { cpuShares: 256, cpuLimitMillis: 250, memoryLimit: 64 * mebi, pidsLimit: 77 }
      const id = await machine.start(runtime, sandbox, testContainer('sleep 1000', { resources }))
      const engine = await connectEngine(testConfig.socketPath)
      t.defer(() => engine.close())
      const limits = async () => {
        const { HostConfig } = await engine.docker.getContainer(id).inspect()
        return [HostConfig.CpuShares, HostConfig.CpuQuota, HostConfig.Memory, HostConfig.PidsLimit]
      }
      assert.equal(await limits(), [256, 25_000, 64 * mebi, 77])
      await runtime.updateContainer(id, { cpuShares: 512, cpuLimitMillis: 500, memoryLimit: 96 * mebi, pidsLimit: 99 })
      assert.equal(await limits(), [512, 50_000, 96 * mebi, 99])
      await runtime.updateContainer(id, {})
      const [shares, quota, memory] = await limits()
      assert.equal([shares, quota], [2, -1])
      assert.ok((memory ?? 0) > 2 ** 45, 'more than any machine has')
      const eat = ['/bin/sh', '-c', 'head -c 134217728 /dev/zero | tail -c 134217728 | wc -c']
      assert.is((await runtime.execSync(id, eat, 20_000)).exitCode, 0, 'the kernel let it have 128 MiB')
    }),
  docker,
)

test(
  "the image's entry point and command hold where the Pod does not say otherwise",
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const base = await runtime.createContainer(sandbox, testContainer('true'))
      const engine = await connectEngine(testConfig.socketPath)
      t.defer(() => engine.close())
      const [repo, tag] = ['davit.local/test', String(process.pid)]
      const changes = ['ENTRYPOINT ["/bin/echo","entry"]', 'CMD ["point"]', 'USER 33:34', 'HEALTHCHECK CMD true']
      await engine.docker.getContainer(base).commit({ repo, tag, changes: changes.join('\n') })
      t.defer(() => engine.docker.getImage(`${repo}:${tag}`).remove({ force: true }))
      const image = `${repo}:${tag}`
      const out = (name: string, config: object) => machine.output(runtime, sandbox, '', { name, image, command: [], ...config })
      assert.is(await out('a', {}), 'entry point\n')
      assert.is(await out('b', { args: ['other'] }), 'entry other\n')
      assert.is(await out('c', { command: ['/bin/echo', 'only'] }), 'only\n')
      const security = { ...plainSecurity, runAsGroup: 44 }
      assert.is(await out('d', { command: ['/bin/sh', '-c', 'id -u; id -g'], security }), '33\n44\n')
    }),
  docker,
)

test(
  'containers of a Pod that shares its processes see each other, and the pause program reaps what they leave',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox({ shareProcessNamespace: true }))
      const script =
        'sh -c "sh -c \'exit 3\' & exec sleep 0.2" & sleep 0.5; cat /proc/1/comm; cat /proc/[0-9]*/stat | grep -c ") Z " || true'
      assert.is(await machine.output(runtime, sandbox, script), 'pause\n0\n')
      const other = await runtime.runSandbox(testSandbox())
      assert.not.match(await machine.output(runtime, other, 'cat /proc/1/comm'), 'pause')
    }),
  docker,
)

test(
  'a sandbox whose process is killed is known to have ended as soon as that is told',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const { id } = await runtime.runSandbox(testSandbox())
      const told = new Promise<void>((resolve) => {
        t.defer(runtime.subscribe(({ type }) => type === 'sandboxChanged' && resolve()) ?? (() => {}))
      })
      const engine = await connectEngine(testConfig.socketPath)
      t.defer(() => engine.close())
      await engine.docker.getContainer(id).kill()
      await told
      assert.equal(
        (await runtime.listSandboxes()).map(({ state }) => state),
        ['notReady'],
      )
    }),
  docker,
)

test(
  'what an exec started is gone when its time is over, or when its caller is',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const id = await machine.start(runtime, sandbox, testContainer('sleep 1000'))
      const late = await runtime.execSync(id, ['/bin/sh', '-c', 'echo begun; sleep 321 & sleep 322; true'], 300)
      assert.is(late.timedOut, true)
      assert.is(Buffer.from(late.stdout).toString(), 'begun\n')
      const stop = new AbortController()
      let begun: () => void = () => {}
      const started = new Promise<void>((resolve) => (begun = resolve))
      const request: ExecRequest = {
        command: ['/bin/sh', '-c', 'echo begun; sleep 323; true'],
        tty: false,
        stdin: undefined,
        stdout: async () => begun(),
        stderr: undefined,
        resize: nothing(),
        signal: stop.signal,
      }
      const work = runtime.exec(id, request)
      await started
      stop.abort(new Error('gone'))
      assert.is((await assert.rejects(work)).message, 'gone')
      // A process that was killed is seen until it has been reaped.
      let left = ''
      for (const end = performance.now() + 5_000; performance.now() < end; ) {
        left = Buffer.from((await runtime.execSync(id, ['ps', '-o', 'args'], 10_000)).stdout).toString()
        if (!/sleep 32[123]/.test(left)) break
      }
      assert.not.match(left, /sleep 32[123]/)
    }),
  docker,
)

test(
  'what is fed once ends with its input, what may be fed again does not',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const feed = async (name: string, stdinOnce: boolean, signal: AbortSignal) => {
        const id = await machine.start(runtime, sandbox, testContainer('cat; echo over', { name, stdin: true, stdinOnce }))
        let seen = ''
        const stdout = async (chunk: Uint8Array): Promise<void> => {
          seen += Buffer.from(chunk).toString()
        }
        const stdin = (async function* () {
          yield Buffer.from('a word\n')
        })()
        await runtime.attach(id, { tty: false, stdin, stdout, stderr: undefined, resize: nothing(), signal })
        return seen
      }
      assert.is(await feed('once', true, AbortSignal.timeout(20_000)), 'a word\nover\n')
      assert.is(await feed('again', false, AbortSignal.timeout(1500)), 'a word\n')
    }),
  docker,
)

test(
  'a node of the same name in another cluster has nothing to do with this one',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const id = await machine.start(runtime, sandbox, testContainer('sleep 1000'))
      const context = { ...machine.context(1), directory: await t.directory() }
      const stranger = await machine.driver.open(context)
      t.defer(() => stranger.close())
      assert.equal(await stranger.listSandboxes(), [])
      assert.equal(await stranger.listContainers(), [])
      assert.is(await stranger.container(id), undefined)
      await machine.driver.purge(context)
      assert.is((await runtime.container(id))?.state, 'running')
      assert.is((await runtime.listSandboxes()).length, 1)
    }),
  docker,
)

test(
  'a line of 100 KB is one line with one time, and a terminal has its log too',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const id = await machine.start(runtime, sandbox, testContainer('head -c 100000 /dev/zero | tr "\\0" x; echo; echo end'))
      await machine.exited(runtime, id)
      const lines = (await machine.log(runtime, id, { timestamps: true })).split('\n')
      assert.is(lines.length, 3)
      assert.match(lines[0] ?? '', /^\S+Z x{100000}$/)
      assert.is(await machine.output(runtime, sandbox, 'echo hi', { name: 'terminal', tty: true }), 'hi\r\n')
    }),
  docker,
)

test(
  'what a crash left half made under the same name gives way; what runs does not',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const lost = await runtime.createContainer(sandbox, testContainer('sleep 1000'))
      const id = await machine.start(runtime, sandbox, testContainer('sleep 1000'))
      assert.is(await runtime.container(lost), undefined)
      const error = await assert.rejects(runtime.createContainer(sandbox, testContainer('sleep 1000')))
      assert.ok(error instanceof RuntimeError && error.problem === 'CreateContainerError')
      assert.is((await runtime.container(id))?.state, 'running')
    }),
  docker,
)

test(
  'the loss of the daemon rejects calls as a fault, and after its return every Pod is announced',
  async (t) => {
    const socketPath = `${await t.directory()}/docker.sock`
    const links = new Set<Socket>()
    const listen = () =>
      createServer((client) => {
        const upstream = connect(testConfig.socketPath)
        for (const socket of [client, upstream]) {
          links.add(socket)
          socket.on('error', () => socket.destroy())
          socket.on('close', () => links.delete(socket))
        }
        client.pipe(upstream).pipe(client)
      }).listen(socketPath)
    let gate = listen()
    const cut = async (): Promise<void> => {
      const closed = new Promise((resolve) => gate.close(resolve))
      for (const socket of links) socket.destroy()
      await closed
    }
    t.defer(cut)
    await withMachine(
      t,
      async (machine) => {
        const runtime = await machine.node(1)
        const sandbox = await runtime.runSandbox(testSandbox())
        const events: RuntimeEvent[] = []
        let heard: () => void = () => {}
        const unsubscribe = runtime.subscribe((event) => {
          events.push(event)
          heard()
        })
        const next = (): Promise<void> => new Promise((resolve) => (heard = resolve))
        const started = next()
        await machine.start(runtime, sandbox, testContainer('sleep 1000'))
        await started
        await cut()
        const error = await assert.rejects(runtime.listSandboxes())
        assert.not(error instanceof RuntimeError, 'no user can mend it')
        assert.is(existsSync(socketPath), false)
        const announced = next()
        gate = listen()
        await announced
        assert.equal(events.at(-1), { podUid: sandbox.pod.uid, type: 'sandboxChanged' })
        assert.is((await runtime.listSandboxes()).length, 1)
        unsubscribe?.()
      },
      { ...testConfig, socketPath },
    )
  },
  docker,
)

test(
  'an environment that names another daemon is not heeded',
  async (t) => {
    const before = process.env.DOCKER_HOST
    t.defer(() => {
      if (before === undefined) delete process.env.DOCKER_HOST
      else process.env.DOCKER_HOST = before
    })
    process.env.DOCKER_HOST = 'tcp://127.0.0.1:1'
    const engine = await connectEngine(testConfig.socketPath)
    t.defer(() => engine.close())
    assert.ok((await engine.version()).Version.length > 0)
  },
  docker,
)

test(
  'a command that is not there and a container that does not run fail with a reason',
  (t) =>
    withMachine(t, async (machine) => {
      const runtime = await machine.node(1)
      const sandbox = await runtime.runSandbox(testSandbox())
      const id = await machine.start(runtime, sandbox, testContainer('sleep 1000'))
      const missing = await runtime.execSync(id, ['/no/such/program'], 5_000)
      assert.ok(missing.exitCode === 126 || missing.exitCode === 127, String(missing.exitCode))
      assert.match(Buffer.from(missing.stdout).toString(), /no such file/)
      await runtime.stopContainer(id, 0)
      const error = await assert.rejects(runtime.execSync(id, ['true'], 5_000))
      assert.match(error.message, /not running/)
      assert.is(await runtime.usage(id), undefined)
    }),
  docker,
)

test('a machine without Docker says so', async () => {
  const { createDockerDriver } = await import('./driver.js')
  const { createTestServices } = await import('@davit/core/testing')
  const driver = createDockerDriver({
    clock: createTestServices().clock,
    config: { ...testConfig, socketPath: '/nonexistent/x' },
  })
  assert.equal(await driver.probe(), { usable: false, reason: 'no Docker socket at /nonexistent/x' })
  const elsewhere = createDockerDriver({
    clock: createTestServices().clock,
    config: { ...testConfig, socketPath: 'tcp://10.0.0.1:2375' },
  })
  const told = await elsewhere.probe()
  assert.match(told.usable ? '' : told.reason, /^tcp:\/\/10\.0\.0\.1:2375 is not a unix socket .* DOCKER_HOST/)
})

test('a socket at which nobody answers in time is none', async (t) => {
  const { probe } = await import('./probe.js')
  const path = `${await t.directory()}/silent.sock`
  const server = createServer((socket) => socket.resume()).listen(path)
  t.defer(() => server.close())
  const answer = await probe(path, 20)
  assert.is(answer.usable, false)
  assert.match(answer.usable ? '' : answer.reason, 'no answer within 20 ms')
})
