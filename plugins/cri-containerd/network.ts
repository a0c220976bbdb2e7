/**
 * Who connects Pods. The runtime does it by CNI, from a configuration that it finds in a directory. One that somebody
 * wrote there stays and decides; where there is none, we write one that connects nothing, and the node's own network does.
 */
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock, Logger } from '@davit/core/kernel'
import type { NodeContext, PodNetwork } from '@davit/core/node'
import { RuntimeError } from '@davit/core/node'
import type { Client } from './client.js'
import type { ContainerdConfig } from './config.js'
import { conflistFile, neededPlugin, ownConflist, ownName } from './conflist.js'
import { askRuntime, type RuntimeFacts } from './runtime-status.js'

export interface NetworkParts {
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly config: Pick<ContainerdConfig, 'cniDirectory' | 'network'>
}

const usualDirectory = '/etc/cni/net.d'
/** The runtime watches the directory; it needs a moment. */
const longestLoad = 15_000

/** Makes the runtime ready for Pods. Called for the first sandbox that needs it; idempotent. undefined: by CNI. */
export async function chooseNetwork(parts: NetworkParts, node: NodeContext): Promise<PodNetwork | undefined> {
  const { client, log, config } = parts
  const facts = await askRuntime(client)
  const directory = directoryOf(parts, facts)
  const { own, foreign } = await look(directory)
  if (foreign !== undefined || config.network === 'cni') {
    if (foreign === undefined) throw refusal(`\`network: cni\`, but there is no CNI configuration in ${directory}`)
    log.warn(
      { file: join(directory, foreign), podCidr: node.podCidr },
      'a CNI configuration is there: Pods get addresses from it',
    )
    if (own !== undefined) await rm(join(directory, conflistFile), { force: true })
    await waitFor(parts, async ({ networkProblem }) => networkProblem === '')
    return undefined
  }
  if (!node.network) {
    throw refusal(`the node has no Pod network of Davit's, and there is no CNI configuration in ${directory}`)
  }
  await requirePlugin(facts)
  if (own === undefined) await write(directory, node.nodeName, ownConflist(parts.clock.now().toString(36)))
  await waitFor(parts, async ({ networkProblem, cniConfig }) => {
    // Another node of the same runtime may have written it since.
    const { own: name } = await look(directory)
    return networkProblem === '' && name !== undefined && (cniConfig?.includes(name) ?? true)
  })
  return node.network
}

/** Removes our configuration, unless Pods of anybody still run. Idempotent. */
export async function removeNetwork(parts: NetworkParts): Promise<void> {
  const { client } = parts
  const { items } = await client.call('ListPodSandbox', {})
  if (items.some(({ state }) => state === 'SANDBOX_READY')) return
  const directory = directoryOf(parts, await askRuntime(client))
  if ((await look(directory)).own !== undefined) await rm(join(directory, conflistFile), { force: true })
}

function directoryOf({ config: { cniDirectory: directory } }: NetworkParts, { cniDirectory }: RuntimeFacts): string {
  return directory ?? cniDirectory ?? usualDirectory
}

/** `own`: the name in ours. */
async function look(directory: string): Promise<{ readonly own: string | undefined; readonly foreign: string | undefined }> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => /\.(conf|conflist|json)$/.test(name)).sort()
  const text = names.includes(conflistFile) ? await readFile(join(directory, conflistFile), 'utf8').catch(() => '') : ''
  const own = ownName(text)
  return { own, foreign: names.find((name) => name !== conflistFile || own === undefined) }
}

/** Renamed into place, for a half-written file could be read; the runtime notices the rename of a file of its directory. */
async function write(directory: string, nodeName: string, text: string): Promise<void> {
  await mkdir(directory, { recursive: true })
  const temporary = join(directory, `.${conflistFile}.${nodeName}`)
  await writeFile(temporary, text)
  await rename(temporary, join(directory, conflistFile))
}

async function requirePlugin({ pluginDirectory }: RuntimeFacts): Promise<void> {
  if (pluginDirectory === undefined) return
  await access(join(pluginDirectory, neededPlugin)).catch(() => {
    throw refusal(
      `the CNI plugin ${neededPlugin} is not in ${pluginDirectory}: install the CNI plugins (Debian: containernetworking-plugins), or set bin_dir in the section cni of the runtime's configuration to where they are`,
    )
  })
}

async function waitFor({ client, clock }: NetworkParts, ready: (facts: RuntimeFacts) => Promise<boolean>): Promise<void> {
  const deadline = clock.monotonic() + longestLoad
  for (let pause = 5; ; pause = Math.min(pause * 2, 500)) {
    const facts = await askRuntime(client)
    if (await ready(facts)) return
    if (clock.monotonic() > deadline) {
      throw refusal(
        `the runtime does not load the CNI configuration: ${facts.networkProblem || 'it uses another one; does it look into another directory?'}`,
      )
    }
    await clock.sleep(pause)
  }
}

function refusal(message: string): RuntimeError {
  return new RuntimeError('FailedCreatePodSandBox', message)
}
