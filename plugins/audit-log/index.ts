import { ApiEndpointToken, ApiHooksToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { auditConfig } from './config.js'
import { eventLine } from './event.js'
import { LogFile } from './log-file.js'
import { decide } from './policy.js'
import { readPolicy } from './read-policy.js'

export default definePlugin({
  id: 'audit-log',
  api: '^1.0',
  // Before the first request.
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  provides: { endpoint: ApiEndpointToken },
  config: auditConfig,
  async setup(context, { hooks }) {
    const { clock, config, log } = context
    const policy = await readPolicy(config.policyFile)
    const file = new LogFile(config, clock, log)
    await file.open()
    context.defer(() => file.close())
    context.tap(hooks.requests, (stage, record) => {
      const decision = decide(policy, record)
      if (decision.level === 'None' || decision.omitStages.includes(stage)) return
      file.add(eventLine(record, stage, decision, clock.now()))
    })
    return { provides: { endpoint: { path: '/davit/v1/audit-log', get: () => file.counts } } }
  },
})
