/** Removes what the runtimes and proxy modes of a stopped cluster made on this machine. */
import path from 'node:path'
import { type Bag, definePlugin, type PluginEntry, type Token } from '@davit/core/kernel'
import { bootKernel } from '@davit/core/kernel/host'
import { type NetworkDriver, NetworkToken, type NodeContext, type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import { forgetRuntime, purgePodDirectories, usedRuntimes } from '@davit/core/node/host'
import { type ProxyDriver, ProxyModeToken } from '@davit/core/proxy'
import { CliError } from '../output/cli-error.js'
import { loadDriver } from './foreign.js'
import { createServices } from './run.js'
import type { Made } from './state.js'

/**
 * Yields a line for each thing that was cleaned up. Goes on where something cannot be, and throws at the end: what is
 * left must stay known.
 */
export async function* purge(dataDirectory: string, { podCidr, nodes, drivers }: Made): AsyncGenerator<string> {
  const entries: PluginEntry[] = []
  for (const driver of drivers) {
    const { config } = driver
    entries.push({ plugin: await loadDriver(driver), ...(config && { config }) })
  }
  const left: string[] = []
  let runtimes: Bag<RuntimeDriver> | undefined
  let modes: Bag<ProxyDriver> | undefined
  let networks: Bag<NetworkDriver> | undefined
  const kernel = await bootKernel([...entries, { plugin: collector }], await createServices({ verbose: false, human: true }))
  try {
    runtimes = kernel.bag(RuntimeToken as Token<RuntimeDriver, 'many'>)
    networks = kernel.bag(NetworkToken as Token<NetworkDriver, 'many'>)
    modes = kernel.bag(ProxyModeToken as Token<ProxyDriver, 'many'>)
    const signal = new AbortController().signal
    const contexts: NodeContext[] = []
    for (const node of nodes) {
      const before = left.length
      const directory = node.directory ?? path.join(dataDirectory, 'nodes', node.name)
      const context = { nodeName: node.name, directory, podCidr: node.podCidr ?? podCidr, clusterCidr: podCidr, signal }
      contexts.push(context)
      for (const driver of runtimes.all().filter((candidate) => node.runtimes.includes(candidate.id))) {
        const problem = await purgeNode(driver, context, dataDirectory)
        if (problem === undefined) yield `node ${node.name}: containers of ${driver.id} are gone`
        else if (problem !== '') left.push(problem)
      }
      // What still runs may still use them.
      if (left.length > before) continue
      const problem = await purgeFiles(node.name, directory)
      if (problem === undefined) yield `node ${node.name}: files of its Pods are gone`
      else if (problem !== '') left.push(problem)
    }
    // Links go once nobody is at their other end.
    if (left.length === 0) left.push(...(await purgeNetworks(networks.all(), contexts)))
    for (const driver of modes.all()) {
      if (!(await driver.probe()).usable) continue
      const mode = await driver.open({ nodeName: nodes[0]?.name ?? '', addresses: [], clusterCidr: podCidr })
      await mode.cleanup()
      await mode.close()
      yield `rules of ${driver.id} are gone`
    }
  } finally {
    await kernel.stop()
  }
  if (left.length > 0) {
    throw new CliError(left.join('\n'), {
      hint: 'once it can be reached, run `davit down` again: what is left is kept in mind (`davit down --force` forgets it)',
    })
  }
}

/** What is wrong, for a person; empty where nothing was ever made in the runtime. */
async function purgeNode(driver: RuntimeDriver, context: NodeContext, dataDirectory: string): Promise<string | undefined> {
  const node = context.nodeName
  // Of simulated ones no note is kept.
  if (!driver.supports.hollow && !(await usedRuntimes(dataDirectory, node)).includes(driver.id)) return ''
  const verdict = await driver.probe()
  if (!verdict.usable) {
    return `${driver.id} cannot be reached: containers of node ${node} are left (${verdict.reason})`
  }
  try {
    await driver.purge(context)
  } catch (error) {
    return `${driver.id} failed: containers of node ${node} may be left (${(error as Error).message})`
  }
  await forgetRuntime(dataDirectory, node, driver.id)
}

/** What is wrong, for a person. A network that cannot be used here has made nothing. */
async function purgeNetworks(drivers: readonly NetworkDriver[], contexts: readonly NodeContext[]): Promise<string[]> {
  const left: string[] = []
  for (const driver of drivers) {
    if (!(await driver.probe()).usable) continue
    for (const { nodeName, directory, podCidr, clusterCidr = podCidr, signal } of contexts) {
      const node = { nodeName, directory, podCidrs: [podCidr], clusterCidrs: [clusterCidr], signal }
      await driver.purge(node).catch((error: unknown) => {
        left.push(`${driver.id} failed: the network of node ${nodeName} may be left (${(error as Error).message})`)
      })
    }
  }
  return left
}

/** What is wrong, for a person; undefined: they are gone; empty where there were no files. */
async function purgeFiles(node: string, directory: string): Promise<string | undefined> {
  try {
    return (await purgePodDirectories(directory)) > 0 ? undefined : ''
  } catch (error) {
    return `files of Pods of node ${node} are left in ${directory} (${(error as Error).message})`
  }
}

/** Somebody must require the bags for the kernel to have them. */
const collector = definePlugin({
  id: 'purge',
  api: '^1.0',
  requires: { runtimes: RuntimeToken, networks: NetworkToken, modes: ProxyModeToken },
  setup: async () => ({}),
})
