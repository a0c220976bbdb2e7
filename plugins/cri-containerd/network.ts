/**
 * The Pod network: the runtime connects Pods by CNI, from a configuration that it finds in a directory. We write one
 * where there is none; one that somebody else wrote stays and decides.
 */
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext } from '@davit/core/node'
import { RuntimeError, refuseForeignRoutes } from '@davit/core/node'
import type { Client } from './client.js'
import { command } from './command.js'
import { conflistFile, conflistOf, namesOf, neededPlugins, rangeOf } from './conflist.js'
import { label } from './labels.js'
import { addRules, removeRules } from './masquerade.js'
import { askRuntime, type RuntimeFacts } from './runtime-status.js'

export interface NetworkParts {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  /** The directory that the user named. */
  readonly directory: string | undefined
}

const usualDirectory = '/etc/cni/net.d'
const addressDirectory = '/var/lib/cni/networks'
/** The runtime watches the directory; it needs a moment. */
const longestLoad = 15_000

/** Makes the network ready for Pods of the node's range. Called for the first sandbox that needs it; idempotent. */
export async function ensureNetwork(parts: NetworkParts, node: NodeContext): Promise<void> {
  const { client, log } = parts
  const facts = await askRuntime(client)
  const directory = directoryOf(parts, facts)
  const { own, foreign } = await look(directory)
  if (foreign !== undefined) {
    log.warn(
      { file: join(directory, foreign), podCidr: node.podCidr },
      'a CNI configuration is there: Pods get addresses from it',
    )
    await removeOwn(directory, own)
    return waitFor(parts, (now) => now.networkProblem === '')
  }
  await refuseForeignRoutes(node.podCidr, [namesOf(node.podCidr).bridge]).catch((error: Error) => {
    throw new RuntimeError('FailedCreatePodSandBox', error.message, { cause: error })
  })
  if (own !== undefined && own !== node.podCidr) await requireUnused(client, node, own)
  await requirePlugins(facts)
  if (own !== node.podCidr) await write(directory, conflistOf(node.podCidr))
  await addRules(node.podCidr, node.clusterCidr ?? node.podCidr).catch((error: unknown) => {
    log.warn({ error: String(error) }, 'Pods do not reach what lies outside the cluster: no rules of iptables')
  })
  const { network } = namesOf(node.podCidr)
  await waitFor(parts, ({ networkProblem, cniConfig }) => networkProblem === '' && (cniConfig?.includes(network) ?? true))
}

/** Removes what was made for the range, unless sandboxes of anybody are still connected. Idempotent. */
export async function removeNetwork(parts: NetworkParts, podCidr: string): Promise<void> {
  const { client } = parts
  const { items } = await client.call('ListPodSandbox', {})
  if (items.some(({ state }) => state === 'SANDBOX_READY')) return
  const directory = directoryOf(parts, await askRuntime(client))
  const { own } = await look(directory)
  if (own === podCidr) await removeOwn(directory, own)
  const { bridge, network } = namesOf(podCidr)
  await removeRules(podCidr)
  if (await exists(`/sys/class/net/${bridge}`)) {
    await command('ip', ['link', 'delete', bridge]).catch(async (error: unknown) => {
      if (await exists(`/sys/class/net/${bridge}`)) throw error
    })
  }
  await rm(join(addressDirectory, network), { recursive: true, force: true })
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function directoryOf({ directory }: NetworkParts, { cniDirectory }: RuntimeFacts): string {
  return directory ?? cniDirectory ?? usualDirectory
}

/** `own`: the range that ours is for. */
async function look(directory: string): Promise<{ readonly own: string | undefined; readonly foreign: string | undefined }> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(conf|conflist|json)$/.test(name)).sort()
  const text = names.includes(conflistFile) ? await readFile(join(directory, conflistFile), 'utf8').catch(() => '') : ''
  const own = rangeOf(text)
  return { own, foreign: names.find((name) => name !== conflistFile || own === undefined) }
}

async function removeOwn(directory: string, own: string | undefined): Promise<void> {
  if (own !== undefined) await rm(join(directory, conflistFile), { force: true })
}

/** Renamed into place, for a half-written file could be read; the runtime notices the rename of a file of its directory. */
async function write(directory: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const temporary = join(directory, `.${conflistFile}.new`)
  await writeFile(temporary, text)
  await rename(temporary, join(directory, conflistFile))
}

/** The runtime has one network; another node's Pods would lose theirs. */
async function requireUnused(client: Client, node: NodeContext, range: string): Promise<void> {
  const { items } = await client.call('ListPodSandbox', {})
  const other = items.find(({ state, labels }) => {
    return state === 'SANDBOX_READY' && labels[label.node] !== undefined && labels[label.node] !== node.nodeName
  })
  if (!other) return
  throw new RuntimeError(
    'FailedCreatePodSandBox',
    `this runtime serves the node ${other.labels[label.node]} with the range ${range}; a second node needs a runtime of its own (its own socket, root and CNI directory)`,
  )
}

async function requirePlugins({ pluginDirectory }: RuntimeFacts): Promise<void> {
  if (pluginDirectory === undefined) return
  for (const name of neededPlugins) {
    await access(join(pluginDirectory, name)).catch(() => {
      throw new RuntimeError(
        'FailedCreatePodSandBox',
        `the CNI plugin ${name} is not in ${pluginDirectory}: install the CNI plugins (Debian: containernetworking-plugins), or set bin_dir in the section cni of the runtime's configuration to where they are`,
      )
    })
  }
}

async function waitFor({ client, clock }: NetworkParts, ready: (facts: RuntimeFacts) => boolean): Promise<void> {
  const deadline = clock.monotonic() + longestLoad
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    const facts = await askRuntime(client)
    if (ready(facts)) return
    if (clock.monotonic() > deadline) {
      throw new RuntimeError(
        'FailedCreatePodSandBox',
        `the runtime does not load the CNI configuration: ${facts.networkProblem || 'it uses another one; does it look into another directory?'}`,
      )
    }
    await clock.sleep(pause)
  }
}
