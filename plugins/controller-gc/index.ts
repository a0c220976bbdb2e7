import { GrantToken, KindsToken } from '@davit/core/api'
import { ControllerToken } from '@davit/core/controller'
import { definePlugin } from '@davit/core/kernel'
import { gcConfig } from './config.js'
import { GarbageCollector } from './garbage-collector.js'
import { grants } from './grants.js'
import { PodCollector } from './pod-collector.js'

export default definePlugin({
  id: 'controller-gc',
  api: '^1.0',
  requires: { kinds: KindsToken },
  provides: { controllers: ControllerToken, grants: GrantToken },
  config: gcConfig,
  async setup({ config }, { kinds }) {
    return { provides: { controllers: [new GarbageCollector(kinds, config.concurrency), new PodCollector(config)], grants } }
  },
})
