import { GrantToken, NodeConnectionsToken } from '../api/contract.js'
import { ClientsToken, NodeIdentityToken } from '../client/contract.js'
import { definePlugin } from '../kernel/contract.js'
import { startAgents } from './agents.js'
import { agentConfig } from './config.js'
import { BackOffToken, NetworkToken, PersistentVolumeToken, RuntimeToken, VolumeToken } from './contract.js'
import { sourceGrant } from './sources.js'
import { removalGrant } from './volume-removals.js'

/** Runs Pods: one agent for each configured node, each with the container runtime that the configuration names. */
export const nodeAgent = definePlugin({
  id: 'node-agent',
  api: '^1.0',
  stage: 'node',
  requires: {
    clients: ClientsToken,
    connections: NodeConnectionsToken,
    runtimes: RuntimeToken,
    networks: NetworkToken,
    volumes: VolumeToken,
    persistentVolumes: PersistentVolumeToken,
    backOffs: BackOffToken,
  },
  optional: { identity: NodeIdentityToken },
  provides: { grants: GrantToken },
  config: { version: 1, schema: agentConfig },
  async setup(context, { identity, ...received }) {
    const { clock, random, log, config, signal } = context
    const defer = (undo: () => void | Promise<void>): void => context.defer(undo)
    return {
      provides: { grants: [sourceGrant, removalGrant] },
      start: () => startAgents({ clock, random, log, config, signal, defer, ...received, ...(identity && { identity }) }),
    }
  },
})
