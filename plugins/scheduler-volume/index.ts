import { type Grant, GrantToken } from '@davit/core/api'
import { ClientsToken, type Fence } from '@davit/core/client'
import { definePlugin } from '@davit/core/kernel'
import { Filter, Permit, PreFilter, Reserve } from '@davit/core/scheduler'
import { Followed } from './followed.js'
import { VolumeBinding } from './volume-binding.js'

/** As in Kubernetes it is the scheduler who writes. */
const user = 'system:kube-scheduler'
const grant: Grant = {
  user,
  rules: [{ apiGroups: [''], resources: ['persistentvolumes', 'persistentvolumeclaims'], verbs: ['update'] }],
}

export default definePlugin({
  id: 'scheduler-volume',
  api: '^1.0',
  stage: 'control',
  requires: { clients: ClientsToken },
  provides: { preFilters: PreFilter, filters: Filter, reserves: Reserve, permits: Permit, grants: GrantToken },
  async setup(context, { clients }) {
    const storage = new Followed(clients)
    context.defer(() => storage.end())
    const clientOf = (fence?: Fence) => clients.as({ name: user, manager: 'kube-scheduler' }, fence)
    const policy = new VolumeBinding(storage, clientOf, `scheduler-volume@${context.version}`)
    return {
      provides: { preFilters: policy, filters: policy, reserves: policy, permits: policy, grants: grant },
      start: () => storage.begin(context.signal),
    }
  },
})
