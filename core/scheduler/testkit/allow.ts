import { ApiHooksToken } from '../../api/contract.js'
import { definePlugin } from '../../kernel/contract.js'

/** In the place of an authorizer: the scheduler may do anything. */
export const allowScheduler = definePlugin({
  id: 'test-allow-scheduler',
  api: '^1.0',
  requires: { hooks: ApiHooksToken },
  async setup(context, { hooks }) {
    context.tap(hooks.authorize, ({ user }) =>
      user.name === 'system:kube-scheduler' ? { allowed: true, reason: '' } : undefined,
    )
    return {}
  },
})
