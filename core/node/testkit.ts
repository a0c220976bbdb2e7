/**
 * The conformance kit for container runtimes. A runtime plugin's `conformance.test.ts` is this and no more:
 *
 * ```ts
 * import { runtimeKit } from '@davit/core/node/testkit'
 * import { createDriver } from './driver.js'
 *
 * runtimeKit('process', () => ({ driver: createDriver(), image: 'busybox' }), { requires: ['linux'] })
 * ```
 *
 * The factory is called for each test, and twice in one where the kit plays a restart of Davit: drivers that share
 * nothing in memory must find the same containers. It is also called once when the file is loaded, for `supports`,
 * which alone decides what is left out: making a driver must have no side effect.
 */

import { createClock } from '../kernel/clock.js'
import { createRandom } from '../kernel/random.js'
import { suite } from '../testing/contract.js'
import { adoptionCases } from './testkit/adoption.js'
import type { KitOptions, KitServices, RuntimeSubject } from './testkit/bench.js'
import { withBench } from './testkit/bench.js'
import { containerCases } from './testkit/containers.js'
import { isolationCases } from './testkit/isolation.js'
import { logCases } from './testkit/logs.js'
import { sandboxCases } from './testkit/sandboxes.js'
import { streamCases } from './testkit/streams.js'

/** For tests that run a runtime under the agent, in a control plane that `boot` brings up. */
export { nodeAgent, nodeVolumes, purgePodDirectories } from './host.js'
export type { Behaviour, KitOptions, KitServices, RuntimeSubject } from './testkit/bench.js'
export { networkKit } from './testkit/network.js'
export type { NetworkSubject } from './testkit/network-bench.js'
export { type PersistentVolumeSubject, persistentVolumeKit } from './testkit/persistent-volumes.js'

export function runtimeKit(name: string, factory: (services: KitServices) => RuntimeSubject, options: KitOptions = {}): void {
  const services: KitServices = { clock: createClock(), random: createRandom() }
  const { supports } = factory(services).driver
  const test = suite(`runtime ${name}`)
  const cases = [...sandboxCases, ...containerCases, ...logCases, ...streamCases, ...isolationCases, ...adoptionCases]
  for (const item of cases) {
    if (!(item.needs ?? []).every((capability) => supports[capability])) continue
    if ((item.without ?? []).some((capability) => supports[capability])) continue
    test(item.name, (t) => withBench(t, () => factory(services), item.run), {
      timeoutMs: options.timeoutMs ?? 30_000,
      ...(options.requires ? { requires: options.requires } : {}),
    })
  }
}
