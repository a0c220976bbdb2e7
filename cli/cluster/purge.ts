/** Removes what the runtimes and proxy modes of a stopped cluster made on this machine. */
import path from 'node:path'
import { type Bag, definePlugin, type PluginEntry, type Token } from '@davit/core/kernel'
import { bootKernel } from '@davit/core/kernel/host'
import { type RuntimeDriver, RuntimeToken } from '@davit/core/node'
import { type ProxyDriver, ProxyModeToken } from '@davit/core/proxy'
import { loadDriver } from './foreign.js'
import { createServices } from './run.js'
import type { Made } from './state.js'

/** Yields a line for each thing that was cleaned up or could not be. */
export async function* purge(dataDirectory: string, { podCidr, nodes, drivers }: Made): AsyncGenerator<string> {
  const entries: PluginEntry[] = []
  for (const driver of drivers) {
    const { config } = driver
    entries.push({ plugin: await loadDriver(driver), ...(config && { config }) })
  }
  let runtimes: Bag<RuntimeDriver> | undefined
  let modes: Bag<ProxyDriver> | undefined
  const kernel = await bootKernel([...entries, { plugin: collector }], await createServices({ verbose: false, human: true }))
  try {
    runtimes = kernel.bag(RuntimeToken as Token<RuntimeDriver, 'many'>)
    modes = kernel.bag(ProxyModeToken as Token<ProxyDriver, 'many'>)
    const signal = new AbortController().signal
    for (const node of nodes) {
      for (const driver of runtimes.all().filter((candidate) => node.runtimes.includes(candidate.id))) {
        if (!(await driver.probe()).usable) continue
        const directory = path.join(dataDirectory, 'nodes', node.name)
        await driver.purge({ nodeName: node.name, directory, podCidr: node.podCidr ?? podCidr, clusterCidr: podCidr, signal })
        yield `node ${node.name}: containers of ${driver.id} are gone`
      }
    }
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
}

/** Somebody must require the bags for the kernel to have them. */
const collector = definePlugin({
  id: 'purge',
  api: '^1.0',
  requires: { runtimes: RuntimeToken, modes: ProxyModeToken },
  setup: async () => ({}),
})
