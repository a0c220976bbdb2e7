import { decodeConfig } from '../kernel/config.js'
import type { AnyPlugin, Kernel, KernelServices, PluginEntry } from '../kernel/contract.js'
import { supportsApi, whyNotPlugin } from '../kernel/plugin.js'
import * as assert from './assert.js'
import { suite, type TestOptions } from './harness.js'
import { leakedSince, openResources } from './leaks.js'
import type { Capability } from './machine.js'
import { createTestServices } from './services.js'

export interface PluginCases {
  /** Configurations that the plugin must accept; it is booted with the first (default: none given). */
  readonly valid: readonly unknown[]
  /** Configurations that it must refuse. */
  readonly invalid: readonly unknown[]
  /** Entries of the plugins that provide what this one requires. Called for each boot. */
  readonly with?: () => readonly PluginEntry[]
  /** What the machine must have for the plugin to be booted. */
  readonly requires?: readonly Capability[]
  /** Default: `createTestServices`, whose clock stands still. A plugin that waits for the outside world wants a real one. */
  readonly services?: () => KernelServices
  /** For each boot of the suite. */
  readonly timeoutMs?: number
}

/**
 * What every plugin must do, whatever it is for: the whole of a `conformance.test.ts` together with the test kit of
 * the token it provides. It checks the description, the configuration's schema, that ten lives leave nothing behind,
 * and that a boot which fails after the plugin is set up, or started, undoes it.
 */
export function pluginSuite(plugin: AnyPlugin, cases: PluginCases): void {
  const test = suite(`plugin ${plugin.id}`)
  const options: TestOptions = {
    ...(cases.requires ? { requires: cases.requires } : {}),
    ...(cases.timeoutMs === undefined ? {} : { timeoutMs: cases.timeoutMs }),
  }

  test('is described as the contract says', () => {
    assert.is(whyNotPlugin(plugin), undefined)
    assert.ok(supportsApi(plugin.api), `its plugin API ${plugin.api} is not the one of this core`)
    assert.equal(undescribed(plugin.config?.schema, 'config'), [], 'every field of a configuration has a description')
  })
  test('has a configuration schema that is a valid schema', async () => {
    if (!plugin.config) return assert.is(plugin.config, undefined)
    const { Ajv } = await import('ajv')
    const ajv = new Ajv({ strict: false })
    assert.ok(ajv.validateSchema(plugin.config.schema), ajv.errorsText())
  })
  for (const config of [undefined, ...cases.valid]) {
    if (config === undefined && cases.valid.length > 0) continue
    test(`accepts ${JSON.stringify(config) ?? 'no configuration'}`, async () => {
      assert.ok(Object.isFrozen(await decodeConfig({ plugin, config })))
    })
  }
  for (const config of [...cases.invalid, { 'no-such-key': true }]) {
    test(`refuses ${JSON.stringify(config)}`, async () => {
      await assert.rejects(decodeConfig({ plugin, config }), { code: 'DAVIT_CONFIG_INVALID' })
    })
  }
  test('leaves nothing behind in ten lives', () => withoutTrace(plugin, cases, 10, live), options)
  test('is undone when a later plugin fails in its set-up', () => withoutTrace(plugin, cases, 1, failInSetup), options)
  test('is undone when a later plugin fails in its start', () => withoutTrace(plugin, cases, 1, failInStart), options)
}

type Boot = (...extra: readonly AnyPlugin[]) => Promise<Kernel>

async function live(boot: Boot, plugin: AnyPlugin): Promise<void> {
  const kernel = await boot()
  const status = kernel.status().find(({ id }) => id === plugin.id)
  await kernel.stop()
  // `skipped` is an honest answer on a machine to which the plugin does not apply, as long as it says why.
  assert.ok(status?.state === 'running' || (status?.state === 'skipped' && status.reason !== ''), `it is ${status?.state}`)
}

async function failInSetup(boot: Boot): Promise<void> {
  const saboteur: AnyPlugin = {
    id: lastId,
    api: '^1.0',
    async setup() {
      throw new Error('sabotage')
    },
  }
  await assert.rejects(boot(saboteur), 'sabotage')
}

async function failInStart(boot: Boot): Promise<void> {
  const saboteur: AnyPlugin = {
    id: lastId,
    api: '^1.0',
    stage: 'edge',
    setup: async () => ({
      start() {
        throw new Error('sabotage')
      },
    }),
  }
  await assert.rejects(boot(saboteur), 'sabotage')
}

/** Stands last among plugins that do not depend on it, for ties go by id. */
const lastId = 'zzz-saboteur'

async function withoutTrace(
  plugin: AnyPlugin,
  cases: PluginCases,
  times: number,
  run: (boot: Boot, plugin: AnyPlugin) => Promise<void>,
): Promise<void> {
  const entry: PluginEntry = { plugin, config: cases.valid[0] }
  // Imported here, so that tests without a kernel do not pay for its container.
  const { bootKernel } = await import('../kernel/boot.js')
  const before = openResources()
  for (let time = 0; time < times; time += 1) {
    const services = cases.services?.() ?? createTestServices()
    const boot: Boot = (...extra) =>
      bootKernel([entry, ...(cases.with?.() ?? []), ...extra.map((other) => ({ plugin: other }))], services)
    await run(boot, plugin)
    assert.is(pendingTimers(services), 0, 'a timer of the kernel clock was left behind')
  }
  assert.equal(await leakedSince(before), [], 'left open')
}

function pendingTimers({ clock }: KernelServices): number {
  return 'pending' in clock && typeof clock.pending === 'number' ? clock.pending : 0
}

interface SchemaPart {
  readonly description?: unknown
  readonly properties?: Readonly<Record<string, SchemaPart>>
}

/** The paths of the fields that say nothing of themselves. */
function undescribed(schema: SchemaPart | undefined, path: string): string[] {
  return Object.entries(schema?.properties ?? {}).flatMap(([name, member]) => [
    ...(typeof member.description === 'string' && member.description !== '' ? [] : [`${path}.${name}`]),
    ...undescribed(member, `${path}.${name}`),
  ])
}
