/**
 * What must and what must not compile. The type checker is the test: an expected error that does not come is one.
 * Nothing here runs.
 */
import { type Bag, definePlugin, many, one, type PluginEntry, type Slot, Type } from './contract.js'

interface Store {
  get(key: string): string
}
interface ScoreFunction {
  readonly name: string
  readonly weight: number
  score(node: { readonly pods: readonly string[] }): number
}
const Store = one<Store>('check.store/v1')
const Score = many<ScoreFunction>('check.score/v1')
const store: Store = { get: (key) => key }
const score: ScoreFunction = { name: 'even', weight: 1, score: (node) => node.pods.length }
declare const filter: Slot<[string], boolean | undefined>

/** The whole policy of the design. */
export const policy = definePlugin({
  id: 'score-spread',
  api: '^1.0',
  provides: { score: Score },
  config: { version: 1, schema: Type.Object({ weight: Type.Integer({ minimum: 1, default: 1 }) }) },
  async setup(context) {
    const weight: number = context.config.weight
    return { provides: { score: { name: 'spread', weight, score: (node) => 100 - Math.min(100, node.pods.length) } } }
  },
})

export const everything = definePlugin({
  id: 'everything',
  api: '^1.0',
  stage: 'control',
  requires: { scores: Score, store: Store },
  optional: { cache: Store },
  provides: { score: Score, again: Store },
  supports: { fast: true },
  async setup(context, { scores, store: required, cache }) {
    const bag: Bag<ScoreFunction> = scores
    const answer: string = required.get('key') + (cache?.get('key') ?? '')
    context.tap(filter, (name) => (name === answer ? true : undefined), { stage: -1 })
    return { provides: { score: [score, ...bag.all()], again: store }, start: () => {}, async drain() {} }
  },
})

export const nothing = definePlugin({ id: 'nothing', api: '^1.0', setup: async () => ({}) })
/** Every plugin fits an entry. */
export const entries: PluginEntry[] = [{ plugin: policy }, { plugin: everything, optional: true }, { plugin: nothing }]

export const missing = definePlugin({
  id: 'missing',
  api: '^1.0',
  provides: { score: Score, again: Store },
  // @ts-expect-error: `again` is declared and not given.
  setup: async () => ({ provides: { score } }),
})

export const absent = definePlugin({
  id: 'absent',
  api: '^1.0',
  provides: { score: Score },
  // @ts-expect-error: something is declared and nothing is given.
  setup: async () => ({}),
})

export const wrong = definePlugin({
  id: 'wrong',
  api: '^1.0',
  provides: { again: Store },
  // @ts-expect-error: what is given is no store.
  setup: async () => ({ provides: { again: { get: () => 1 } } }),
})

export const undeclared = definePlugin({
  id: 'undeclared',
  api: '^1.0',
  requires: { scores: Score },
  // @ts-expect-error: `store` is not required, so it is not received.
  async setup(_context, { store: other }) {
    return other
  },
})

export const unguarded = definePlugin({
  id: 'unguarded',
  api: '^1.0',
  optional: { cache: Store },
  async setup(_context, { cache }) {
    // @ts-expect-error: nobody may provide it.
    cache.get('key')
    return {}
  },
})

export const single = definePlugin({
  id: 'single',
  api: '^1.0',
  requires: { scores: Score },
  async setup(_context, { scores }) {
    // @ts-expect-error: a `many` token is received as a bag, not as one of its members.
    scores.score({ pods: [] })
    return {}
  },
})

export const configured = definePlugin({
  id: 'configured',
  api: '^1.0',
  config: { version: 1, schema: Type.Object({ weight: Type.Integer() }) },
  async setup(context) {
    // @ts-expect-error: the schema has no such key.
    context.config.wieght
    // @ts-expect-error: the configuration is frozen.
    context.config.weight = 2
    return {}
  },
})

export const tapped = definePlugin({
  id: 'tapped',
  api: '^1.0',
  async setup(context) {
    // @ts-expect-error: the slot's taps answer with a boolean or nothing.
    context.tap(filter, () => 'yes')
    return {}
  },
})

// @ts-expect-error: the range must look like "^1.0".
export const range = definePlugin({ id: 'range', api: '1.0', setup: async () => ({}) })
// @ts-expect-error: an id has a version.
export const unversioned = one<Store>('check.store')
// @ts-expect-error: nothing is declared, so nothing may be given.
export const surplus = definePlugin({ id: 'surplus', api: '^1.0', setup: async () => ({ provides: { score } }) })
