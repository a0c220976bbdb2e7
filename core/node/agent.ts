/**
 * One node: its Node object, its runtime, and a worker for each of its Pods. Crash-only: what runs is found again by
 * what the runtime has kept of it, and a Pod that went away meanwhile is ended.
 */
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { NodeConnections } from '../api/contract.js'
import type { Client, EventRecorder } from '../client/contract.js'
import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { Node, Pod } from '../kinds/contract.js'
import { defaultBackOff } from './back-off.js'
import type { DecidedNode } from './choose-runtime.js'
import { limitsOfNode } from './container-config.js'
import type {
  BackOff,
  NetworkDriver,
  RuntimeDriver,
  RuntimeEvent,
  RuntimeVersion,
  Sandbox,
  VolumeDriver,
  VolumePlace,
} from './contract.js'
import { RuntimeError } from './contract.js'
import { groupBy } from './group-by.js'
import { createImages } from './images.js'
import type { Leases } from './leases.js'
import { hollowCapacity, type Machine } from './machine.js'
import { type Bound, refusalOf } from './node-admission.js'
import type { NodeRuntime, Sources } from './node-context.js'
import type { NodeFacts } from './node-object.js'
import { NodeRegistration } from './node-registration.js'
import { openRuntime } from './open-runtime.js'
import { orphanOf } from './orphan.js'
import { createMemory, findLeftovers, removeLeftovers } from './pod-directories.js'
import { PodWorker } from './pod-worker.js'
import type { DnsFacts } from './sandbox-config.js'
import { StatusWriter } from './status-writer.js'
import { createStreams } from './streams.js'

const longestRetryMs = 30_000
/** How often everything is listed, only where the runtime announces nothing. */
const relistMs = 60_000

export interface AgentServices {
  readonly config: DecidedNode
  readonly directory: string
  /** Addresses of all Pods, where the configuration says. */
  readonly clusterCidr?: string
  readonly machine: Machine
  readonly client: Client
  readonly clock: Clock
  readonly log: Logger
  readonly events: EventRecorder
  readonly leases: Leases
  readonly sources: Sources
  readonly connections: NodeConnections
  readonly dns: DnsFacts
  /** The runtime that the configuration names; undefined: its plugin does not run. */
  driver(): RuntimeDriver | undefined
  networks(): readonly NetworkDriver[]
  volumeDrivers(): readonly VolumeDriver[]
  backOff(): BackOff | undefined
  /** The Pods that are bound to this node. */
  pods(): readonly Pod[]
  /** The Node object that a former agent left. */
  node(): Node | undefined
}

type Problem = NonNullable<NodeFacts['problem']>

export class NodeAgent {
  readonly place: VolumePlace
  private readonly memory: () => Promise<string>
  private readonly services: AgentServices
  private readonly registration: NodeRegistration
  private readonly writer: StatusWriter
  private readonly workers = new Map<string, PodWorker>()
  private readonly stop = new AbortController()
  private readonly undos: (() => void)[] = []
  /** Of what was begun with the runtime that is open. */
  private readonly runtimeUndos: (() => void | Promise<void>)[] = []
  private driver: RuntimeDriver | undefined
  private runtime: NodeRuntime | undefined
  private version: RuntimeVersion | undefined
  private problem: Problem | undefined = {
    reason: 'KubeletNotReady',
    message: 'container runtime status check may not have completed yet',
  }
  private podCidr: string | undefined
  private opening = false
  private checking = false
  private registered = false
  private failures = 0
  private timer: Timer | undefined
  private relistTimer: Timer | undefined

  constructor(services: AgentServices) {
    const { client, clock, log, config } = services
    this.services = services
    this.podCidr = config.podCidr
    const directory = join(resolve(services.directory), 'volumes')
    this.memory = createMemory(resolve(services.directory), log)
    this.place = {
      nodeName: config.name,
      directory,
      node: () => services.node(),
      pods: () => this.taken().map(({ pod }) => pod),
    }
    this.writer = new StatusWriter(client, clock, log)
    this.registration = new NodeRegistration(client, clock, log, () => this.facts())
  }

  get name(): string {
    return this.services.config.name
  }
  /** What is said to lie on it does not. */
  get hollow(): boolean {
    return this.services.driver()?.supports.hollow ?? false
  }

  /**
   * Returns at once. With a range of addresses the runtime is opened first, so that the Node is ready when it appears, and
   * one that was ready stays so: as soon as a Node is not ready, its Pods get no traffic.
   */
  start(): void {
    this.podCidr ??= this.services.node()?.spec.podCIDR
    if (this.podCidr === undefined) this.register()
    else void this.open()
  }

  /** Containers go on running. */
  async close(): Promise<void> {
    this.stop.abort(new Error('the agent stops'))
    this.timer?.cancel()
    this.relistTimer?.cancel()
    this.registration.close()
    this.writer.close()
    for (const worker of this.workers.values()) worker.close()
    for (const undo of this.runtimeUndos.splice(0).reverse()) await undo()
    for (const undo of this.undos.splice(0).reverse()) undo()
    await this.runtime?.close()
  }

