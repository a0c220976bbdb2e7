import { definePlugin } from '@davit/core/kernel'
import { RuntimeToken } from '@davit/core/node'
import { createDriver, supports } from './driver.js'

/** Pick it for a node by its id: `runtime: runtime-echo`. */
export default definePlugin({
  id: 'runtime-echo',
  api: '^1.0',
  provides: { runtime: RuntimeToken },
  supports,
  setup: async ({ clock, random }) => ({ provides: { runtime: createDriver(clock, random) } }),
})
