import { hostname } from 'node:os'
import { type ApiEndpoint, ApiEndpointToken } from '@davit/core/api'
import { coreVersion, definePlugin } from '@davit/core/kernel'

/**
 * A document that Davit tells about itself, beside the API's objects. It is read with the same credentials as they are,
 * and by default by administrators only.
 */
export default definePlugin({
  id: 'endpoint-whoami',
  api: '^1.0',
  provides: { endpoint: ApiEndpointToken },
  async setup({ clock }) {
    const began = clock.monotonic()
    const endpoint: ApiEndpoint = {
      path: '/davit/v1/whoami',
      get: () => ({
        version: coreVersion,
        machine: hostname(),
        process: process.pid,
        upSeconds: Math.round((clock.monotonic() - began) / 1000),
      }),
    }
    return { provides: { endpoint } }
  },
})
