/** The drivers that announce themselves: a socket for each in one directory, as `node-driver-registrar` makes it. */
import { type FSWatcher, watch } from 'node:fs'
import { mkdir, readdir } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { createWorkQueue, type WorkQueue } from '@davit/core/client'
import type { Clock, Logger, Random } from '@davit/core/kernel'
import { type Connection, connect } from './connection.js'
import type { NodeCapability, Received } from './messages.js'

export interface Driver {
  readonly name: string
  readonly info: Received<'NodeGetInfoResponse'>
  readonly capabilities: ReadonlySet<NodeCapability>
  readonly node: Connection<'csi.v1.Node'>
}

export interface RegistryOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly directory: string
  readonly callMs: number
  /** The drivers that are there now have changed. Rejects: the driver is told so, and asked again. */
  changed(drivers: readonly Driver[]): Promise<void>
}

const pluginType = 'CSIPlugin'
const longestRetryMs = 30_000

/** Keys of the queue are names of sockets. */
export class Registry {
  readonly #options: RegistryOptions
  readonly #queue: WorkQueue
  /** By socket. */
  readonly #drivers = new Map<string, Driver>()
  #watcher: FSWatcher | undefined

  constructor(options: RegistryOptions) {
    const { clock, random, log } = options
    this.#options = options
    this.#queue = createWorkQueue({
      clock,
      random,
      baseMs: 100,
      maximumMs: longestRetryMs,
      work: (socket) => this.#look(socket),
      failed(socket, error) {
        log.warn({ socket, error: String(error) }, 'a storage driver could not be registered; it is tried again')
        return undefined
      },
    })
  }

  get drivers(): readonly Driver[] {
    return [...this.#drivers.values()]
  }

  find(name: string): Driver | undefined {
    return this.drivers.find((driver) => driver.name === name)
  }

  async open(): Promise<void> {
    const { directory, log } = this.#options
    await mkdir(directory, { recursive: true, mode: 0o750 })
    this.#watcher = watch(directory, (_event, name) => {
      if (name !== null) this.#queue.add(name)
    })
    this.#watcher.on('error', (error) => log.error({ directory, error: String(error) }, 'storage drivers are no longer seen'))
    this.#queue.start()
    for (const name of await readdir(directory)) this.#queue.add(name)
  }

  /** Who hears of the drivers has changed: each is told of anew. */
  lookAgain(): void {
    for (const socket of this.#drivers.keys()) this.#queue.add(socket)
  }

  async close(): Promise<void> {
    this.#watcher?.close()
    await this.#queue.close()
    for (const { node } of this.#drivers.values()) node.close()
    this.#drivers.clear()
  }

  async #look(socket: string): Promise<undefined> {
    const entries = await readdir(this.#options.directory, { withFileTypes: true })
    if (entries.some((entry) => entry.name === socket && entry.isSocket())) await this.#register(socket)
    else if (this.#drivers.has(socket)) await this.#drop(socket)
    return undefined
  }

  async #register(socket: string): Promise<void> {
    const { directory, callMs, log } = this.#options
    const registrar = await connect(join(directory, socket), 'pluginregistration.Registration', callMs)
    try {
      const info = await registrar.call('GetInfo', {})
      // Devices announce themselves here too; they are no concern of this plugin.
      if (info.type !== pluginType) return
      try {
        await this.#accept(socket, info)
      } catch (error) {
        await registrar.call('NotifyRegistrationStatus', { error: error instanceof Error ? error.message : String(error) })
        throw error
      }
      await registrar.call('NotifyRegistrationStatus', { pluginRegistered: true })
      log.info({ driver: info.name, endpoint: info.endpoint }, 'a storage driver is registered')
    } finally {
      registrar.close()
    }
  }

  async #accept(socket: string, { name, endpoint, supportedVersions }: Received<'PluginInfo'>): Promise<void> {
    if (!supportedVersions.some((version) => /^v?1(\.|$)/.test(version))) {
      throw new Error(`the driver ${name} speaks version ${supportedVersions.join(', ') || 'none'} of the interface, not 1`)
    }
    if (!isAbsolute(endpoint)) throw new Error(`the endpoint "${endpoint}" of the driver ${name} is no absolute path`)
    const other = [...this.#drivers].find(([known, driver]) => known !== socket && driver.name === name)
    if (other) throw new Error(`the driver ${name} is registered already, by ${other[0]}`)
    const node = await connect(endpoint, 'csi.v1.Node', this.#options.callMs)
    try {
      const info = await node.call('NodeGetInfo', {})
      const { capabilities } = await node.call('NodeGetCapabilities', {})
      if (info.nodeId === '') throw new Error(`the driver ${name} does not say which node it is on`)
      this.#drivers.get(socket)?.node.close()
      const offered = new Set(capabilities.flatMap(({ rpc }) => (rpc ? [rpc.type] : [])))
      this.#drivers.set(socket, { name, info, capabilities: offered, node })
    } catch (error) {
      node.close()
      throw error
    }
    await this.#options.changed(this.drivers)
  }

  async #drop(socket: string): Promise<void> {
    this.#drivers.get(socket)?.node.close()
    this.#drivers.delete(socket)
    await this.#options.changed(this.drivers)
  }
}
