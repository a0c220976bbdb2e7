/** Which kind has which hand-written behaviour. A kind that is not named here has none. */
import type { Strategy } from '../contract.js'
import { podStrategy, podTemplateStrategy } from './pod.js'

const none: Strategy = {}

const strategies: Readonly<Record<string, Strategy>> = {
  '/Pod': podStrategy,
  '/PodTemplate': podTemplateStrategy,
}

export function strategyFor(group: string, kind: string): Strategy {
  const key = `${group}/${kind}`
  return (Object.hasOwn(strategies, key) ? strategies[key] : undefined) ?? none
}
