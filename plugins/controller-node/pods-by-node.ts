import type { Informer } from '@davit/core/client'
import type { Pod } from '@davit/core/kinds'

const name = 'spec.nodeName'

/** An index of Pods by the node that they are bound to. */
export const podsByNode = {
  on(informer: Informer<Pod>): void {
    informer.index(name, ({ spec }) => (spec.nodeName ? [spec.nodeName] : []))
  },
  of(informer: Informer<Pod>, node: string): readonly Pod[] {
    return informer.byIndex(name, node)
  },
}
