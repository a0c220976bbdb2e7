/** Which autoscalers have a hand in the same Pods: none of them may scale then. */
import { splitKey } from '@davit/core/controller'
import type { Pod, Selector } from '@davit/core/kinds'

export class Selectors {
  /** Of the targets, by key of the autoscaler, as they were seen last. */
  readonly #known = new Map<string, Selector>()

  set(key: string, selector: Selector): void {
    this.#known.set(key, selector)
  }
  forget(key: string): void {
    this.#known.delete(key)
  }
  clear(): void {
    this.#known.clear()
  }

  /** The keys of all autoscalers whose target has one of the Pods, which lie in one namespace; in order. */
  of(namespace: string, pods: readonly Pod[]): readonly string[] {
    const selecting = [...this.#known].filter(
      ([key, selector]) =>
        splitKey(key).namespace === namespace && pods.some(({ metadata }) => selector.matches(metadata.labels)),
    )
    return selecting.map(([key]) => key).sort()
  }
}
