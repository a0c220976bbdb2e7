// @serial machine
// @timeout 300
import { assert, test } from '@davit/core/testing'
import { eventually } from './cluster.js'
import { busybox, deployment, type Following, podThat, startKubeOn, warnings } from './kubectl.js'

const onProcesses = { requires: ['iptables', 'root', 'netns', 'kubectl'], timeoutMs: 150_000 } as const

const sees = (terminal: Following, pattern: RegExp): Promise<unknown> =>
  eventually(`${pattern}`, async () => pattern.test(terminal.output())).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(terminal.output())}`)
  })

test(
  'a person at a terminal of a Pod of processes: jobs, interrupts, the size, attach, and the exit code',
  async (t) => {
    const { cluster, versions } = await startKubeOn('process', t)
    for (const [version, kubectl] of Object.entries(versions)) {
      const pod = `shell-${version.replace('.', '-')}`
      await kubectl.apply(busybox(pod, 'while read -r line; do echo "heard $line"; done', { tty: true, stdin: true }))
      await podThat(kubectl, pod, 'ready', ({ status }) => status?.containerStatuses?.[0]?.ready === true)

      const shell = kubectl.inTerminal(t, 'exec', '-it', pod, '--', 'sh', '-c', 'echo up; PS1= exec sh -i')
      // What is typed before kubectl has made the terminal raw is lost.
      await sees(shell, /^up\r/m)
      shell.type('tty; stty size\r')
      await sees(shell, /\n\/dev\/pts\/\d+\r+\n30 100\r+\n/)
      shell.type('echo be""gun; sleep 1000\r')
      await sees(shell, /begun\r/)
      shell.type('\x03')
      shell.type('echo code $?\r')
      await sees(shell, /\ncode 130\r/)
      shell.type('echo once""more; sleep 1000\r')
      await sees(shell, /oncemore\r/)
      shell.type('\x1a')
      await sees(shell, /Stopped/)
      // The shell says first that there are stopped jobs.
      shell.type('kill -KILL %1\rexit 7\rexit 7\r')
      assert.is(await shell.ended, 7)

      await kubectl.said(
        'debug',
        pod,
        '--image=none',
        '--target=main',
        '--container=look',
        '--',
        'sh',
        '-c',
        'ps -e -o comm=; id -u',
      )
      await podThat(kubectl, pod, 'looked at', ({ status }) => status?.ephemeralContainerStatuses?.[0]?.state?.terminated)
      assert.match(await kubectl.said('logs', pod, '-c', 'look'), /^script\r?$[\s\S]*^ps\r?$[\s\S]*^0\r?$/m)

      const attached = kubectl.inTerminal(t, 'attach', '-it', pod)
      await eventually('an answer', async () => {
        attached.type('you\r')
        return /heard you\r/.test(attached.output())
      })
      await attached.stop()
      assert.match(await kubectl.said('logs', pod), /heard you\r\n/)
      await kubectl.said('delete', 'pod', pod, '--timeout=60s')
    }
    assert.equal(warnings(cluster), [])
  },
  onProcesses,
)

test(
  'a Deployment of processes heals, is scaled and is rolled over with every kubectl',
  async (t) => {
    const { cluster, versions } = await startKubeOn('process', t)
    for (const [version, kubectl] of Object.entries(versions)) {
      const name = `web-${version.replace('.', '-')}`
      const main = { name: 'main', image: 'none', command: ['sh', '-c', 'echo up; sleep 1000'] }
      await kubectl.apply(deployment(name, 2, { terminationGracePeriodSeconds: 1, containers: [main] }))
      await kubectl.said('rollout', 'status', `deployment/${name}`, '--timeout=60s')
      const before = (await kubectl.json('pods', '-l', `app=${name}`)).items.map(
        (pod: { metadata: { name: string } }) => pod.metadata.name,
      )
      const [first] = before
      await kubectl.said('exec', first, '--', 'pkill', '-x', 'sleep')
      await podThat(kubectl, first, 'restarted', ({ status }) => status?.containerStatuses?.[0]?.restartCount === 1)
      await kubectl.said('delete', 'pod', first, '--timeout=60s')
      await kubectl.said('scale', `deployment/${name}`, '--replicas=3')
      await kubectl.said('set', 'env', `deployment/${name}`, 'COLOR=red')
      await kubectl.said('rollout', 'status', `deployment/${name}`, '--timeout=60s')
      await eventually('the old Pods are gone', async () => {
        const { items } = await kubectl.json('pods', '-l', `app=${name}`)
        return items.every((pod: { metadata: { name: string } }) => !before.includes(pod.metadata.name))
      })
      assert.is(await kubectl.said('logs', `deployment/${name}`), 'up\n')
      await kubectl.said('delete', 'deployment', name, '--timeout=60s')
    }
    assert.equal(warnings(cluster), [])
  },
  onProcesses,
)
