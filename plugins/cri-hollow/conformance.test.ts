import type { Behaviour } from '@davit/core/node/testkit'
import { runtimeKit } from '@davit/core/node/testkit'
import { pluginSuite } from '@davit/core/testing'
import { createHollowDriver } from './hollow.js'
import cri from './index.js'

/** What a shell script does elsewhere, annotations do here. */
function annotated(behaviour: Behaviour): Record<string, string> {
  const { lines, errorLines, exitCode, onTerminate = 0 } = behaviour
  return {
    ...(lines ? { 'hollow.davit.dev/log': lines.join('\n') } : {}),
    ...(errorLines ? { 'hollow.davit.dev/error-log': errorLines.join('\n') } : {}),
    ...(exitCode === undefined ? {} : { 'hollow.davit.dev/exit-code': String(exitCode) }),
    ...(onTerminate === 'ignore'
      ? { 'hollow.davit.dev/stop-ms': 'ignore' }
      : { 'hollow.davit.dev/stop-code': String(onTerminate) }),
  }
}

runtimeKit('hollow', ({ clock, random }) => ({
  driver: createHollowDriver({ clock, random, config: { startMs: 0, jitter: 0, pullMs: 0 } }),
  image: 'busybox',
  behave: (behaviour) => ({ annotations: annotated(behaviour) }),
}))

pluginSuite(cri, {
  valid: [{}, { startMs: 5, jitter: 0.5, pullMs: 100 }],
  invalid: [{ startMs: -1 }, { jitter: 2 }, { pullMs: 'long' }],
})
