import { type Informer, isNotFound, nodes } from '@davit/core/client'
import { type Controller, type ControllerHost, type ReconcileContext, watchOf } from '@davit/core/controller'
import type { Node } from '@davit/core/kinds'
import type { Ranges } from './cidr.js'

/** Gives every node its range of Pod addresses, once. Keys are nodes. */
export class RangeController implements Controller {
  readonly name = 'node-ipam'
  readonly watches = [
    watchOf(nodes, (node, { old, deleted }) => {
      const settled = old !== undefined && old.spec.podCIDR === node.spec.podCIDR && node.spec.podCIDR !== undefined
      return settled && !deleted && old.metadata.uid === node.metadata.uid ? [] : [node.metadata.name]
    }),
  ]
  readonly #ranges: Ranges
  /** Ranges given out, by node, until the informer shows them. */
  readonly #given = new Map<string, { readonly uid: string | undefined; readonly cidr: string }>()
  /** Nodes for which there was none. */
  readonly #waiting = new Set<string>()
  #nodes: Informer<Node> | undefined
  #loaded = false

  constructor(ranges: Ranges) {
    this.#ranges = ranges
  }

  start(host: ControllerHost): void {
    this.#nodes = host.informer(nodes)
  }

  stop(): void {
    for (const { metadata } of this.#nodes?.list() ?? []) this.#ranges.release(metadata.name)
    for (const name of this.#given.keys()) this.#ranges.release(name)
    this.#given.clear()
    this.#waiting.clear()
    this.#nodes = undefined
    this.#loaded = false
  }

  async reconcile(key: string, context: ReconcileContext): Promise<undefined> {
    this.#load()
    const node = this.#nodes?.get('', key)
    if (!node) this.#release(key, context)
    else if (node.spec.podCIDR) {
      this.#given.delete(key)
      this.#ranges.occupy(key, node.spec.podCIDR)
    } else await this.#give(node, context)
  }

  /** Before the first range is given out, those that nodes have already must be known: all of them. */
  #load(): void {
    if (this.#loaded || !this.#nodes) return
    this.#loaded = true
    for (const { metadata, spec } of this.#nodes.list()) if (spec.podCIDR) this.#ranges.occupy(metadata.name, spec.podCIDR)
  }

  #release(key: string, context: ReconcileContext): void {
    this.#given.delete(key)
    this.#waiting.delete(key)
    if (!this.#ranges.release(key)) return
    for (const name of this.#waiting) context.enqueue(name)
  }

  async #give(node: Node, context: ReconcileContext): Promise<void> {
    const { name, uid } = node.metadata
    const cidr = this.#rangeFor(node)
    if (!cidr) {
      this.#waiting.add(name)
      context.event(node, 'Warning', 'CIDRNotAvailable', `Node ${name} status is now: CIDRNotAvailable`)
      return
    }
    this.#waiting.delete(name)
    const patch = { metadata: { uid }, spec: { podCIDR: cidr, podCIDRs: [cidr] } }
    try {
      await context.client.patch(nodes, '', name, 'merge', patch, { cause: context.cause })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  #rangeFor({ metadata: { name, uid } }: Node): string | undefined {
    const given = this.#given.get(name)
    if (given?.uid === uid) return given?.cidr
    // Another node of the name: the range of the old one is free.
    this.#ranges.release(name)
    this.#given.delete(name)
    const cidr = this.#ranges.allocate(name)
    if (cidr) this.#given.set(name, { uid, cidr })
    return cidr
  }
}
