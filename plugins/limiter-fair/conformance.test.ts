import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, {
  valid: [{}, { reads: 10, writes: 5, turn: 1, queue: 1, waitSeconds: 1, exemptGroups: [] }],
  invalid: [{ reads: 0 }, { turn: 'all' }, { exemptGroups: 'system:masters' }, { seats: 1 }],
})
