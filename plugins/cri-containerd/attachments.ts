/** The sandboxes that the node's Pod network connects, once the runtime has made them. */
import type { NetworkSandbox, NodeContext, Sandbox } from '@davit/core/node'
import type { Client } from './client.js'
import { unlessMissing } from './errors.js'
import { ipsOf, selectorOf, storedPorts } from './labels.js'
import type { Received } from './messages.js'
import { once } from './once.js'

export interface Attachments {
  /** Finds what a former life connected. Before anything else is done with sandboxes; once it succeeded it costs nothing. */
  adopt(): Promise<void>
  attach(id: string, portMappings: NetworkSandbox['portMappings']): Promise<void>
  detach(id: string): Promise<void>
  /** With its addresses. One that has lost its link is not ready: its Pod gets another. */
  connected(sandbox: Sandbox, found: Received<'PodSandboxStatus'>): Sandbox
}

export function createAttachments(client: Client, { network, nodeName }: Pick<NodeContext, 'network' | 'nodeName'>): Attachments {
  const ips = new Map<string, readonly string[]>()
  const adoption = once(async () => {
    if (!network) return
    const { items } = await client.call('ListPodSandbox', { filter: selectorOf(nodeName) })
    const wanted = items.map(async ({ id, state, annotations }): Promise<NetworkSandbox | undefined> => {
      const portMappings = state === 'SANDBOX_READY' ? storedPorts(annotations) : undefined
      if (!portMappings) return undefined
      const namespace = await namespaceOf(client, id)
      return namespace === undefined ? undefined : { id, namespace, portMappings }
    })
    const sandboxes = (await Promise.all(wanted)).filter((item) => item !== undefined)
    for (const found of await network.adopt(sandboxes)) ips.set(found.id, found.ips)
  })

  return {
    adopt: adoption.done,
    async attach(id, portMappings) {
      const namespace = await namespaceOf(client, id)
      if (namespace === undefined) throw new Error(`the runtime does not say where the network namespace of ${id} is`)
      const attached = await network?.attach({ id, namespace, portMappings })
      if (attached) ips.set(id, attached.ips)
    },
    async detach(id) {
      await network?.detach(id)
      ips.delete(id)
    },
    connected(sandbox, found) {
      if (storedPorts(found.annotations) === undefined) return { ...sandbox, ips: ipsOf(found) }
      const own = ips.get(sandbox.id)
      return { ...sandbox, ips: own ?? [], state: own ? sandbox.state : 'notReady' }
    },
  }
}

interface VerboseInfo {
  readonly pid?: number
  readonly runtimeSpec?: { readonly linux?: { readonly namespaces?: readonly { type: string; path?: string }[] } }
}

/** Of JSON for people, which containerd and CRI-O give alike. undefined: it is gone. */
async function namespaceOf(client: Client, id: string): Promise<string | undefined> {
  const answer = await unlessMissing(client.call('PodSandboxStatus', { podSandboxId: id, verbose: true }))
  const { runtimeSpec, pid } = JSON.parse(answer?.info.info ?? '{}') as VerboseInfo
  const path = runtimeSpec?.linux?.namespaces?.find(({ type }) => type === 'network')?.path
  return path ?? (pid === undefined || pid === 0 ? undefined : `/proc/${pid}/ns/net`)
}
