// @serial machine
// @timeout 300
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Tree } from './cluster.js'
import { helloSuite } from './hello.js'

const run = promisify(execFile)
const docker = async (...args: string[]) => (await run('docker', args)).stdout.trim()
const containerOf = (pod: Tree) => String(pod.status.containerStatuses[0].containerID).split('://')[1] ?? ''

helloSuite({
  runtime: 'docker',
  requires: ['docker', 'iptables', 'root'],
  async prepare() {
    await run(process.execPath, [fileURLToPath(new URL('../../scripts/node-image.mjs', import.meta.url))])
  },
  async killContainer(pod) {
    await docker('kill', containerOf(pod))
  },
  async running(pods) {
    const started = await docker(
      'inspect',
      '--format',
      '{{.Id}} {{.State.StartedAt}} {{.State.Running}}',
      ...pods.map(containerOf),
    )
    return started.split('\n').sort()
  },
})
