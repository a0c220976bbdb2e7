/** What a case of the network's kit works with: an open network, real namespaces to connect, and traffic between them. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from '../../testing/contract.js'
import type { Attachment, NetworkContext, NetworkDriver, NetworkSandbox, PodNetwork } from '../contract.js'

export interface NetworkSubject {
  readonly driver: NetworkDriver
  /** Tells its links and rules of iptables from those of others, who may work on this machine meanwhile. */
  readonly traces: RegExp
}

export interface NetworkBench {
  readonly driver: NetworkDriver
  readonly network: PodNetwork
  readonly context: NetworkContext
  readonly signal: AbortSignal
  /** A sandbox that nothing is connected to yet. */
  sandbox(config?: Partial<NetworkSandbox>): Promise<NetworkSandbox>
  attached(config?: Partial<NetworkSandbox>): Promise<NetworkSandbox & { readonly ip: string }>
  /** Another node: of another cluster with this range, or with a range of its own. Purged after the test. */
  node(change?: Partial<NetworkContext>): Promise<PodNetwork>
  /** The same node in another life, by a driver that shares nothing with the first. */
  again(): Promise<PodNetwork>
  /** Says the address of who asks; in a sandbox, or on this machine. */
  serve(port: number, sandbox?: NetworkSandbox): Promise<void>
  /** What a server says; undefined: nobody answers. */
  ask(sandbox: NetworkSandbox | undefined, host: string, port: number): Promise<string | undefined>
  /** What this machine has of the driver's links and rules. */
  traces(): Promise<readonly string[]>
  /** Ends a sandbox's namespace, as a runtime does that was killed in the middle. */
  end(sandbox: NetworkSandbox): Promise<void>
}

export const podCidr = '10.183.7.0/24'
export const clusterCidr = '10.183.0.0/16'
let made = 0

export async function withNetwork(
  t: TestContext,
  factory: () => NetworkSubject,
  run: (bench: NetworkBench) => Promise<void>,
): Promise<void> {
  const directory = await t.directory()
  const context: NetworkContext = {
    nodeName: 'kit',
    directory: join(directory, 'node'),
    podCidrs: [podCidr],
    clusterCidrs: [clusterCidr],
    signal: t.signal,
  }
  const open = async (change: Partial<NetworkContext> = {}): Promise<PodNetwork> => {
    const { driver } = factory()
    const node = { ...context, ...change }
    const network = await driver.open(node)
    t.defer(async () => {
      await network.close()
      await driver.purge(node)
    })
    return network
  }
  const network = await open()
  const sandbox: NetworkBench['sandbox'] = async (config = {}) => {
    made += 1
    const id = `kit-${process.pid}-${made}`
    const namespace = join(directory, id)
    await writeFile(namespace, '')
    await tool('unshare', [`--net=${namespace}`, 'true'])
    t.defer(() => tool('umount', [namespace]).catch(() => undefined))
    return { id, namespace, portMappings: [], ...config }
  }
  await run({
    driver: factory().driver,
    network,
    context,
    signal: t.signal,
    sandbox,
    async attached(config) {
      const own = await sandbox(config)
      return { ...own, ip: ipOf(await network.attach(own)) }
    },
    node: open,
    again: () => open(),
    serve: (port, own) => (own ? serveInside(t, own.namespace, port) : serveHere(t, port)),
    ask,
    traces: () => traces(factory().traces),
    end: async ({ namespace }) => void (await tool('umount', [namespace])),
  })
}

export function ipOf(attachment: Attachment | undefined): string {
  return attachment?.ips[0] ?? ''
}

export function tool(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...words], (error, stdout) => (error ? reject(error) : resolve(stdout)))
  })
}

async function traces(own: RegExp): Promise<readonly string[]> {
  const rules = await tool('iptables-save', []).catch(() => '')
  return [...(await readdir('/sys/class/net')), ...rules.split('\n')].filter((each) => own.test(each)).sort()
}

const server = `
const server = require('net').createServer((socket) => socket.end(socket.remoteAddress.replace('::ffff:', '')))
server.listen(Number(process.argv[1]), '0.0.0.0', () => console.log('listening'))
`

async function serveInside(t: TestContext, namespace: string, port: number): Promise<void> {
  const words = [`--net=${namespace}`, process.execPath, '-e', server, `${port}`]
  const child: ChildProcess = spawn('nsenter', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.defer(async () => {
    const exit = once(child, 'exit')
    child.kill('SIGKILL')
    await exit
  })
  if (child.stdout) await once(child.stdout, 'data')
}

async function serveHere(t: TestContext, port: number): Promise<void> {
  const here = createServer((socket) => socket.end(socket.remoteAddress ?? ''))
  here.listen(port, '0.0.0.0')
  await once(here, 'listening')
  t.defer(() => new Promise<void>((resolve) => here.close(() => resolve())))
}

async function ask(sandbox: NetworkSandbox | undefined, host: string, port: number): Promise<string | undefined> {
  const words = ['timeout', '3', 'bash', '-c', `exec 3<>/dev/tcp/${host}/${port} && cat <&3`]
  const [program = '', ...rest] = sandbox ? ['nsenter', `--net=${sandbox.namespace}`, ...words] : words
  const said = await tool(program, rest).catch(() => '')
  return said === '' ? undefined : said
}