  nodeChanged(node: Node): void {
    this.registration.observed(node)
    if (this.podCidr !== undefined || !node.spec.podCIDR) return
    this.podCidr = node.spec.podCIDR
    void this.open()
  }
  /** A runtime plugin came, went or was replaced. */
  driversChanged(): void {
    if (!this.runtime) {
      if (this.podCidr !== undefined) void this.open()
    } else if (this.services.driver() !== this.driver) void this.reopen()
  }
  nodeDeleted(): void {
    this.registration.lost()
  }

  podChanged(pod: Pod): void {
    if (!this.runtime) return
    const { uid = '' } = pod.metadata
    const worker = this.workers.get(uid)
    if (worker) worker.podChanged(pod)
    else this.begin(this.runtime, pod).wake()
  }
  podDeleted(pod: Pod): void {
    const worker = this.workers.get(pod.metadata.uid ?? '')
    worker?.podChanged(pod)
    worker?.podGone(true)
  }

  // ---------------------------------------------------------------------------------------------------- the runtime

  /** Opens the runtime, finds what runs, and begins the work; tries until it succeeds. */
  private async open(): Promise<void> {
    if (this.opening || this.runtime || this.stop.signal.aborted) return
    this.opening = true
    try {
      const runtime = await this.nodeRuntime()
      if (this.stop.signal.aborted) await this.letGo(runtime)
      else
        await this.begun(runtime).catch(async (error: unknown) => {
          // The next attempt opens it anew.
          await this.letGo(runtime)
          throw error
        })
    } catch (error) {
      this.failed(error)
    } finally {
      this.opening = false
    }
  }

  /** With another driver: everything is found again through it. */
  private async reopen(): Promise<void> {
    const old = this.runtime
    if (old) await this.letGo(old)
    await this.open()
  }

  /** Undoes what was begun with a runtime, as far as it had come; what runs goes on. Never rejects. */
  private async letGo(runtime: NodeRuntime): Promise<void> {
    for (const worker of this.workers.values()) worker.close()
    this.workers.clear()
    this.relistTimer?.cancel()
    this.runtime = undefined
    for (const undo of this.runtimeUndos.splice(0).reverse()) await undo()
    await runtime.close()
  }

  private async nodeRuntime(): Promise<NodeRuntime> {
    const { config, directory, clusterCidr, dns, machine, sources, clock, client, events } = this.services
    const driver = this.services.driver()
    if (!driver) throw new Error(`no plugin "${config.runtime}" provides a container runtime`)
    this.driver = driver
    if (!driver.supports.hollow) await mkdir(directory, { recursive: true, mode: 0o700 })
    const podCidr = this.podCidr ?? ''
    const clusterDns = dns.clusterDns === undefined ? {} : { clusterDns: dns.clusterDns }
    const context = { nodeName: this.name, directory, podCidr, signal: this.stop.signal, ...clusterDns }
    const ranges = clusterCidr === undefined ? context : { ...context, clusterCidr }
    const { runtime, version, close } = await openRuntime(this.services, driver, ranges)
    this.version = version
    return {
      nodeName: this.name,
      directory,
      runtime,
      supports: driver.supports,
      runtimeName: version.name,
      hostIps: config.addresses.length > 0 ? config.addresses : machine.addresses,
      allocatable: this.capacity(driver),
      limits: limitsOfNode(config, directory),
      dns,
      clock,
      log: this.services.log,
      client,
      events,
      writer: this.writer,
      images: createImages(runtime, clock),
      sources,
      place: this.place,
      memory: this.memory,
      volumeDrivers: () => this.services.volumeDrivers(),
      backOff: () => this.services.backOff() ?? defaultBackOff,
      faulted: (error) => {
        if (!(error instanceof RuntimeError)) this.check()
      },
      forget: (uid) => void this.workers.delete(uid),
      close,
    }
  }

  private async begun(runtime: NodeRuntime): Promise<void> {
    const unsubscribe = runtime.runtime.subscribe((event) => this.runtimeEvent(event))
    if (unsubscribe) this.runtimeUndos.push(unsubscribe)
    // Before anybody is asked who is here: what appears later is nobody's leftover.
    const found = await findLeftovers(runtime)
    await this.list(runtime)
    this.stop.signal.throwIfAborted()
    this.runtime = runtime
    for (const pod of this.services.pods()) if (!this.workers.has(pod.metadata.uid ?? '')) this.begin(runtime, pod).wake()
    // By now each Pod of the API and of the runtime has a worker; those that have one later were not found.
    const leftovers = found.filter((uid) => !this.workers.has(uid))
    this.runtimeUndos.push(removeLeftovers(runtime, leftovers))
    const { connections } = this.services
    const streams = createStreams({
      runtime: runtime.runtime,
      supports: runtime.supports,
      worker: (uid) => this.workers.get(uid),
      workers: () => this.workers.values(),
      clock: this.services.clock,
    })
    this.runtimeUndos.push(connections.register(this.name, streams))
    this.failures = 0
    this.problem = undefined
    this.register()
    if (!unsubscribe) this.relistLater(runtime)
  }

