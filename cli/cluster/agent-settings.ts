/** What the plugins of an agent are configured with. */
import path from 'node:path'
import { builtins, ofAgents, pickedByAgents } from '../builtins.js'
import type { NodePlan } from './nodes.js'
import type { Places, Setting } from './settings.js'

/** What the command line says of the one node of an agent. */
export interface AgentPlan {
  readonly name: string
  /** URL of the API. */
  readonly server: string
  /** By which others reach the node; empty: those of the machine. */
  readonly addresses: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** Of its keys and certificates. */
export const credentialDirectory = (dataDirectory: string): string => path.join(dataDirectory, 'pki')

/** Of all settings of a cluster those of a node, with what is other where the API is elsewhere. */
export function agentSettings(all: readonly Setting[], plan: AgentPlan, places: Places, nodes: readonly NodePlan[]): Setting[] {
  const { name, server, addresses, labels } = plan
  const ofNodes = nodes.flatMap((node) => [...node.runtimes, ...node.networks, ...node.proxies])
  const used = new Set([...ofAgents, ...pickedByAgents, ...ofNodes])
  const present = new Map(
    all.filter(({ id }) => used.has(id) || !Object.hasOwn(builtins, id)).map((one) => [one.name ?? one.id, one]),
  )
  for (const id of ofAgents) if (!present.has(id)) present.set(id, { id, source: 'davit agent' })
  const lay = (id: string, config: Readonly<Record<string, unknown>>): void => {
    const base = present.get(id)
    if (base) present.set(id, { ...base, config: { ...base.config, ...config } })
  }
  lay('client-https', { server, nodeName: name, directory: credentialDirectory(places.dataDirectory) })
  // The class that a cluster starts with is the server's to make.
  lay('provisioner-local-path', { storageClass: '' })
  const [own = {}] = (present.get('node-agent')?.config?.nodes ?? []) as { readonly labels?: object }[]
  const node = { ...own, name, ...(addresses.length > 0 && { addresses }), labels: { ...own.labels, ...labels } }
  lay('node-agent', { nodes: [node] })
  return [...present.values()]
}
