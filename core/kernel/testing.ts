/** Small plugins for the kernel's own tests: each writes what happens to it into one journal. */
import { createTestServices, type TestServices } from '../testing/contract.js'
import { bootKernel } from './boot.js'
import type { AnyPlugin, Kernel, PluginContext, PluginEntry, Stage, Token } from './contract.js'
import { one } from './token.js'

export interface Recipe {
  readonly requires?: readonly string[]
  readonly wants?: readonly string[]
  readonly provides?: readonly string[]
  readonly stage?: Stage
  readonly deadlineMs?: number
  readonly extra?: Partial<AnyPlugin>
  readonly setup?: (context: PluginContext<unknown>, received: Record<string, unknown>) => unknown
  readonly start?: () => unknown
  readonly afterStart?: () => unknown
  readonly drain?: () => unknown
}

export class Stagehand {
  readonly journal: string[] = []
  readonly services: TestServices = createTestServices()

  /** A plugin that provides a record of its own id for each token it provides. */
  plugin(id: string, recipe: Recipe = {}): AnyPlugin {
    const { journal } = this
    const note = (what: string): void => void journal.push(`${id} ${what}`)
    return {
      id,
      api: '^1.0',
      ...(recipe.stage ? { stage: recipe.stage } : {}),
      ...(recipe.deadlineMs ? { deadlineMs: recipe.deadlineMs } : {}),
      requires: tokens(recipe.requires),
      optional: tokens(recipe.wants),
      provides: tokens(recipe.provides),
      ...recipe.extra,
      async setup(context: PluginContext<unknown>, received: Record<string, unknown>) {
        note('setup')
        context.defer(() => note('undo'))
        const provides = await recipe.setup?.(context, received)
        return {
          provides: provides ?? Object.fromEntries((recipe.provides ?? []).map((name) => [name, { from: id }])),
          async start() {
            note('start')
            await recipe.start?.()
          },
          ...(recipe.afterStart && {
            async afterStart() {
              note('after start')
              await recipe.afterStart?.()
            },
          }),
          async drain() {
            note('drain')
            await recipe.drain?.()
          },
        }
      },
    } as AnyPlugin
  }

  boot(...list: (AnyPlugin | PluginEntry)[]): Promise<Kernel> {
    return bootKernel(
      list.map((item) => ('plugin' in item ? item : { plugin: item })),
      this.services,
    )
  }

  /** What was noted since the last call. */
  take(): string[] {
    return this.journal.splice(0)
  }
}

export function token(name: string): Token<{ readonly from: string }, 'one'> {
  return one(`${name}/v1`)
}

function tokens(names: readonly string[] = []): Record<string, Token<unknown, 'one'>> {
  return Object.fromEntries(names.map((name) => [name, token(name)]))
}