  /** Tells each worker what the runtime has of its Pod. What belongs to no Pod of this node any more is ended. */
  private async list(node: NodeRuntime): Promise<void> {
    const sandboxes = groupBy(await node.runtime.listSandboxes(), (sandbox) => sandbox.pod.uid)
    const containers = groupBy(await node.runtime.listContainers(), (container) => container.sandboxId)
    const pods = new Map(this.services.pods().map((pod) => [pod.metadata.uid ?? '', pod]))
    for (const [uid, own] of sandboxes) {
      const pod = pods.get(uid)
      const worker = this.workers.get(uid) ?? this.begin(node, pod ?? orphanOf(own[0] as Sandbox))
      worker.adopt(
        own,
        own.flatMap((sandbox) => containers.get(sandbox.id) ?? []),
      )
      if (!pod) worker.podGone(false)
    }
    for (const [uid, worker] of this.workers) if (!sandboxes.has(uid)) worker.adopt([], [])
  }

  private begin(node: NodeRuntime, pod: Pod): PodWorker {
    const worker = new PodWorker(node, pod)
    const isNew = pod.status?.startTime === undefined && pod.metadata.deletionTimestamp === undefined
    const refusal = isNew ? refusalOf(worker.bound, this.taken(), this.placed(node)) : undefined
    this.workers.set(worker.uid, worker)
    if (refusal) {
      node.events.record(pod, 'Warning', refusal.reason ?? '', refusal.message ?? '')
      worker.refuse(refusal)
    }
    return worker
  }

  private taken(): Bound[] {
    return [...this.workers.values()].filter((worker) => !worker.over).map((worker) => worker.bound)
  }
  private placed({ allocatable }: NodeRuntime): Parameters<typeof refusalOf>[2] {
    return { allocatable, node: this.registration.node, unsafeSysctls: this.services.config.allowedUnsafeSysctls }
  }

  private runtimeEvent(event: RuntimeEvent): void {
    this.workers.get(event.podUid)?.runtimeChanged(event.type)
  }

  private relistLater(node: NodeRuntime): void {
    this.relistTimer = this.services.clock.setTimer(relistMs, () => void this.relist(node), { unref: true })
  }
  private async relist(node: NodeRuntime): Promise<void> {
    await this.list(node).catch(() => this.check())
    if (!this.stop.signal.aborted) this.relistLater(node)
  }

  /** Something failed that is nobody's mistake: if the daemon does not answer, the node is not ready until it does. */
  private check(): void {
    if (this.checking || !this.runtime || this.stop.signal.aborted) return
    this.checking = true
    void this.untilAnswered(this.runtime).finally(() => {
      this.checking = false
    })
  }

  private async untilAnswered(node: NodeRuntime): Promise<void> {
    const { clock } = this.services
    for (let failures = 0; !this.stop.signal.aborted; failures += 1) {
      try {
        this.version = await node.runtime.version()
        if (failures > 0) await this.list(node)
        this.setProblem(undefined)
        return
      } catch (error) {
        this.setProblem({ reason: 'KubeletNotReady', message: `container runtime is down: ${messageOf(error)}` })
        await clock.sleep(Math.min(longestRetryMs, 1000 * 2 ** failures), this.stop.signal).catch(() => {})
      }
    }
  }

  private failed(error: unknown): void {
    if (this.stop.signal.aborted) return
    this.failures += 1
    this.services.log.warn({ node: this.name, error: messageOf(error) }, 'the container runtime of a node cannot be used yet')
    this.setProblem({ reason: 'KubeletNotReady', message: messageOf(error) })
    const delay = Math.min(longestRetryMs, 250 * 2 ** this.failures)
    this.timer?.cancel()
    this.timer = this.services.clock.setTimer(delay, () => void this.open(), { unref: true })
  }

  private setProblem(problem: Problem | undefined): void {
    this.problem = problem
    this.register()
  }

  // ------------------------------------------------------------------------------------------------------- the node

  private register(): void {
    const { leases, client } = this.services
    this.registration.write()
    if (this.registered) return
    this.registered = true
    this.undos.push(leases.add(this.name, client, () => this.registration.write(true)))
  }

  private capacity(driver: RuntimeDriver | undefined): Readonly<Record<string, string>> {
    const base = driver?.supports.hollow ? hollowCapacity : this.services.machine.capacity
    return { ...base, ...this.services.config.capacity }
  }

  private facts(): NodeFacts {
    const { config, machine } = this.services
    const driver = this.services.driver()
    const { version } = this
    return {
      config,
      machine,
      hollow: this.hollow,
      volumesDirectory: this.place.directory,
      runtimeVersion: version ? `${version.name}://${version.version}` : '',
      problem: this.problem,
      capacity: this.capacity(driver),
      addresses: config.addresses.length > 0 ? config.addresses : machine.addresses,
      port: this.services.connections.port ?? 0,
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
