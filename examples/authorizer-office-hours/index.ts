import { ApiHooksToken } from '@davit/core/api'
import { definePlugin, Type } from '@davit/core/kernel'

const reading = new Set(['get', 'list', 'watch'])

/**
 * Authorisation is a slot in which the first verdict counts. This tap only ever refuses: outside office hours it answers
 * for the members of one group, and of everything else it says nothing, so that the role-based authoriser decides.
 */
export default definePlugin({
  id: 'authorizer-office-hours',
  api: '^1.0',
  stage: 'api',
  requires: { hooks: ApiHooksToken },
  config: {
    version: 1,
    schema: Type.Object({
      group: Type.String({ minLength: 1, default: 'interns', description: 'Whose members are meant.' }),
      from: Type.Integer({ minimum: 0, maximum: 24, default: 8, description: 'First hour of the day, UTC.' }),
      until: Type.Integer({ minimum: 0, maximum: 24, default: 18, description: 'First hour after the office closes, UTC.' }),
    }),
  },
  async setup(context, { hooks }) {
    const { group, from, until } = context.config
    context.tap(
      hooks.authorize,
      ({ user, verb }) => {
        if (reading.has(verb) || !user.groups.includes(group)) return undefined
        // Never `new Date()`: the kernel's clock is the one that a test, or a replay, can move.
        const hour = new Date(context.clock.now()).getUTCHours()
        if (hour >= from && hour < until) return undefined
        return { allowed: false, reason: `members of ${group} change things from ${from}:00 to ${until}:00 UTC` }
      },
      // Before the authorisers that say yes.
      { stage: -10 },
    )
    return {}
  },
})
