import { ApiEndpointToken } from '../api/contract.js'
import { ClientsToken, leaderElectionSchema, leadership } from '../client/contract.js'
import { definePlugin, Type } from '../kernel/contract.js'
import { ControllerToken } from './contract.js'
import { ControllerSet } from './set.js'

/** The controller host: runs every contributed reconciler, also those that come or go while it runs. */
export const controllerHost = definePlugin({
  id: 'controller-host',
  api: '^1.0',
  stage: 'control',
  requires: { clients: ClientsToken, controllers: ControllerToken },
  provides: { endpoint: ApiEndpointToken },
  config: { version: 1, schema: Type.Object(leaderElectionSchema('kube-controller-manager')) },
  async setup(context, { clients, controllers }) {
    const { clock, random, ids, log, version } = context
    let latest: ControllerSet | undefined
    const life = leadership({
      ...{ context, clients, user: 'system:kube-controller-manager' },
      work(leading) {
        latest = new ControllerSet({ ...leading, clock, random, ids, log, controllers, version })
        return latest
      },
    })
    // Empty where another server leads.
    const get = () => ({ controllers: latest?.stats ?? [] })
    return { ...life, provides: { endpoint: { path: '/davit/v1/controllers', get } } }
  },
})
