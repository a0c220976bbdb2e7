import { controlPlaneParts } from '@davit/core/controller/testkit'
import { pluginSuite } from '@davit/core/testing'
import plugin from './index.js'

pluginSuite(plugin, { with: controlPlaneParts, valid: [{}], invalid: [{ attach: true }] })
