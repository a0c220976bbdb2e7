/**
 * The conformance kit for proxy modes: real traffic through a real kernel, in network namespaces made for each test. A
 * mode plugin's `conformance.test.ts` is this and `pluginSuite`:
 *
 * ```ts
 * import { proxyKit } from '@davit/core/proxy/testkit'
 * import plugin from './index.js'
 *
 * proxyKit(plugin, new URL('./index.ts', import.meta.url), { requires: ['iptables'] })
 * ```
 *
 * The plugin is booted in a process of its own inside the node's namespace, hence the address of its file. What its
 * manifest `supports` says is false or absent is left out, and nothing else: `nodePort`, `sessionAffinity`, `udpHandover`,
 * `repair` (of what others remove, within seconds by the kit's configuration).
 */
import type { AnyPlugin } from '../kernel/contract.js'
import type { Capability } from '../testing/contract.js'
import { suite } from '../testing/contract.js'
import { cases } from './testkit/cases.js'
import { network } from './testkit/network.js'

export interface ProxyKitOptions {
  readonly config?: object
  /** Beside root, network namespaces and the program ip. */
  readonly requires?: readonly Capability[]
}

export function proxyKit(plugin: AnyPlugin, file: URL, options: ProxyKitOptions = {}): void {
  const { config = {}, requires = [] } = options
  const test = suite(`proxy mode ${plugin.id}`)
  for (const { name, needs = [], run } of cases) {
    if (!needs.every((capability) => plugin.supports?.[capability])) continue
    test(name, async (t) => run(await network(t, file, config)), {
      requires: ['root', 'netns', 'ip', ...requires],
      timeoutMs: 60_000,
    })
  }
}
