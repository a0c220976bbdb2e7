/**
 * For tests of controller plugins: a control plane in this process whose controllers run under their own names and with
 * no more than the grants that their plugins declare, on a clock that only the test moves.
 *
 * ```ts
 * test('…', async (t) => {
 *   const plane = await controlPlane(t, [{ plugin: controller }])
 *   await plane.client.create(…)
 *   await plane.quiet()
 *   assert.is(plane.writes().length, 1)
 * })
 * ```
 */

import { ApiHooksToken, type CommittedWrite, GrantToken } from '../api/contract.js'
import { admissionPlugins, apiPipeline, tokenIssuer } from '../api/host.js'
import { client } from '../client/host.js'
import { definePlugin, type PluginEntry } from '../kernel/contract.js'
import { storeMemory } from '../store/host.js'
import { type Booted, type BootOptions, boot, type TestContext } from '../testing/contract.js'
import { watchCache } from '../watch/host.js'
import { controllerHost } from './host.js'

export { controllerHost } from './host.js'
export { type ProvisionerSubject, provisionerKit } from './testkit/provisioner.js'

/** For the conformance test of a plugin that requires a part of the control plane. */
export function controlPlaneParts(): PluginEntry[] {
  const parts = [storeMemory, watchCache, tokenIssuer, apiPipeline, ...admissionPlugins, client, controllerHost, grantsOnly]
  return parts.map((plugin) => ({ plugin }))
}

/** Allows what the grants say and nothing else, so that a test fails where a grant is missing. */
export const grantsOnly = definePlugin({
  id: 'authorizer-grants-only',
  api: '^1.0',
  stage: 'cache',
  requires: { hooks: ApiHooksToken, grants: GrantToken },
  async setup(context, { hooks, grants }) {
    const covers = (list: readonly string[], value: string) => list.includes('*') || list.includes(value)
    context.tap(hooks.authorize, ({ user, verb, group, resource, subresource }) => {
      const target = subresource === '' ? resource : `${resource}/${subresource}`
      const rules = grants.all().flatMap((grant) => (grant.user === user.name ? grant.rules : []))
      const allowed = rules.some(
        (rule) =>
          covers(rule.apiGroups, group) &&
          (covers(rule.resources, target) || rule.resources.includes(`*/${subresource}`)) &&
          covers(rule.verbs, verb),
      )
      return allowed ? { allowed, reason: '' } : undefined
    })
    return {}
  },
})

export interface ControlPlane extends Booted {
  /** What controllers wrote since the last call, oldest first; Events are left out. */
  writes(): readonly CommittedWrite[]
  /** Waits until nobody writes any more, without moving the clock. */
  quiet(): Promise<void>
  /** Moves the clock on by `ms`, and waits until nobody writes any more. */
  pass(ms: number): Promise<void>
}

export interface ControlPlaneOptions extends Omit<BootOptions, 'plugins' | 'clock'> {
  /** Plugins that the controllers' own need beside the control plane. */
  readonly beside?: readonly PluginEntry[]
}

export async function controlPlane(
  t: TestContext,
  controllers: readonly PluginEntry[],
  { beside = [], ...options }: ControlPlaneOptions = {},
): Promise<ControlPlane> {
  const own = [{ plugin: controllerHost }, { plugin: grantsOnly }]
  const plane = await boot({ ...options, plugins: [...own, ...beside, ...controllers] })
  t.defer(() => plane.stop())
  let commits = 0
  let written: CommittedWrite[] = []
  plane.kernel.get(ApiHooksToken).committed.tap('testkit', (write) => {
    commits += 1
    if (write.user.name.startsWith('system:controller:') && write.kind.resource !== 'events') written.push(write)
  })
  const quiet = async () => {
    for (let [calm, before] = [0, commits]; calm < calmTurns; calm += 1) {
      await plane.clock.settle()
      if (commits !== before) calm = 0
      before = commits
    }
  }
  await quiet()
  return {
    ...plane,
    quiet,
    async pass(ms) {
      await quiet()
      await plane.clock.advance(ms)
      await quiet()
    },
    writes() {
      const taken = written
      written = []
      return taken
    },
  }
}

/** Turns of the event loop without a write after which none is to come: more than any chain of queue and commit takes. */
const calmTurns = 12
