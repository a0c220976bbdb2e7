// @serial machine
// @timeout 300
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, test } from '@davit/core/testing'
import { eventually, isReady, type Tree } from './cluster.js'
import { busybox, docker, dockerIdOf, mainOf, onDocker, podThat, startKube, warnings } from './kubectl.js'

const forever = 'while :; do sleep 0.1; done'
const never = { restartPolicy: 'Never' }
const reasonsOf = (events: Tree): string[] => events.items.map((event: Tree) => event.reason)

test(
  'a container that is killed or ends is started again, later each time; the way it ended is shown',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    await kubectl.apply(
      busybox('killed', `echo begun; ${forever}`),
      busybox('crash', 'echo broken; exit 3'),
      busybox('greedy', 'x=a; while :; do x=$x$x; done', { resources: { limits: { memory: '16Mi' } } }, never),
      busybox('last-words', 'echo farewell > /dev/termination-log; exit 9', {}, never),
      busybox('done', 'echo finished', {}, { restartPolicy: 'OnFailure' }),
      busybox('no-program', '', { command: ['/no/such/program'] }),
      busybox('no-image', '', { image: 'davit.invalid/none:1' }),
      busybox('no-map', forever, { envFrom: [{ configMapRef: { name: 'later' } }] }),
      busybox('no-volume', forever, { volumeMounts: [{ name: 'v', mountPath: '/v' }] }, withSecret('later')),
      busybox('too-large', forever, { resources: { requests: { cpu: '1000' } } }),
    )

    const victim = await podThat(kubectl, 'killed', 'a running Pod', isReady)
    await docker('kill', dockerIdOf(mainOf(victim)))
    const healed = await podThat(kubectl, 'killed', 'a restart', (pod) => mainOf(pod).restartCount === 1 && isReady(pod))
    assert.is(healed.metadata.uid, victim.metadata.uid)
    assert.is(healed.status.podIP, victim.status.podIP)
    assert.equal(endOf(mainOf(healed).lastState), [137, 'Error'])
    assert.is(await kubectl.said('logs', 'killed', '--previous'), 'begun\n')

    await podThat(kubectl, 'crash', 'a restart and a wait', (pod) => {
      return mainOf(pod).restartCount >= 1 && mainOf(pod).state.waiting?.reason === 'CrashLoopBackOff'
    })
    assert.match(await kubectl.said('get', 'pod', 'crash'), /crash\s+0\/1\s+CrashLoopBackOff\s+[12] \(\d+s ago\)/)
    assert.match(
      await kubectl.said('describe', 'pod', 'crash'),
      /Reason:\s+CrashLoopBackOff\n\s+Last State:\s+Terminated\n\s+Reason:\s+Error\n\s+Exit Code:\s+3/,
    )
    assert.match(await kubectl.said('describe', 'pod', 'crash'), 'Back-off restarting failed container main')
    assert.is(await kubectl.said('logs', 'crash', '--previous'), 'broken\n')

    const greedy = await podThat(kubectl, 'greedy', 'its end', (pod) => pod.status?.phase === 'Failed')
    assert.equal(endOf(mainOf(greedy).state), [137, 'OOMKilled'])
    const words = await podThat(kubectl, 'last-words', 'its end', (pod) => pod.status?.phase === 'Failed')
    assert.equal(endOf(mainOf(words).state), [9, 'Error'])
    assert.is(mainOf(words).state.terminated.message, 'farewell\n')
    const done = await podThat(kubectl, 'done', 'its end', (pod) => pod.status?.phase === 'Succeeded')
    assert.equal(endOf(mainOf(done).state), [0, 'Completed'])

    const waits: [name: string, reason: RegExp, event: RegExp][] = [
      ['no-program', /RunContainerError|CrashLoopBackOff/, /no such file or directory/],
      ['no-image', /ImagePullBackOff/, /Failed to pull image "davit.invalid\/none:1"/],
      ['no-map', /CreateContainerConfigError/, /configmap "later" not found/],
      ['no-volume', /ContainerCreating/, /secret "later" not found/],
    ]
    for (const [name, reason, event] of waits) {
      await podThat(kubectl, name, `${reason}`, (pod) => reason.test(mainOf(pod).state?.waiting?.reason))
      assert.match(await kubectl.said('describe', 'pod', name), event)
    }
    assert.match(
      await kubectl.said('describe', 'pod', 'too-large'),
      /FailedScheduling.*0\/1 nodes are available: 1 Insufficient cpu/,
    )

    await kubectl.said('create', 'configmap', 'later', '--from-literal=a=b')
    await kubectl.said('create', 'secret', 'generic', 'later', '--from-literal=a=b')
    for (const name of ['no-map', 'no-volume']) await podThat(kubectl, name, 'what it waited for', isReady)
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)

