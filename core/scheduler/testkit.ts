/**
 * The conformance kit for scheduler policies. A policy plugin's `conformance.test.ts` is this and `pluginSuite`:
 *
 * ```ts
 * import { policyKit } from '@davit/core/scheduler/testkit'
 * import plugin from './index.js'
 *
 * policyKit(plugin)
 * policyKit(plugin, { config: { strategy: 'LeastAllocated' } })
 * ```
 *
 * It boots the plugin in a control plane and asks everything that it contributes about Pods and nodes of many kinds.
 * Policies are pure: they get frozen inputs, must give the same answer twice and for a copy, and say why in words that do
 * for every node. What a policy decides is for the plugin's own tests. Bind policies write, and are not asked here.
 */
import type { AnyPlugin, PluginEntry, Token } from '../kernel/contract.js'
import type { Booted, TestContext } from '../testing/contract.js'
import { boot, suite } from '../testing/contract.js'
import { Filter, Permit, PostFilter, PreFilter, QueueSort, Reserve, Score } from './contract.js'
import { filterCases, postFilterCases, preFilterCases } from './testkit/filters.js'
import { namesAreTheirOwn } from './testkit/kit.js'
import { scoreCases } from './testkit/scores.js'
import { sortCases } from './testkit/sorts.js'
import { permitCases, reserveCases } from './testkit/undo.js'

/** For tests that run a policy in a cluster that `boot` brings up. */
export { schedulerHost } from './host.js'
export { allowScheduler } from './testkit/allow.js'
/** For tests that ask a policy about Pods and nodes of their own. */
export { nodeInfosOf, podInfoOf, snapshotOf } from './testkit/infos.js'
export { freshState } from './testkit/kit.js'

export interface PolicyKitOptions {
  /** Of the plugin; also told in the name of the tests. */
  readonly config?: object
  /** What the plugin requires beside the control plane. */
  readonly with?: () => readonly PluginEntry[]
}

export function policyKit(plugin: AnyPlugin, options: PolicyKitOptions = {}): void {
  const { config } = options
  const test = suite(`policies of ${plugin.id}${config ? ` with ${JSON.stringify(config)}` : ''}`)
  const provided = new Set(Object.values(plugin.provides ?? {}).map(({ id }) => id))
  let given = false

  const each = <T extends { readonly name: string }>(
    token: Token<T, 'many'>,
    cases: Readonly<Record<string, (policy: T) => void | Promise<void>>>,
  ): void => {
    if (!provided.has(token.id)) return
    given = true
    const kind = token.id.replace(/^scheduler\.|\/v\d+$/g, '')
    const all: typeof cases = { ...cases, 'has a name of its own': () => undefined }
    for (const [name, run] of Object.entries(all)) {
      test(`${kind} ${name}`, async (t) => {
        const policies = (await bootWith(t, plugin, options)).kernel.bag(token).all()
        namesAreTheirOwn(policies)
        for (const policy of policies) await run(policy)
      })
    }
  }

  each(QueueSort, sortCases)
  each(PreFilter, preFilterCases)
  each(Filter, filterCases)
  each(PostFilter, postFilterCases)
  each(Score, scoreCases)
  each(Reserve, reserveCases)
  each(Permit, permitCases)
  if (!given) throw new Error(`the plugin "${plugin.id}" provides no scheduler policy that the kit knows`)
}

async function bootWith(t: TestContext, plugin: AnyPlugin, options: PolicyKitOptions): Promise<Booted> {
  const plane = await boot({ plugins: [{ plugin, config: options.config }, ...(options.with?.() ?? [])] })
  t.defer(() => plane.stop())
  return plane
}
