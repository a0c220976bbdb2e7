/** Joins the drivers that are here with the nodes of this process. */
import { type Client, type Clients, nodeIdentity } from '@davit/core/client'
import type { KernelServices } from '@davit/core/kernel'
import type { PersistentVolumeDriver, VolumeDriver } from '@davit/core/node'
import type { CsiConfig } from './config.js'
import { describeNode } from './csi-node.js'
import { placesOf } from './places.js'
import { Registry } from './registry.js'
import { Volumes } from './volumes.js'

export interface CsiPluginOptions extends Omit<KernelServices, 'ids'> {
  readonly config: CsiConfig
  readonly clients: Clients
}

export class CsiPlugin {
  readonly persistent: PersistentVolumeDriver
  readonly inline: VolumeDriver
  readonly #clients: Clients
  readonly #registry: Registry
  /** One, or none yet. */
  readonly #nodes = new Set<string>()
  /** Drivers are looked for once there is a node. */
  #opened: Promise<void> | undefined

  constructor({ clock, random, log, config, clients }: CsiPluginOptions) {
    const places = placesOf(config.directory)
    this.#clients = clients
    const volumes = new Volumes({ places, driver: (name) => this.#registry.find(name), client: (node) => this.#client(node) })
    this.#registry = new Registry({
      clock,
      random,
      log,
      directory: places.registry,
      callMs: config.callSeconds * 1000,
      changed: async (drivers) => {
        void volumes.retry()
        for (const node of this.#nodes) await describeNode(this.#client(node), node, drivers)
      },
    })
    this.persistent = {
      name: 'csi',
      serves: ({ spec }) => spec.csi !== undefined,
      open: ({ nodeName }) => this.#open(nodeName),
      mount: (request) => volumes.mountPersistent(request),
      unmount: (request) => volumes.unmount(request),
    }
    this.inline = {
      source: 'csi',
      mount: (request) => volumes.mountInline(request),
      unmount: (request) => volumes.unmount(request),
      unmountPod: (podUid) => volumes.unmountPod(podUid),
    }
  }

  close(): Promise<void> {
    return this.#registry.close()
  }

  async #open(nodeName: string): Promise<() => Promise<void>> {
    const [other] = this.#nodes
    if (other !== undefined) {
      throw new Error(
        `volume-csi serves one node of a machine, whose drivers know it by one name: not ${nodeName} besides ${other}`,
      )
    }
    this.#nodes.add(nodeName)
    this.#opened ??= this.#registry.open()
    await this.#opened
    this.#registry.lookAgain()
    return async () => {
      this.#nodes.delete(nodeName)
    }
  }

  /** With the node's own rights, and no others. */
  #client(node: string): Client {
    return this.#clients.as(nodeIdentity(node))
  }
}
