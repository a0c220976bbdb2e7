import { GrantToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { endpointConfig } from './config.js'
import { EndpointsController } from './endpoints-controller.js'
import { grants } from './grants.js'
import { MirrorController } from './mirror-controller.js'
import { SliceController } from './slice-controller.js'

export default definePlugin({
  id: 'controller-endpoint',
  api: '^1.0',
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: endpointConfig,
  async setup({ config }) {
    const controllers = [
      new SliceController(config.maxEndpointsPerSlice),
      new MirrorController(),
      ...(config.writeEndpoints ? [new EndpointsController()] : []),
    ]
    return { provides: { controllers, grants } }
  },
})
