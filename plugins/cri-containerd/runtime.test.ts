// @serial machine
// @timeout 300
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ExecRequest, RuntimeEvent } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import { assert, suite, type TestContext } from '@davit/core/testing'
import { connectClient } from './client.js'
import { forward } from './dial.js'
import { rotate } from './log-rotation.js'
import { logDirectory } from './options.js'
import { startContainerd } from './private-containerd.js'
import { configOf, type Machine, machineClock, plainSecurity, testContainer, testSandbox, withMachine } from './testing.js'

const containerd = await startContainerd()
const config = configOf(containerd)
const suiteTest = suite('runtime')
suiteTest.after(() => containerd?.stop())
const mebi = 2 ** 20

function test(name: string, run: (machine: Machine, t: TestContext) => Promise<void>): void {
  const options = { requires: ['containerd', 'root'], timeoutMs: 60_000 } as const
  suiteTest(name, (t) => withMachine(t, config, (machine) => run(machine, t)), options)
}

async function* nothing(): AsyncGenerator<never> {}
const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

test('limits are the kernel’s, are changed while it runs, and are taken away again', async ({ open, start }) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const resources = { cpuShares: 256, cpuLimitMillis: 250, memoryLimit: 64 * mebi, pidsLimit: 77 }
  const id = await start(runtime, sandbox, testContainer('sleep 1000', { resources }))
  const limits = async (): Promise<string[]> => {
    const client = await connectClient(config.socket)
    const { info } = await client.call('ContainerStatus', { containerId: id, verbose: true })
    client.close()
    const { pid } = JSON.parse(info.info ?? '{}') as { pid: number }
    const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8')
    const read = async (controller: string, file: string): Promise<string> => {
      const path = new RegExp(`^\\d+:[^:]*\\b${controller}\\b[^:]*:(.*)$`, 'm').exec(groups)?.[1] ?? ''
      return (await readFile(join('/sys/fs/cgroup', controller, path, file), 'utf8')).trim()
    }
    return Promise.all([
      read('cpu', 'cpu.shares'),
      read('cpu', 'cpu.cfs_quota_us'),
      read('memory', 'memory.limit_in_bytes'),
      read('pids', 'pids.max'),
    ])
  }
  assert.equal(await limits(), ['256', '25000', String(64 * mebi), '77'])
  await runtime.updateContainer(id, { cpuShares: 512, cpuLimitMillis: 500, memoryLimit: 96 * mebi, pidsLimit: 99 })
  assert.equal(await limits(), ['512', '50000', String(96 * mebi), '99'])
  await runtime.updateContainer(id, {})
  const [shares, quota, memory, pids] = await limits()
  assert.equal([shares, quota, pids], ['2', '-1', 'max'])
  assert.ok(Number(memory) > 2 ** 45, 'more than any machine has')
})

test("the image's entry point and command hold where the Pod does not say otherwise", async ({ open, output }) => {
  const settings = { Entrypoint: ['/bin/echo', 'entry'], Cmd: ['point'], User: '33:34' }
  await containerd?.importImage('davit.local/entry:1', settings)
  await containerd?.importImage('davit.local/named:1', { User: 'daemon' })
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const out = (name: string, more: object) =>
    output(runtime, sandbox, '', { name, image: 'davit.local/entry:1', command: [], ...more })
  assert.is(await out('a', {}), 'entry point\n')
  assert.is(await out('b', { args: ['other'] }), 'entry other\n')
  assert.is(await out('c', { command: ['/bin/echo', 'only'] }), 'only\n')
  const security = { ...plainSecurity, runAsGroup: 44 }
  const ids = { command: ['/bin/sh', '-c', 'id -u; id -g'], security }
  assert.is(await out('d', ids), '33\n44\n')
  assert.is(await out('e', { ...ids, image: 'davit.local/named:1' }), '33\n44\n')
  assert.is(await out('f', { ...ids, image: 'busybox:1' }), '0\n44\n')
})

test('containers of a Pod that shares its processes see each other; others see their own', async ({ open, output }) => {
  const runtime = await open()
  const shared = await runtime.runSandbox(testSandbox({ shareProcessNamespace: true }))
  assert.is(await output(runtime, shared, 'cat /proc/1/comm'), 'pause\n')
  const other = await runtime.runSandbox(testSandbox())
  assert.is(await output(runtime, other, 'echo $$'), '1\n')
  const host = await runtime.runSandbox(testSandbox({ hostPid: true }))
  assert.match(await output(runtime, host, `grep -s . /proc/${process.pid}/comm`), 'node')
})

