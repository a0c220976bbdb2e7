/** What is known before anything runs: every description checked, every configuration decoded, the graph in order. */
import { decodeConfig } from './config.js'
import type { AnyPlugin, PluginEntry, Token } from './contract.js'
import { DavitError, messageOf } from './errors.js'
import { type Graph, type GraphNode, resolveGraph } from './graph.js'
import { instanceId } from './lifecycle.js'
import { pluginApi, supportsApi, whyNotPlugin } from './plugin.js'

/** A set of entries that was checked: configuration decoded, graph in order. Nothing of it runs yet. */
export interface Plan {
  readonly entries: ReadonlyMap<string, PluginEntry>
  readonly graph: Graph
  readonly configs: ReadonlyMap<string, unknown>
  /** Optional plugins that cannot be set up at all, each with the reason. */
  readonly unfit: ReadonlyMap<string, string>
}

/** Describes and decodes, without a side effect. Throws when the set cannot run. */
export async function makePlan(list: readonly PluginEntry[]): Promise<Plan> {
  const entries = new Map<string, PluginEntry>()
  const sorted = [...list].sort((a, b) => (instanceId(a) < instanceId(b) ? -1 : 1))
  for (const entry of sorted) {
    const id = instanceId(entry)
    const other = entries.get(id)
    if (other) {
      const places = [other.source, entry.source].filter((source) => source !== undefined).join(' and ')
      throw new DavitError('DAVIT_PLUGIN_DUPLICATE', `plugin "${id}" has two entries${places ? ` (${places})` : ''}`)
    }
    entries.set(id, entry)
  }
  const configs = new Map<string, unknown>()
  const unfit = new Map<string, string>()
  for (const [id, entry] of entries) {
    try {
      describe(entry)
      configs.set(id, await decodeConfig(entry))
    } catch (error) {
      if (!entry.optional) throw error
      unfit.set(id, messageOf(error))
    }
  }
  const graph = resolveGraph([...entries].map(([id, entry]) => graphNode(id, entry)))
  for (const [id, reason] of graph.unmet) if (!unfit.has(id)) unfit.set(id, reason)
  return { entries, graph, configs, unfit }
}

function describe({ plugin }: PluginEntry): void {
  const wrong = whyNotPlugin(plugin)
  if (wrong !== undefined) throw new DavitError('DAVIT_PLUGIN_INVALID', `plugin "${String(plugin?.id)}": ${wrong}`)
  if (supportsApi(plugin.api)) return
  throw new DavitError('DAVIT_PLUGIN_API', `plugin "${plugin.id}" needs plugin API ${plugin.api}; this is ${pluginApi}`)
}

function graphNode(id: string, { plugin, optional = false }: PluginEntry): GraphNode {
  const list = (tokens: AnyPlugin['requires']): Token<unknown>[] => Object.values(tokens ?? {})
  return { id, optional, requires: list(plugin.requires), wants: list(plugin.optional), provides: list(plugin.provides) }
}
