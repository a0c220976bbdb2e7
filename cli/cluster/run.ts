/** Brings a composed cluster up in this process. */

import { ApiAddressToken } from '@davit/core/api'
import { ClientsToken, nodes } from '@davit/core/client'
import type { Kernel, KernelServices } from '@davit/core/kernel'
import { bootKernel, createClock, createIds, createLogger, createRandom } from '@davit/core/kernel/host'
import type { Node } from '@davit/core/kinds'
import type { Composition } from './compose.js'
import { statusPlugin } from './status-plugin.js'

export interface RunningCluster {
  readonly kernel: Kernel
  readonly url: string
  /** Where Pods reach the API; undefined: they do not. */
  readonly endpoint: string | undefined
  /** Where the administrator's kubeconfig was written. */
  readonly kubeconfig: string
  stop(): Promise<void>
}

export async function createServices(options: { readonly verbose: boolean; readonly human: boolean }): Promise<KernelServices> {
  const clock = createClock()
  const log = await createLogger({ level: options.verbose ? 'debug' : 'warn', format: options.human ? 'human' : 'json', clock })
  return { clock, random: createRandom(), ids: createIds(), log }
}

/** Says each range of addresses that a node gets; where `only` is named, of that one alone. */
export function followRanges(kernel: Kernel, learn: (node: string, podCidr: string) => void, only?: string): void {
  const look = ({ metadata, spec }: Node) => {
    if (spec.podCIDR) learn(metadata.name, spec.podCIDR)
  }
  const scope = only === undefined ? {} : { fieldSelector: `metadata.name=${only}` }
  kernel.get(ClientsToken).informer(nodes, scope).on({ added: look, updated: look })
}

export async function runCluster({ entries }: Composition, services: KernelServices): Promise<RunningCluster> {
  const status = statusPlugin()
  const kernel = await bootKernel([...entries, { plugin: status.plugin, source: 'davit' }], services)
  status.follow(kernel)
  const { url, kubeconfig, endpoint } = kernel.get(ApiAddressToken)
  return { kernel, url, kubeconfig, endpoint: endpoint && `${endpoint.host}:${endpoint.port}`, stop: () => kernel.stop() }
}
