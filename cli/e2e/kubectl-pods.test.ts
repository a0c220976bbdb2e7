// @serial machine
// @timeout 300
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { eventually, isReady } from './cluster.js'
import { busybox, docker, dockerIdOf, mainOf, onDocker, podThat, startKube, warnings } from './kubectl.js'

const forever = 'trap "exit 0" TERM; while :; do sleep 0.1; done'

test(
  'environment and volumes come from where they should, and follow what they are made from',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    const directory = await t.directory()
    await writeFile(path.join(directory, 'given'), 'from the host\n')
    await kubectl.said('create', 'configmap', 'words', '--from-literal=COLOR=blue', '--from-literal=app.conf=x=1')
    await kubectl.said('create', 'secret', 'generic', 'hidden', '--from-literal=PASSWORD=opensesame')
    await kubectl.said('create', 'service', 'clusterip', 'store', '--tcp=80:8080')
    const limits = { cpu: '200m', memory: '32Mi' }
    const mount = (name: string, mountPath: string, more: object = {}) => ({ name, mountPath, ...more })
    const mounts = [
      mount('shared', '/shared'),
      mount('words', '/etc/words'),
      mount('words', '/etc/one.conf', { subPath: 'app.conf' }),
      mount('hidden', '/etc/hidden', { readOnly: true }),
      mount('host', '/host'),
      mount('self', '/etc/self'),
      mount('all', '/etc/all'),
    ]
    const volumes = [
      { name: 'shared', emptyDir: {} },
      { name: 'words', configMap: { name: 'words' } },
      { name: 'hidden', secret: { secretName: 'hidden', defaultMode: 0o400 } },
      { name: 'host', hostPath: { path: directory, type: 'Directory' } },
      { name: 'self', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      { name: 'all', projected: { sources: [{ configMap: { name: 'words' } }, { secret: { name: 'hidden' } }] } },
    ]
    const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
    const env = [
      { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'hidden', key: 'PASSWORD' } } },
      { name: 'MEMORY', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
      { name: 'GREETING', value: 'it is $(COLOR) on $(NODE)' },
      field('NODE', 'spec.nodeName'),
      field('ADDRESS', 'status.podIP'),
    ]
    const first = {
      name: 'first',
      image: 'busybox:1',
      command: ['sh', '-c', 'sleep 1; echo one > /shared/order'],
      volumeMounts: mounts.slice(0, 1),
    }
    const second = { ...first, name: 'second', command: ['sh', '-c', 'echo two >> /shared/order'] }
    const envFrom = [{ configMapRef: { name: 'words' } }, { prefix: 'MORE_', secretRef: { name: 'hidden' } }]
    await kubectl.apply(
      busybox(
        'full',
        `cat /shared/order; ${forever}`,
        { env, envFrom, volumeMounts: mounts, resources: { limits } },
        { initContainers: [first, second], volumes },
        { labels: { tier: 'front' } },
      ),
    )
    await podThat(kubectl, 'full', 'an init container', (pod) => pod.status?.initContainerStatuses?.[0].state.running)
    assert.match(await kubectl.said('get', 'pod', 'full'), 'Init:0/2')
    const pod = await podThat(kubectl, 'full', 'ready', isReady)
    await kubectl.logged('one\ntwo\n', 'full')

    const variables = new Map((await inside('env')).split('\n').map((line) => line.split(/=(.*)/s) as [string, string]))
    const expected = {
      COLOR: 'blue',
      PASSWORD: 'opensesame',
      MORE_PASSWORD: 'opensesame',
      MEMORY: '32',
      NODE: pod.spec.nodeName,
      GREETING: 'it is blue on $(NODE)',
      ADDRESS: pod.status.podIP,
      HOSTNAME: 'full',
      STORE_SERVICE_PORT: '80',
    }
    for (const [name, value] of Object.entries(expected)) assert.is(variables.get(name), value, name)

    assert.is(await inside('cat /etc/words/app.conf /etc/one.conf'), 'x=1x=1')
    assert.is(await inside('cat /etc/hidden/PASSWORD /etc/all/PASSWORD /etc/all/COLOR'), 'opensesameopensesameblue')
    assert.is(await inside('stat -Lc %a /etc/hidden/PASSWORD'), '400\n')
    assert.match(await inside('touch /etc/hidden/new 2>&1 || true'), 'Read-only file system')
    assert.is(await inside('cat /host/given; echo back > /host/returned'), 'from the host\n')
    assert.is(await readFile(path.join(directory, 'returned'), 'utf8'), 'back\n')
    assert.match(await inside('cat /etc/self/labels'), 'tier="front"')
    assert.match(await inside('cat /etc/hosts'), `${pod.status.podIP}\tfull`)

    await kubectl.said('patch', 'configmap', 'words', '-p', '{"data":{"app.conf":"x=2"}}')
    await kubectl.said('label', 'pod', 'full', 'tier=back', '--overwrite')
    await eventually('the new words', async () => (await inside('cat /etc/words/app.conf')) === 'x=2')
    await eventually('the new label', async () => (await inside('cat /etc/self/labels')).includes('tier="back"'))
    assert.is(await inside('cat /etc/one.conf'), 'x=1', 'a subPath stays as it was')

    const config = JSON.parse(await docker('inspect', '--format', '{{json .HostConfig}}', dockerIdOf(mainOf(pod))))
    assert.equal([config.Memory, config.CpuQuota / config.CpuPeriod], [32 * 2 ** 20, 0.2])
    assert.is(pod.status.qosClass, 'Burstable', 'its init containers have no limits')

    const uid = pod.metadata.uid
    await kubectl.said('delete', 'pod', 'full')
    const left = (await docker('ps', '-aq', '--filter', `label=io.kubernetes.pod.uid=${uid}`)).split('\n')
    assert.equal(left, [''])
    assert.is(await readFile(path.join(directory, 'given'), 'utf8'), 'from the host\n')
    assert.equal(warnings(cluster), [])

    function inside(script: string): Promise<string> {
      return kubectl.said('exec', 'full', '--', 'sh', '-c', script)
    }
  },
  onDocker,
)

