/**
 * A small cluster network in namespaces of its own:
 *
 *     client 192.0.2.2 ── 192.0.2.1 node 10.244.0.1 ── 10.244.0.11, .12, .13 Pods that serve
 *                                        10.244.1.1 ── 10.244.1.2 a Pod that asks
 *
 * The mode programs the node, which routes between the sides; nothing of the machine's own network is touched.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { TestContext } from '../../testing/contract.js'
import type { ProxyState } from '../contract.js'
import { Remote } from './lines.js'

const run = promisify(execFile)

export const nodeAddress = '192.0.2.1'
export const clientAddress = '192.0.2.2'
export const podAddresses = ['10.244.0.11', '10.244.0.12', '10.244.0.13']
export const clusterCidr = '10.244.0.0/16'

export interface Asking {
  readonly host: string
  readonly port: number
  readonly times: number
  readonly protocol?: 'TCP' | 'UDP'
  /** Source port; 0: any. */
  readonly from?: number
}

export interface Network {
  /** Asks from outside the cluster; "address of the endpoint, address of who asked" or an error's code, for each time. */
  client(asking: Asking): Promise<string[]>
  /** The same from a Pod. */
  pod(asking: Asking): Promise<string[]>
  /** The same from the first of the Pods that serve. */
  server(asking: Asking): Promise<string[]>
  /** The same on the node itself. */
  host(asking: Asking): Promise<string[]>
  /** Runs a program in the node's namespace and answers with its output. */
  onNode(program: string, ...args: string[]): Promise<string>
  /** A life of the mode: a process of its own. */
  start(): Promise<Life>
}
export interface Life {
  sync(state: ProxyState): Promise<void>
  cleanup(): Promise<void>
  /** As a stop of Davit. */
  end(): Promise<void>
}

const traffic = new URL('./traffic-process.ts', import.meta.url)
const modeProcess = new URL('./mode-process.ts', import.meta.url)
let made = 0

export async function network(t: TestContext, plugin: URL, config: object): Promise<Network> {
  made += 1
  const prefix = `davit-t-${process.pid}-${made}`
  const space = (name: string) => namespace(t, `${prefix}-${name}`)
  const [client, node, pods, guest] = [await space('client'), await space('node'), await space('pods'), await space('guest')]
  await link(node, nodeAddress, client, [clientAddress])
  await link(node, '10.244.0.1', pods, podAddresses)
  await link(node, '10.244.1.1', guest, ['10.244.1.2'])
  await wayOut(node)
  const traffics = (each: string) => remote(t, new Remote(each, traffic))
  const [clientAgent, nodeAgent, podsAgent, guestAgent] = [traffics(client), traffics(node), traffics(pods), traffics(guest)]
  await podsAgent.call('serveTcp', 8080)
  await podsAgent.call('serveUdp', { port: 8080, addresses: podAddresses })
  return {
    client: (asking) => clientAgent.call('ask', asking),
    pod: (asking) => guestAgent.call('ask', asking),
    server: (asking) => podsAgent.call('ask', asking),
    host: (asking) => nodeAgent.call('ask', asking),
    onNode: async (program, ...args) => (await run('ip', ['netns', 'exec', node, program, ...args])).stdout,
    async start() {
      const life = remote(t, new Remote(node, modeProcess, [plugin.href, JSON.stringify(config)]))
      await life.call('open', { nodeName: 'kit', addresses: [], clusterCidr })
      return {
        sync: (state) => life.call('sync', state),
        cleanup: () => life.call('cleanup'),
        async end() {
          await life.call('close')
          await life.end()
        },
      }
    },
  }
}

function remote(t: TestContext, made: Remote): Remote {
  t.defer(() => made.end())
  return made
}

async function namespace(t: TestContext, name: string): Promise<string> {
  await run('ip', ['netns', 'add', name])
  t.defer(() => run('ip', ['netns', 'del', name]))
  await run('ip', ['-n', name, 'link', 'set', 'lo', 'up'])
  return name
}

/** As every machine has one, if only into the void: what has no way at all is refused before a rule sees it. */
async function wayOut(node: string): Promise<void> {
  const ip = (...args: string[]) => run('ip', ['-n', node, ...args])
  await ip('link', 'add', 'world', 'type', 'veth', 'peer', 'name', 'void')
  await ip('addr', 'add', '198.18.0.1/24', 'dev', 'world')
  for (const end of ['world', 'void']) await ip('link', 'set', end, 'up')
  await ip('route', 'add', 'default', 'dev', 'world')
}

let links = 0

/** A cable between two namespaces; the second has its way to everywhere through the first. */
async function link(first: string, gateway: string, second: string, addresses: readonly string[]): Promise<void> {
  links += 1
  const [a, b] = [`dt${process.pid % 100_000}a${links}`, `dt${process.pid % 100_000}b${links}`]
  const ip = (...args: string[]) => run('ip', args)
  await ip('-n', first, 'link', 'add', a, 'type', 'veth', 'peer', 'name', b, 'netns', second)
  await ip('-n', first, 'addr', 'add', `${gateway}/24`, 'dev', a)
  for (const address of addresses) await ip('-n', second, 'addr', 'add', `${address}/24`, 'dev', b)
  await ip('-n', first, 'link', 'set', a, 'up')
  await ip('-n', second, 'link', 'set', b, 'up')
  await ip('-n', second, 'route', 'add', 'default', 'via', gateway)
}
