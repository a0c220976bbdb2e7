/** The zone of a node, followed from the first endpoint on that is meant for zones: most clusters have none. */
import { type Clients, type Informer, nodes } from '../client/contract.js'
import type { Node } from '../kinds/contract.js'

const zoneLabel = 'topology.kubernetes.io/zone'

export class NodeZone {
  readonly #clients: Clients
  readonly #node: string
  readonly #changed: () => void
  #followed: { readonly informer: Informer<Node>; readonly undo: () => void } | undefined

  /** `changed`: the zone is another than the last answer. */
  constructor(clients: Clients, node: string, changed: () => void) {
    this.#clients = clients
    this.#node = node
    this.#changed = changed
  }

  /** Undefined while it is not known, too. */
  of(): string | undefined {
    this.#followed ??= this.#follow()
    return zoneOf(this.#followed.informer.get('', this.#node))
  }

  close(): void {
    this.#followed?.undo()
  }

  #follow() {
    const informer = this.#clients.informer(nodes, { fieldSelector: `metadata.name=${this.#node}` })
    let last = zoneOf(informer.get('', this.#node))
    const seen = (node?: Node): void => {
      const zone = zoneOf(node)
      if (zone === last) return
      last = zone
      this.#changed()
    }
    return { informer, undo: informer.on({ added: seen, updated: seen, deleted: () => seen() }) }
  }
}

function zoneOf(node: Node | undefined): string | undefined {
  return node?.metadata.labels?.[zoneLabel]
}
