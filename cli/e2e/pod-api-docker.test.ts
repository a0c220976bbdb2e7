// @serial machine
// @timeout 180
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { podApiSuite } from './pod-api.js'

podApiSuite({
  runtime: 'docker',
  requires: ['docker', 'iptables', 'root'],
  async prepare() {
    await promisify(execFile)(process.execPath, [fileURLToPath(new URL('../../scripts/node-image.mjs', import.meta.url))])
  },
})
