// @serial machine
// @timeout 180
import { podApiSuite } from './pod-api.js'

podApiSuite({ runtime: 'process', requires: ['iptables', 'root', 'netns'], prepare: async () => undefined })
