import { ApiEndpointToken, RequestLimiterToken } from '@davit/core/api'
import { definePlugin } from '@davit/core/kernel'
import { limiterConfig } from './config.js'
import { FairLimiter } from './limiter.js'

export default definePlugin({
  id: 'limiter-fair',
  api: '^1.0',
  stage: 'api',
  provides: { limiter: RequestLimiterToken, endpoint: ApiEndpointToken },
  config: limiterConfig,
  async setup(context) {
    const limiter = new FairLimiter(context.config, context.clock)
    context.defer(() => limiter.close())
    return { provides: { limiter, endpoint: { path: '/davit/v1/limiter', get: () => limiter.state() } } }
  },
})
