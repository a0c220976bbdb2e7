import type { ExecStreams, NodeUsage, PodRef } from '../api/contract.js'
import { ApiError } from '../client/contract.js'
import { assert, createVirtualClock, suite } from '../testing/contract.js'
import { type Container, type ExecRequest, type Runtime, type RuntimeCapabilities, RuntimeError } from './contract.js'
import type { PodWorker } from './pod-worker.js'
import { createStreams } from './streams.js'
import { container, exited, pod, running, sandbox } from './testing.js'

const test = suite('streams')
const web: PodRef = { namespace: 'default', name: 'web', uid: 'u1' }
const everything = { logs: true, exec: true, attach: true, portForward: true } as RuntimeCapabilities

async function* nothing(): AsyncGenerator<never> {}
const ends: ExecStreams = {
  stdin: nothing(),
  stdout: async () => {},
  stderr: async () => {},
  resize: nothing(),
  signal: new AbortController().signal,
}
const options = { container: 'main', tty: false, stdin: false, stdout: true, stderr: true }
const logs = { container: 'main', previous: false, follow: false, timestamps: false, signal: ends.signal }

/** What a runtime was asked; it fails with `failure` where there is one. */
function startStreams(containers: readonly Container[], { failure, supports = everything, tty = false }: Given = {}) {
  const asked: { id: string; tty?: boolean }[] = []
  const answer = async (id: string, request: Partial<ExecRequest>): Promise<{ exitCode: number }> => {
    asked.push(request.tty === undefined ? { id } : { id, tty: request.tty })
    if (failure) throw failure
    return { exitCode: 3 }
  }
  const runtime: Pick<Runtime, 'exec' | 'attach' | 'logs' | 'usage'> = {
    exec: answer,
    attach: async (id, request) => void (await answer(id, request)),
    usage: async (id) => (id.startsWith('main') ? { cpuNanoseconds: 5000, memoryBytes: 1024 } : undefined),
    async *logs(id) {
      await answer(id, {})
      yield Buffer.from('a line\n')
    },
  }
  const current = pod({ containers: [container('main', { tty }), container('other')] })
  const worker = { current, containers, sandboxes: [sandbox()] } as unknown as PodWorker
  const streams = createStreams({
    runtime: runtime as Runtime,
    supports,
    worker: (uid) => (uid === 'u1' ? worker : undefined),
    workers: () => [worker],
    clock: createVirtualClock(),
  })
  const read = async (previous = false): Promise<number> => {
    let pieces = 0
    for await (const _piece of streams.logs(web, { ...logs, previous })) pieces += 1
    return pieces
  }
  return { streams, asked, read }
}
interface Given {
  readonly failure?: Error
  readonly supports?: RuntimeCapabilities
  readonly tty?: boolean
}

async function refusal(work: Promise<unknown>): Promise<[code: number, message: string]> {
  const error = await assert.rejects(work)
  assert.instance(error, ApiError)
  return [(error as ApiError).status.code ?? 0, error.message]
}

test('exec has the terminal that the client asks for, attach the one that the container has', async () => {
  for (const tty of [false, true]) {
    const { streams, asked } = startStreams([running('main')], { tty })
    assert.equal(await streams.exec(web, { ...options, tty: !tty, command: ['true'] }, ends), { exitCode: 3 })
    await streams.attach(web, { ...options, tty: !tty }, ends)
    assert.equal(
      asked.map((request) => request.tty),
      [!tty, tty],
    )
  }
})

test('a log is that of the newest attempt, or of the one that ended before it', async () => {
  const { asked, read } = startStreams([exited('main', 0), running('main#1')])
  assert.is(await read(), 1)
  assert.is(await read(true), 1)
  assert.equal(
    asked.map(({ id }) => id),
    ['main#1', 'main'],
  )
})

test('what a runtime says of a container is an answer, any other failure a fault', async () => {
  const gone = startStreams([running('main')], { failure: new RuntimeError('RunContainerError', 'it is gone') })
  const told: [number, string] = [500, 'Internal error occurred: it is gone']
  assert.equal(await refusal(gone.streams.exec(web, { ...options, command: ['true'] }, ends)), told)
  assert.equal(await refusal(gone.streams.attach(web, options, ends)), told)
  assert.equal(await refusal(gone.read()), told)
  const bug = new TypeError('a bug')
  const broken = startStreams([running('main')], { failure: bug })
  assert.is(await assert.rejects(broken.read()), bug)
  assert.is(await assert.rejects(broken.streams.attach(web, options, ends)), bug)
})

test('what is not there, does not run or cannot be done is refused in words', async () => {
  const { streams, read } = startStreams([exited('main', 0)])
  const run = (given: object, to = web) => refusal(streams.exec(to, { ...options, command: ['true'], ...given }, ends))
  assert.equal(await run({}), [400, 'container main in pod web is not running'])
  assert.equal(await run({ container: 'third' }), [400, 'container third is not valid for pod web'])
  assert.equal(await run({}, { ...web, uid: 'u2' }), [404, 'pods "web" not found'])
  assert.equal(await refusal(read(true)), [400, 'previous terminated container "main" in pod "web" not found'])
  const bare = startStreams([running('main')], { supports: { ...everything, attach: false, logs: false } })
  assert.equal((await refusal(bare.streams.attach(web, options, ends)))[0], 400)
  assert.match((await refusal(bare.read()))[1], 'does not support logs')
})

test('what runs is told with what it has used, and what ended meanwhile is left out', async () => {
  const containers = [running('main'), running('other'), exited('main', 0)]
  const { streams } = startStreams(containers, { supports: { ...everything, stats: true, hollow: false } as RuntimeCapabilities })
  const { node, pods, at } = ((await streams.usage?.()) ?? {}) as NodeUsage
  assert.equal(
    pods.map(({ name, uid, containers: list }) => [
      name,
      uid,
      list.map((each) => [each.name, each.cpuNanoseconds, each.at === at]),
    ]),
    [['web', 'u1', [['main', 5000, true]]]],
  )
  assert.ok(node && node.cpuNanoseconds > 0 && node.memoryBytes > 0, 'the machine itself')
})

test('a simulated node has no machine, and a runtime that counts nothing says so', async () => {
  const hollow = { ...everything, stats: true, hollow: true } as RuntimeCapabilities
  assert.is((await startStreams([running('main')], { supports: hollow }).streams.usage?.())?.node, undefined)
  const { streams } = startStreams([running('main')])
  assert.equal(await refusal(streams.usage?.() ?? Promise.resolve()), [
    400,
    'the container runtime of this node does not support stats',
  ])
})