test("a Pod on the machine's network has its name and no address; an adopted one too", async ({ open, output, start, log }) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox({ hostNetwork: true, hostname: 'ignored' }))
  assert.equal(sandbox.ips, [])
  assert.is(await output(runtime, sandbox, 'hostname'), `${hostname()}\n`)
  const pod = await runtime.runSandbox(testSandbox({ hostname: 'own-name' }))
  const again = await open()
  const [adopted] = (await again.listSandboxes()).filter(({ id }) => id === pod.id)
  assert.equal(adopted, pod)
  assert.is(await output(again, pod, 'hostname; echo $HOSTNAME'), 'own-name\nown-name\n')
  const id = await start(again, pod, testContainer('echo both', { attempt: 1 }))
  assert.is(await log(again, id, { follow: true }), 'both\n')
})

test('sysctls, DNS and privileges reach the container', async ({ open, output }) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(
    testSandbox({
      sysctls: { 'net.ipv4.ip_local_port_range': '20000 30000' },
      dns: { servers: ['10.96.0.10'], searches: ['a.test', 'b.test'], options: ['ndots:5'] },
    }),
  )
  const script = 'cat /proc/sys/net/ipv4/ip_local_port_range /etc/resolv.conf; grep -E "CapEff|Seccomp:" /proc/self/status'
  const plain = await output(runtime, sandbox, script)
  assert.match(plain, /^20000\s30000\n/)
  assert.match(plain, /search a.test b.test\nnameserver 10.96.0.10\noptions ndots:5\n/)
  assert.match(plain, /Seccomp:\s+2/)
  const security = { ...plainSecurity, privileged: true }
  const privileged = await output(runtime, sandbox, script, { name: 'privileged', security })
  assert.match(privileged, /Seccomp:\s+0/)
  assert.not.match(privileged, /CapEff:\s+00000000a80425fb/)
})

test('a host port leads to the Pod, Pods reach each other, and 127.0.0.1 is reached through the runtime', async (machine) => {
  const { open, start, output } = machine
  const runtime = await open()
  const hostPort = 31_000 + (process.pid % 1_000)
  const mapping = { containerPort: 8080, hostPort, hostIp: '', protocol: 'TCP' } as const
  const server = await runtime.runSandbox(testSandbox({ portMappings: [mapping] }))
  await start(runtime, server, testContainer('while :; do echo outside | nc -l -p 8080; done'))
  await start(
    runtime,
    server,
    testContainer('echo inside > /tmp/in; exec httpd -f -h /tmp -p 127.0.0.1:9090', { name: 'inside' }),
  )
  const client = await runtime.runSandbox(testSandbox())
  const ask = `until nc ${server.ips[0]} 8080 </dev/null; do sleep 0.05; done`
  assert.is(await output(runtime, client, ask), 'outside\n')
  const fromHost = async (): Promise<string> => {
    const socket = connect(hostPort, server.ips[0] ? '127.0.0.1' : '')
    socket.on('error', () => {})
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    await once(socket, 'close')
    return Buffer.concat(chunks).toString()
  }
  let seen = ''
  while (seen === '') seen = await fromHost()
  assert.is(seen, 'outside\n')
  const inside = async (): Promise<string> => {
    const chunks: Uint8Array[] = []
    try {
      const connection = await runtime.dial(server.id, 9090)
      connection.write('GET /in HTTP/1.0\r\n\r\n')
      for await (const chunk of connection) chunks.push(chunk as Uint8Array)
    } catch (error) {
      assert.match((error as Error).message, /refused/)
    }
    return text(Buffer.concat(chunks))
  }
  let answer = ''
  while (answer === '') answer = await inside()
  assert.match(answer, /^HTTP\/1.. 200 OK\r\n[\s\S]*inside\n$/)
})

test('much passes through a forwarded port, both ways; a port at which nobody listens is an error', async ({
  open,
  start,
}, t) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  await start(runtime, sandbox, testContainer('exec nc -ll -p 9090 -e cat'))
  const client = await connectClient(config.socket)
  t.defer(() => client.close())
  const block = Buffer.alloc(256 * 1024, 'x')
  let size = 0
  while (size === 0) {
    const connection = await forward(client, sandbox.id, 9090)
    connection.on('error', () => {})
    for (let turn = 0; turn < 16; turn += 1) connection.write(block)
    try {
      for await (const chunk of connection) {
        size += (chunk as Buffer).length
        if (size >= 16 * block.length) break
      }
    } catch {
      // Nobody listens yet.
    }
  }
  assert.is(size, 16 * block.length)
  const nobody = await forward(client, sandbox.id, 9)
  const error = await assert.rejects(async () => {
    for await (const chunk of nobody) assert.is(chunk, undefined)
  })
  assert.match((error as Error).message, /refused/)
})

test('a line of 100 KB is one line with one time, and a terminal has its log too', async ({
  open,
  start,
  exited,
  log,
  output,
}) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const id = await start(runtime, sandbox, testContainer('head -c 100000 /dev/zero | tr "\\0" x; echo; echo -n end'))
  await exited(runtime, id)
  const lines = (await log(runtime, id, { timestamps: true })).split('\n')
  assert.is(lines.length, 2)
  assert.match(lines[0] ?? '', /^\S+ x{100000}$/)
  assert.match(lines[1] ?? '', /^\S+ end$/)
  assert.is(await log(runtime, id, { tailLines: 1 }), 'end')
  assert.is((await log(runtime, id, { tailLines: 2 })).length, 100_004)
  // The runtime writes lines without their carriage return.
  assert.match(await output(runtime, sandbox, 'echo hi', { name: 'terminal', tty: true }), /^hi\r?\n$/)
})

