// @serial machine
// @timeout 300
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { assert, type TestContext, test } from '@davit/core/testing'
import { eventually, fetchText } from './cluster.js'
import { busybox, deployment, type Kubectl, onDocker, service, startKube, warnings } from './kubectl.js'

const serve =
  'mkdir /www; hostname > /www/index.html; echo started; trap "exit 0" TERM; httpd -p 8080 -h /www; while :; do sleep 0.2; done'
const web = (image = 'busybox:1') => ({
  terminationGracePeriodSeconds: 5,
  containers: [
    { name: 'web', image, command: ['sh', '-c', serve], readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 } },
  ],
})

async function eachVersion(t: TestContext, use: (kubectl: Kubectl, version: string) => Promise<void>): Promise<void> {
  const { cluster, versions } = await startKube(t)
  for (const [version, kubectl] of Object.entries(versions)) {
    const namespace = `v${version.replace('.', '-')}`
    await kubectl.said('create', 'namespace', namespace)
    await use(kubectl.with('--namespace', namespace), version)
    await kubectl.said('delete', 'namespace', namespace, '--timeout=60s')
    assert.match((await kubectl.run(['get', 'all', '-n', namespace])).stderr, 'No resources found')
  }
  assert.equal(warnings(cluster), [])
}

test(
  'apply, watch, describe, scale, roll out and back, expose, wait, delete',
  (t) =>
    eachVersion(t, async (kubectl) => {
      const watch = kubectl.follow(t, 'get', 'pods', '-w')
      assert.is(await kubectl.apply(deployment('web', 2, web())), 'deployment.apps/web created\n')
      assert.is(await kubectl.apply(deployment('web', 2, web())), 'deployment.apps/web unchanged\n')
      assert.match(await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s'), 'successfully rolled out')
      await eventually('the watch saw it become ready', async () => /1\/1\s+Running/.test(watch.output()))
      assert.match(watch.output(), 'ContainerCreating')
      await watch.stop()

      const described = await kubectl.said('describe', 'deployment', 'web')
      assert.match(described, '2 desired | 2 updated | 2 total | 2 available | 0 unavailable')
      assert.match(described, 'Scaled up replica set web-')
      assert.match(await kubectl.said('describe', 'pods', '-l', 'app=web'), /Successfully assigned .*Pulled.*Created.*Started/s)
      assert.match(await kubectl.said('get', 'deployment,replicaset,pod', '-o', 'wide'), /deployment.apps\/web\s+2\/2\s+2\s+2/)

      await kubectl.said('scale', 'deployment/web', '--replicas=3')
      await kubectl.said('wait', 'deployment/web', '--for=jsonpath={.status.readyReplicas}=3', '--timeout=60s')
      assert.match((await kubectl.run(['scale', 'deployment/web', '--current-replicas=9', '--replicas=1'])).stderr, 'was 3')

      await kubectl.said('annotate', 'deployment/web', 'kubernetes.io/change-cause=the first')
      await kubectl.said('set', 'env', 'deployment/web', 'COLOR=red')
      await kubectl.said('annotate', 'deployment/web', 'kubernetes.io/change-cause=red', '--overwrite')
      await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
      const history = await kubectl.said('rollout', 'history', 'deployment/web')
      assert.match(history, /1\s+the first\n2\s+red\n/)
      assert.match(await kubectl.said('rollout', 'history', 'deployment/web', '--revision=2'), /COLOR:\s+red/)
      await kubectl.said('rollout', 'undo', 'deployment/web')
      await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
      assert.is((await kubectl.json('replicasets')).items.length, 2, 'the first replica set is used again')
      assert.is((await kubectl.json('deployment', 'web')).spec.template.spec.containers[0].env, undefined)

      await kubectl.said('expose', 'deployment/web', '--port=80', '--target-port=8080')
      const { spec } = await kubectl.json('service', 'web')
      assert.match(await eventually('an answer', () => fetchText(`http://${spec.clusterIP}/`)), 'web-')
      assert.match(await kubectl.said('describe', 'service', 'web'), /Endpoints:\s+10\./)
      await kubectl.said('delete', 'service/web', 'deployment/web')
    }),
  onDocker,
)

test(
  'logs, exec, attach, cp, port-forward and run',
  (t) =>
    eachVersion(t, async (kubectl) => {
      const script =
        'for line in 1 2 3 4 5; do echo line $line; done; echo ready; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo gone; exit 4'
      await kubectl.apply(busybox('talker', script), deployment('web', 1, web()), service('web'))
      await kubectl.said('wait', 'pod/talker', '--for=condition=Ready', '--timeout=60s')
      await eventually('its lines', async () => (await kubectl.said('logs', 'talker')).endsWith('ready\n'))
      assert.is(await kubectl.said('logs', 'talker', '--tail=2'), 'line 5\nready\n')
      assert.is(await kubectl.said('logs', 'talker', '--limit-bytes=4'), 'line')
      assert.match(
        await kubectl.said('logs', 'talker', '--timestamps', '--since=1h', '--tail=1'),
        /^\d{4}-\d\d-\d\dT\S+Z ready\n$/,
      )
      assert.is(await kubectl.said('logs', 'talker', '--since-time=2100-01-01T00:00:00Z'), '')
      assert.match((await kubectl.run(['logs', 'talker', '--previous'])).stderr, 'previous terminated container')
      assert.match((await kubectl.run(['logs', 'nobody'])).stderr, 'pods "nobody" not found')
      const followed = kubectl.follow(t, 'logs', '-f', 'talker')
      await eventually('the log is followed', async () => followed.output().includes('ready'))
      await kubectl.said('exec', 'talker', '--', 'touch', '/tmp/go')
      await followed.ended
      assert.match(followed.output(), 'ready\ngone\n')
      await eventually('the log of the one before', async () =>
        (await kubectl.said('logs', 'talker', '--previous')).endsWith('gone\n'),
      )

      await kubectl.said('rollout', 'status', 'deployment/web', '--timeout=60s')
      const [pod] = (await kubectl.json('pods', '-l', 'app=web')).items
      const name: string = pod.metadata.name
      const fed = await kubectl.run(['exec', '-i', name, '--', 'sh', '-c', 'cat; echo problem >&2; exit 7'], {
        input: 'some words',
      })
      assert.equal([fed.code, fed.stdout, fed.stderr.split('\n')[0]], [7, 'some words', 'problem'])
      const terminal = kubectl.inTerminal(
        t,
        'exec',
        '-it',
        name,
        '--',
        'sh',
        '-c',
        "tty; until stty size | grep '^30 100'; do sleep 0.1; done; exit 3",
      )
      assert.is(await terminal.ended, 3)
      assert.match(terminal.output(), /\/dev\/pts\/\d+[\s\S]*\n30 100\r?\n/)
      assert.is((await kubectl.run(['exec', name, '--', 'no-such-program'])).code, 126)

      const local = path.join(await t.directory(), 'sent')
      await writeFile(local, 'carried\n')
      await kubectl.said('cp', local, `${name}:/tmp/there`)
      assert.is(await kubectl.said('exec', name, '--', 'cat', '/tmp/there'), 'carried\n')
      await kubectl.said('cp', `${name}:/tmp/there`, `${local}-back`)
      assert.is(await readFile(`${local}-back`, 'utf8'), 'carried\n')

      for (const target of [`pod/${name}`, 'service/web']) {
        const forward = kubectl.follow(t, 'port-forward', target, target.startsWith('pod') ? ':8080' : ':80')
        const port = await eventually('a local port', async () => /127\.0\.0\.1:(\d+)/.exec(forward.output())?.[1])
        for (let turn = 0; turn < 3; turn++) assert.match(await fetchText(`http://127.0.0.1:${port}/`), 'web-')
        await forward.stop()
      }

      const once = ['run', 'once', '--image=busybox:1', '--restart=Never', '-i', '--rm', '--command', '--']
      const ran = await kubectl.run([...once, 'sh', '-c', 'sort; exit 5'], { input: 'b\na\n' })
      assert.match(ran.stdout, 'a\nb\n')
      assert.match((await kubectl.run(['get', 'pod', 'once'])).stderr, 'not found')
      const shell = ['run', 'shell', '--image=busybox:1', '-it', '--rm', '--restart=Never', '--command', '--']
      const session = kubectl.inTerminal(t, ...shell, 'sh', '-c', 'sleep 1; tty')
      assert.is(await session.ended, 0)
      assert.match(session.output(), /\/dev\/(pts|console)/)
      // A terminal in the container, none at the client.
      const piped = await kubectl.run([...shell, 'sh', '-c', 'sleep 1; echo from the terminal'])
      assert.match(piped.stdout, 'from the terminal')
    }),
  onDocker,
)

test(
  'label, annotate, patch, edit, diff, explain, api-resources, auth and typed objects',
  (t) =>
    eachVersion(t, async (kubectl) => {
      await kubectl.apply(deployment('web', 0, web()))
      await kubectl.said('label', 'deployment/web', 'tier=front')
      await kubectl.said('annotate', 'deployment/web', 'note=here')
      assert.match(await kubectl.said('get', 'deployment', '-l', 'tier=front', '-L', 'tier'), /web\s+0\/0.*front/)
      const patches: [type: string, patch: string][] = [
        ['strategic', '{"spec":{"template":{"spec":{"containers":[{"name":"web","workingDir":"/tmp"}]}}}}'],
        ['merge', '{"metadata":{"annotations":{"note":null}}}'],
        ['json', '[{"op":"add","path":"/spec/minReadySeconds","value":2}]'],
      ]
      for (const [type, patch] of patches) await kubectl.said('patch', 'deployment', 'web', '--type', type, '-p', patch)
      const { metadata, spec } = await kubectl.json('deployment', 'web')
      const [container] = spec.template.spec.containers
      assert.equal([container.workingDir, container.image, spec.minReadySeconds], ['/tmp', 'busybox:1', 2])
      assert.is((metadata as { annotations?: Record<string, string> }).annotations?.note, undefined)
      const edited = await kubectl.run(['edit', 'deployment', 'web'], {
        env: { EDITOR: 'sed -i s/minReadySeconds:.2/minReadySeconds:\\ 4/' },
      })
      assert.match(edited.stdout, 'deployment.apps/web edited')
      assert.is((await kubectl.json('deployment', 'web')).spec.minReadySeconds, 4)

      const same = await kubectl.run(['diff', '-f', '-'], { input: JSON.stringify(deployment('web', 0, web())) })
      assert.equal([same.code, same.stdout], [0, ''], same.stdout)
      const other = await kubectl.run(['diff', '-f', '-'], { input: JSON.stringify(deployment('web', 0, web('busybox:2'))) })
      assert.is(other.code, 1)
      assert.match(other.stdout, /-\s+image: busybox:1\n\+\s+image: busybox:2/)

      assert.match(await kubectl.said('explain', 'pod.spec.containers.livenessProbe'), 'failureThreshold')
      assert.match(await kubectl.said('explain', 'deployment', '--recursive'), 'terminationGracePeriodSeconds')
      assert.match(
        await kubectl.said('api-resources', '--verbs=list', '-o', 'wide'),
        /deployments\s+deploy\s+apps\/v1\s+true\s+Deployment/,
      )
      assert.is(await kubectl.said('auth', 'can-i', 'create', 'pods'), 'yes\n')
      assert.is((await kubectl.run(['auth', 'can-i', 'create', 'pods', '--as', 'somebody'])).stdout, 'no\n')

      const made = [
        ['configmap', 'words', '--from-literal=a=b'],
        ['secret', 'generic', 'hidden', '--from-literal=a=b'],
        ['service', 'clusterip', 'plain', '--tcp=80:8080'],
        ['service', 'nodeport', 'outside', '--tcp=80:8080'],
        ['serviceaccount', 'worker'],
        ['role', 'reader', '--verb=get,list', '--resource=pods'],
        ['rolebinding', 'readers', '--role=reader', '--user=somebody'],
        ['deployment', 'typed', '--image=busybox:1', '--replicas=0'],
        ['ingress', 'way', '--rule=example.test/*=plain:80'],
        ['poddisruptionbudget', 'budget', '--selector=app=web', '--min-available=1'],
        ['quota', 'plenty', '--hard=pods=100'],
      ]
      for (const args of made) assert.match(await kubectl.said('create', ...args), 'created')
      assert.is((await kubectl.run(['auth', 'can-i', 'list', 'pods', '--as', 'somebody'])).stdout, 'yes\n')
      assert.match((await kubectl.run(['create', 'configmap', 'words'])).stderr, 'configmaps "words" already exists')
      assert.match((await kubectl.run(['get', 'pod', '-l', 'a in (b'])).stderr, 'unable to parse')
      const bad = { input: JSON.stringify(deployment('Bad_Name', 1, { containers: [] })) }
      assert.match((await kubectl.run(['apply', '-f', '-'], bad)).stderr, 'metadata.name: Invalid value: "Bad_Name"')
    }),
  onDocker,
)