test(
  'a container sees of the machine what it asks for and no more',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    const security = { runAsUser: 1234, runAsGroup: 99, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } }
    await kubectl.apply(
      busybox('plain', forever, { securityContext: security }, { securityContext: { fsGroup: 55 }, hostname: 'named' }),
      busybox('on-host', forever, {}, { hostNetwork: true }),
      busybox('two', forever, {}, { containers: twoContainers(), shareProcessNamespace: true }),
      busybox('helper', 'cat /work/file; exit 0', { volumeMounts: [{ name: 'work', mountPath: '/work' }] }, withSidecar()),
    )
    for (const name of ['plain', 'on-host', 'two']) await podThat(kubectl, name, 'ready', isReady)
    assert.is(await kubectl.said('exec', 'plain', '--', 'sh', '-c', 'id -u; id -g; hostname'), '1234\n99\nnamed\n')
    assert.match(
      await kubectl.said('exec', 'plain', '--', 'sh', '-c', 'touch /x 2>&1; grep CapEff /proc/self/status'),
      /Read-only[\s\S]*0000000000000000/,
    )
    const node = (await kubectl.json('nodes')).items[0]
    const address = node.status.addresses.find((item: { type: string }) => item.type === 'InternalIP').address
    assert.is((await kubectl.json('pod', 'on-host')).status.podIP, address)
    await eventually('it sees its neighbour', async () =>
      (await kubectl.said('exec', 'two', '-c', 'one', '--', 'ps')).includes('sleep 4321'),
    )
    assert.match(await kubectl.said('exec', 'two', '-c', 'one', '--', 'wget', '-qO-', 'http://127.0.0.1:8080/'), 'neighbour')
    await kubectl.logged('[pod/two/one] one\n[pod/two/other] other\n', 'two', '--all-containers', '--prefix')

    await podThat(kubectl, 'helper', 'its end, though its helper never ends', (pod) => {
      return pod.status?.phase === 'Succeeded' && pod.status.initContainerStatuses[0].state.terminated !== undefined
    })
    assert.is(await kubectl.said('logs', 'helper', '-c', 'main'), 'written\n')
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)

function twoContainers(): object[] {
  const one = (name: string, script: string) => ({ name, image: 'busybox:1', command: ['sh', '-c', `echo ${name}; ${script}`] })
  const serve = 'mkdir /www; echo neighbour > /www/index.html; httpd -p 8080 -h /www; exec sleep 4321'
  return [one('one', 'exec sleep 1000'), one('other', serve)]
}

function withSidecar(): object {
  const write = 'echo written > /work/file; while :; do sleep 0.1; done'
  const volumeMounts = [{ name: 'work', mountPath: '/work' }]
  const startupProbe = { exec: { command: ['cat', '/work/file'] }, periodSeconds: 1 }
  const sidecar = {
    name: 'sidecar',
    image: 'busybox:1',
    restartPolicy: 'Always',
    command: ['sh', '-c', write],
    volumeMounts,
    startupProbe,
  }
  return { restartPolicy: 'Never', initContainers: [sidecar], volumes: [{ name: 'work', emptyDir: {} }] }
}
