/** Keeps the Node object of one agent: makes it, brings its labels up to date, writes its status on change and now and then. */
import { type Client, edit, isConflict, isExists, isNotFound, nodes } from '../client/contract.js'
import type { Clock, Logger, Timer } from '../kernel/contract.js'
import type { Node } from '../kinds/contract.js'
import { type NodeFacts, nodeAnnotations, nodeLabels, nodeObject, nodeStatus, sameNodeStatus } from './node-object.js'
import { same } from './same.js'

const longestRetryMs = 30_000

export class NodeRegistration {
  private readonly client: Client
  private readonly clock: Clock
  private readonly log: Logger
  private readonly facts: () => NodeFacts
  private known: Node | undefined
  private begun = false
  private writing = false
  private wanted = false
  private heartbeat = false
  private failures = 0
  private closed = false
  private timer: Timer | undefined

  constructor(client: Client, clock: Clock, log: Logger, facts: () => NodeFacts) {
    this.client = client
    this.clock = clock
    this.log = log
    this.facts = facts
  }

  get node(): Node | undefined {
    return this.known
  }

  /** The API has another state of it. What a former agent wrote stands until this one knows better. */
  observed(node: Node): void {
    if (Number(node.metadata.resourceVersion) <= Number(this.known?.metadata.resourceVersion ?? -1)) return
    this.known = node
    if (this.begun) this.write()
  }
  /** Somebody deleted it: it is made anew, for the node is still there. */
  lost(): void {
    this.known = undefined
    if (this.begun) this.write()
  }

  /** Brings the API up to date; with `heartbeat` also where only the time has changed. The first call begins it. */
  write(heartbeat = false): void {
    this.begun = true
    this.wanted = true
    this.heartbeat ||= heartbeat
    if (!this.writing && !this.closed) void this.run()
  }

  close(): void {
    this.closed = true
    this.timer?.cancel()
  }

  private async run(): Promise<void> {
    this.writing = true
    this.timer?.cancel()
    while (this.wanted && !this.closed) {
      this.wanted = false
      try {
        await this.once()
        this.failures = 0
      } catch (error) {
        this.retry(error)
        break
      }
    }
    this.writing = false
  }

  private retry(error: unknown): void {
    if (this.closed) return
    this.failures += 1
    this.log.warn({ node: this.facts().config.name, error: String(error) }, 'the Node object could not be written')
    const delay = Math.min(longestRetryMs, 100 * 2 ** this.failures)
    this.timer = this.clock.setTimer(delay, () => this.write(), { unref: true })
  }

  private async once(): Promise<void> {
    const facts = this.facts()
    const now = this.clock.now()
    this.known ??= await this.createOrGet(nodeObject(facts, now))
    try {
      await this.update(facts, now)
    } catch (error) {
      if (isNotFound(error)) this.known = undefined
      else if (isConflict(error)) this.known = await this.client.get(nodes, '', facts.config.name)
      else throw error
      this.wanted = true
    }
  }

  private async createOrGet(node: Node): Promise<Node> {
    try {
      return await this.client.create(nodes, node)
    } catch (error) {
      if (!isExists(error)) throw error
      return this.client.get(nodes, '', node.metadata.name)
    }
  }

  private async update(facts: NodeFacts, now: number): Promise<void> {
    const { known } = this
    if (!known) return
    const labels = { ...known.metadata.labels, ...nodeLabels(facts) }
    const annotations = { ...known.metadata.annotations, ...nodeAnnotations(facts) }
    const podCidr = known.spec.podCIDR ?? facts.config.podCidr
    let current = known
    const isNamed = same(labels, known.metadata.labels) && same(annotations, known.metadata.annotations)
    if (!isNamed || podCidr !== known.spec.podCIDR) {
      const changed = edit(known, (draft) => {
        Object.assign(draft.metadata, { labels, annotations })
        if (podCidr !== undefined) Object.assign(draft.spec, { podCIDR: podCidr, podCIDRs: [podCidr] })
      })
      current = await this.client.update(nodes, changed)
    }
    const status = nodeStatus(facts, current.status, now)
    if (this.heartbeat || !sameNodeStatus(status, current.status)) {
      current = await this.client.updateStatus(nodes, { ...current, status })
      this.heartbeat = false
    }
    this.known = current
  }
}