test('a log that is rotated while it is followed loses nothing, and goes with its container', async ({
  open,
  start,
  log,
  context,
}, t) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const script = 'i=0; while [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); usleep 2000; done'
  const id = await start(runtime, sandbox, testContainer(script))
  const client = await connectClient(config.socket)
  t.defer(() => client.close())
  const following = log(runtime, id, { follow: true })
  const file = join(logDirectory(context.directory, sandbox), 'main/0.log')
  const { log: quiet } = await import('@davit/core/testing').then(({ createTestServices }) => createTestServices())
  const parts = { client, clock: machineClock, log: quiet, maxSize: 1, maxFiles: 3 }
  for (let turn = 0; turn < 2; turn += 1) {
    const { size } = await stat(file)
    while ((await stat(file)).size < size + 2_000) await machineClock.sleep(10)
    await rotate(parts, id, file)
  }
  const all = Array.from({ length: 400 }, (_, index) => `line ${index}\n`).join('')
  assert.is(await following, all)
  assert.is(await log(runtime, id), all)
  assert.is(await log(runtime, id, { tailLines: 300 }), all.slice(all.indexOf('line 100\n')))
  assert.equal((await readdir(join(file, '..'))).sort(), ['0.log', '0.log.1', '0.log.2'])
  await runtime.removeContainer(id)
  assert.equal(await readdir(join(file, '..')), [])
  await runtime.removeSandbox(sandbox.id)
  assert.equal(await readdir(join(context.directory, 'cri-containerd/logs')), [])
})

test('what a crash left half made under the same name gives way; what runs does not', async ({ open, start }) => {
  const runtime = await open()
  const sandboxConfig = testSandbox()
  const sandbox = await runtime.runSandbox(sandboxConfig)
  const taken = await assert.rejects(runtime.runSandbox(sandboxConfig))
  assert.ok(taken instanceof RuntimeError && taken.problem === 'FailedCreatePodSandBox')
  const lost = await runtime.createContainer(sandbox, testContainer('sleep 1000'))
  const id = await start(runtime, sandbox, testContainer('sleep 1000'))
  assert.is(await runtime.container(lost), undefined)
  const error = await assert.rejects(runtime.createContainer(sandbox, testContainer('sleep 1000')))
  assert.ok(error instanceof RuntimeError && error.problem === 'CreateContainerError')
  assert.is((await runtime.container(id))?.state, 'running')
  await runtime.stopSandbox(sandbox.id)
  const again = await runtime.runSandbox(sandboxConfig)
  assert.is.not(again.id, sandbox.id)
  assert.equal(
    (await runtime.listSandboxes()).map(({ id: each }) => each),
    [again.id],
  )
})

test('an exec whose caller is gone ends with the reason, and a process that is lost is no success', async ({ open, start }) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const id = await start(runtime, sandbox, testContainer('sleep 1000'))
  const stop = new AbortController()
  let begun: () => void = () => {}
  const started = new Promise<void>((resolve) => (begun = resolve))
  const request: ExecRequest = {
    command: ['/bin/sh', '-c', 'echo begun; sleep 30'],
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
  const { signal } = new AbortController()
  const missing = await assert.rejects(runtime.exec(id, { ...request, command: ['/no/such'], signal, stdout: undefined }))
  assert.ok(missing instanceof RuntimeError && missing.problem === 'RunContainerError')
  assert.match(missing.message, '/no/such')
})

test('the loss of the runtime rejects calls as a fault; Pods run on, and are announced after its return', async ({
  open,
  start,
}) => {
  const runtime = await open()
  const sandbox = await runtime.runSandbox(testSandbox())
  const events: RuntimeEvent[] = []
  let heard: () => void = () => {}
  const unsubscribe = runtime.subscribe((event) => {
    events.push(event)
    heard()
  })
  const next = (): Promise<void> => new Promise((resolve) => (heard = resolve))
  const started = next()
  const id = await start(runtime, sandbox, testContainer('sleep 1000'))
  await started
  await containerd?.kill()
  try {
    const error = await assert.rejects(runtime.listSandboxes())
    assert.not(error instanceof RuntimeError, 'no user can mend it')
    events.length = 0
  } finally {
    await containerd?.start()
  }
  while (!events.some(({ type }) => type === 'sandboxChanged')) await next()
  assert.ok(events.every(({ podUid }) => podUid === sandbox.pod.uid))
  assert.is((await runtime.container(id))?.state, 'running')
  assert.is((await runtime.listSandboxes())[0]?.state, 'ready')
  unsubscribe?.()
})
