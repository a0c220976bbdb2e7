/** What each of the controllers may do, and no more. */
import type { Grant } from '@davit/core/api'

const core = (resources: readonly string[], verbs: readonly string[]) => ({ apiGroups: [''], resources, verbs })
const events = core(['events'], ['create', 'patch'])

export const grants: readonly Grant[] = [
  { user: 'system:controller:node-ipam-controller', rules: [core(['nodes'], ['patch']), events] },
  {
    user: 'system:controller:node-lifecycle-controller',
    rules: [core(['nodes'], ['patch']), core(['nodes/status', 'pods/status'], ['update']), events],
  },
  {
    user: 'system:controller:taint-eviction-controller',
    rules: [core(['pods'], ['delete']), core(['pods/status'], ['update']), events],
  },
]