test(
  'probes: a live container stays, a dead one is restarted, one that is not ready gets no traffic',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    const listen = 'mkdir /www; touch /tmp/alive; httpd -p 8080 -h /www;'
    const often = { periodSeconds: 1, failureThreshold: 2 }
    const labels = { app: 'probed' }
    await kubectl.apply(
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'probed' },
        spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
      },
      busybox('exec', `${listen} ${forever}`, { livenessProbe: { exec: { command: ['cat', '/tmp/alive'] }, ...often } }),
      busybox(
        'http',
        `${listen} ${forever}`,
        { readinessProbe: { httpGet: { path: '/ok', port: 8080 }, ...often } },
        {},
        { labels },
      ),
      busybox('tcp', `sleep 2; ${listen} ${forever}`, {
        startupProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 30 },
        livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, failureThreshold: 1 },
      }),
      busybox('late', forever, { startupProbe: { tcpSocket: { port: 9 }, ...often } }, never),
    )
    const tcp = await podThat(kubectl, 'tcp', 'it has started', isReady)
    assert.is(mainOf(tcp).restartCount, 0, 'liveness waits for the start')
    assert.is(mainOf(tcp).started, true)
    const late = await podThat(kubectl, 'late', 'it never started', (pod) => pod.status?.phase === 'Failed')
    assert.is(mainOf(late).state.terminated.exitCode, 137)

    const readyAddresses = async () => {
      const { items } = await kubectl.json('endpointslices', '-l', 'kubernetes.io/service-name=probed')
      return items.flatMap((slice: Tree) => slice.endpoints).filter((end: Tree) => end.conditions.ready).length
    }
    await podThat(kubectl, 'http', 'it runs', (pod) => mainOf(pod).state?.running && !isReady(pod))
    assert.is(await readyAddresses(), 0)
    await kubectl.said('exec', 'http', '--', 'touch', '/www/ok')
    await podThat(kubectl, 'http', 'ready', isReady)
    await eventually('an address', async () => (await readyAddresses()) === 1)
    await kubectl.said('exec', 'http', '--', 'rm', '/www/ok')
    await podThat(kubectl, 'http', 'not ready', (pod) => !isReady(pod))
    await eventually('no address', async () => (await readyAddresses()) === 0)
    assert.is(mainOf(await podThat(kubectl, 'http', 'the same', () => true)).restartCount, 0)

    await podThat(kubectl, 'exec', 'it lives', isReady)
    await kubectl.said('exec', 'exec', '--', 'rm', '/tmp/alive')
    await podThat(kubectl, 'exec', 'a restart', (pod) => mainOf(pod).restartCount === 1 && isReady(pod))
    const described = await kubectl.said('describe', 'pod', 'exec')
    assert.match(described, /Unhealthy.*Liveness probe failed: cat: can't open/)
    assert.match(described, 'Container main failed liveness probe, will be restarted')
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)

test(
  'a Pod ends in order: its hook, SIGTERM, and SIGKILL when its time is over',
  async (t) => {
    const { cluster, kubectl } = await startKube(t)
    const directory = await t.directory()
    const note = (word: string) => `echo ${word} >> /notes/$NAME`
    const volumes = [{ name: 'notes', hostPath: { path: directory } }]
    const container = (name: string) => ({
      env: [{ name: 'NAME', value: name }],
      volumeMounts: [{ name: 'notes', mountPath: '/notes' }],
      lifecycle: {
        postStart: { exec: { command: ['sh', '-c', note('postStart')] } },
        preStop: { exec: { command: ['sh', '-c', `${note('preStop')}; sleep 0.5; ${note('hook done')}`] } },
      },
    })
    const notes = async (name: string) => (await readFile(path.join(directory, name), 'utf8')).trim().split('\n')
    await kubectl.apply(
      busybox('polite', `trap '${note('TERM')}; exit 0' TERM; ${forever}`, container('polite'), {
        volumes,
        terminationGracePeriodSeconds: 20,
      }),
      busybox('deaf', `trap '${note('TERM')}' TERM; ${forever}`, container('deaf'), {
        volumes,
        terminationGracePeriodSeconds: 2,
      }),
      busybox('forced', `trap '' TERM; ${forever}`, {}, { terminationGracePeriodSeconds: 600 }),
    )
    for (const name of ['polite', 'deaf', 'forced']) await podThat(kubectl, name, 'it runs', isReady)
    const watch = kubectl.follow(t, 'get', 'pod', 'deaf', '-w')
    const begun = Date.now()
    await kubectl.said('delete', 'pod', 'polite', 'deaf', '--timeout=30s')
    const took = Date.now() - begun
    assert.ok(took > 1800 && took < 15_000, `${took} ms`)
    assert.equal(await notes('polite'), ['postStart', 'preStop', 'hook done', 'TERM'])
    assert.equal(await notes('deaf'), ['postStart', 'preStop', 'hook done', 'TERM'])
    assert.match(watch.output(), 'Terminating')
    const id = dockerIdOf(mainOf(await podThat(kubectl, 'forced', 'it runs', isReady)))
    await kubectl.said('delete', 'pod', 'forced', '--grace-period=0', '--force')
    await eventually('its container is gone', async () => !(await docker('ps', '-aq', '--no-trunc')).includes(id))
    assert.ok(reasonsOf(await kubectl.json('events')).includes('Killing'))
    assert.equal(warnings(cluster), [])
  },
  onDocker,
)

function withSecret(secretName: string): object {
  return { volumes: [{ name: 'v', secret: { secretName } }] }
}

function endOf({ terminated }: Tree): [exitCode: number, reason: string] {
  return [terminated?.exitCode, terminated?.reason]
}
