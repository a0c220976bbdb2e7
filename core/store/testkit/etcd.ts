/** An etcd of the test's own, on free ports of the loopback address. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestEtcd {
  readonly endpoint: string
  /** By default the process is killed, as a crash would. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Lets it stand still, and go on. */
  pause(): void
  resume(): void
  /** Again on the same data and ports. */
  start(): Promise<void>
  /** Ends it and removes its data. */
  stop(): Promise<void>
}

export interface TestEtcdOptions {
  readonly args?: readonly string[]
  readonly scheme?: 'http' | 'https'
}

/** Transactions and values as large as the test kit of stores has them. */
const large = ['--max-txn-ops=2000', '--max-request-bytes=8388608']

/** A disk that syncs in no time, where there is one: nothing here is about disks. */
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

export async function startEtcd({ args = [], scheme = 'http' }: TestEtcdOptions = {}): Promise<TestEtcd> {
  const [client, peer] = await Promise.all([freePort(), freePort()])
  const directory = await mkdtemp(join(memory, 'davit-etcd-'))
  const [endpoint, peerUrl] = [`${scheme}://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`]
  const flags = [
    ...['--data-dir', directory, '--log-level', 'error', '--logger', 'zap'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl, '--initial-cluster', `default=${peerUrl}`],
    // One member needs no patience with others.
    ...['--heartbeat-interval=10', '--election-timeout=100'],
    ...large,
    ...args,
  ]
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = await launch(flags, client)
  }
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const dying = child
    if (dying === undefined) return
    child = undefined
    const gone = new Promise((resolve) => dying.once('exit', resolve))
    dying.kill('SIGCONT')
    dying.kill(signal)
    await gone
  }
  await start()
  return {
    endpoint,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async stop() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when it takes connections: calls wait for it then. It ends with the test's process. */
async function launch(flags: readonly string[], port: number): Promise<ChildProcess> {
  const child = spawn('etcd', flags, { stdio: ['ignore', 'ignore', 'inherit'] })
  const end = (): void => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.removeListener('exit', end))
  await new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return child
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
