// @serial
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { Cluster, eventually } from './cluster.js'
import { Kubectl } from './kubectl.js'

const namespace = 'default'
/** It works for some seconds, and waits from then on. */
const script = "timeout 5 sh -c 'while :; do :; done'; exec sleep 1000"
const labels = { app: 'burn' }
const container = {
  name: 'main',
  image: 'none:1',
  command: ['/bin/sh', '-c', script],
  resources: { requests: { cpu: '10m', memory: '8Mi' } },
}
const burn = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'burn', namespace },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [container] } },
  },
}
/** Kubernetes' own periods are for hours of load. */
const config = {
  apiVersion: 'davit.dev/v1',
  kind: 'ClusterConfig',
  plugins: [
    { id: 'controller-autoscaler', config: { syncPeriodSeconds: 1, downscaleStabilizationSeconds: 1 } },
    { id: 'api-metrics', config: { resolutionSeconds: 1, longestWindowSeconds: 3, firstWindowMilliseconds: 300 } },
  ],
}

test(
  'kubectl autoscale: Pods come while processes burn the CPU, and go when they rest; kubectl top tells it',
  async (t) => {
    const home = await t.directory()
    const file = path.join(home, 'cluster.yaml')
    await writeFile(file, JSON.stringify(config))
    const cluster = await Cluster.start('--runtime', 'process', '--proxy', 'none', '--config', file)
    t.defer(() => cluster.stop())
    const kubectl = new Kubectl('kubectl', ['--kubeconfig', cluster.kubeconfig], home)
    await writeFile(path.join(home, 'burn.json'), JSON.stringify(burn))
    await kubectl.said('apply', '-f', path.join(home, 'burn.json'))
    await kubectl.said('autoscale', 'deployment', 'burn', '--cpu-percent=50', '--min=1', '--max=2')
    const size = (): Promise<string> => kubectl.said('get', 'deployment', 'burn', '-o', 'jsonpath={.spec.replicas}')
    await eventually('it grows', async () => (await size()) === '2')
    assert.match(await kubectl.said('get', 'hpa', 'burn'), /burn +Deployment\/burn +cpu: \d+%\/50% +1 +2 +[12] /)
    const [, top = ''] = (await kubectl.said('top', 'pods', '-l', 'app=burn', '--sort-by=cpu')).split('\n')
    const [, millis] = /^burn-\S+ +(\d+)m +\d+Mi/.exec(top) ?? []
    assert.ok(Number(millis) > 50, `a process that burns uses more than its request: ${top}`)
    await eventually('it shrinks', async () => (await size()) === '1')
    const told = await kubectl.said(
      'get',
      'events',
      '--field-selector=reason=SuccessfulRescale',
      '-o',
      'jsonpath={.items[*].message}',
    )
    assert.match(told, /New size: 2; reason: cpu resource utilization \(percentage of request\) above target/)
    assert.match(told, /New size: 1; reason: All metrics below target/)
  },
  { requires: ['root', 'netns', 'cgroup', 'kubectl'], timeoutMs: 90_000 },
)
