import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { rangesOf } from './cidr.js'
import { nodeConfig } from './config.js'
import { EvictionController } from './eviction-controller.js'
import { grants } from './grants.js'
import { HealthController } from './health-controller.js'
import { RangeController } from './range-controller.js'

export default definePlugin({
  id: 'controller-node',
  api: '^1.0',
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: nodeConfig,
  async setup({ config }) {
    const ranges = config.allocateNodeCidrs
      ? [new RangeController(rangesOf({ clusterCidr: config.clusterCidr, nodeMask: config.nodeMask }))]
      : []
    const controllers = [...ranges, new HealthController(config), new EvictionController()]
    return { provides: { controllers, grants } }
  },
})
