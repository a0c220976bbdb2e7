// @serial machine
import { access, mkdir, readFile, writeFile } from 'node:fs/promises'
import { assert, test } from '@davit/core/testing'
import { readMachine, withoutPrivileges } from './machine.js'
import { containerConfig, withNode } from './testing.js'

const root = { requires: ['root', 'netns'] as const, timeoutMs: 30_000 }

test(
  'a container writes into a view of its own, and sees nothing of other Pods',
  () =>
    withNode(async ({ sandbox, start, exited, log, directory }) => {
      const made = await sandbox()
      const script = `echo mine > /etc/davit-test && mkdir /davit-test && rm /etc/hostname; ls -A ${directory}; cat /etc/davit-test`
      const id = await start(made, script)
      await exited(id)
      assert.is(await log(id), 'mine\n')
      const other = await start(made, 'ls /etc/davit-test; ls -d /etc/hostname', { name: 'other' })
      await exited(other)
      assert.match(await log(other), /^ls: cannot access '\/etc\/davit-test'.*\n\/etc\/hostname\n$/)
      await assert.rejects(access('/davit-test'))
      await assert.rejects(access('/etc/davit-test'))
    }),
  root,
)

test(
  'it sees its own processes, devices and terminals, and cannot set the kernel',
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      const script = `
ls /proc | grep -c '^[0-9]*$' | { read count; [ "$count" -lt 10 ] && echo few; }
ls /dev | tr '\\n' ' '
echo 1 > /proc/sys/vm/drop_caches || echo refused
echo hello > /dev/null && head -c 3 /dev/zero | wc -c
grep -c . /proc/self/mounts | { read count; [ "$count" -lt 30 ] && echo known; }
`
      const id = await start(await sandbox(), script)
      await exited(id)
      const text = await log(id)
      assert.match(text, /^few\n/)
      for (const name of ['fd', 'full', 'null', 'ptmx', 'pts', 'random', 'shm', 'stdout', 'tty', 'urandom', 'zero']) {
        assert.match(text, new RegExp(`\\b${name}\\b`))
      }
      assert.not.match(text, /\bvda\b|\bkmsg\b/)
      assert.match(text, /refused\n3\nknown\n/)
    }),
  root,
)

test(
  'the environment is what the Pod says, and no more',
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      const environment = [
        { name: 'MANY', value: 'one\n\n+two\n=three\n' },
        { name: 'odd.name-of', value: 'Ё "$HOME" \\n' },
        { name: 'EMPTY', value: '' },
      ]
      const id = await start(await sandbox({ hostname: 'name' }), '', { command: ['env', '-0'], environment })
      await exited(id)
      const variables = (await log(id)).split('\0').filter((item) => item !== '')
      assert.equal(variables.sort(), [
        'EMPTY=',
        'HOME=/root',
        'HOSTNAME=name',
        'MANY=one\n\n+two\n=three\n',
        'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        'odd.name-of=Ё "$HOME" \\n',
      ])
    }),
  root,
)

test(
  'volumes may lie in each other, at links, and where nothing is',
  () =>
    withNode(async ({ sandbox, start, exited, log, directory }) => {
      for (const name of ['a', 'b']) {
        await mkdir(`${directory}/${name}`)
        await writeFile(`${directory}/${name}/${name}`, name)
      }
      const at = (name: string, containerPath: string, readOnly = false) => ({
        hostPath: `${directory}/${name}`,
        containerPath,
        readOnly,
      })
      const mounts = [at('b', '/deep/er/inner place/in'), at('a', '/deep/er'), at('b', '/var/run/secrets/davit', true)]
      const script =
        'cat /deep/er/a "/deep/er/inner place/in/b" /run/secrets/davit/b; echo x > /run/secrets/davit/x || echo refused'
      const id = await start(await sandbox(), script, { mounts })
      await exited(id)
      const text = await log(id)
      assert.match(text, /^abb/)
      assert.match(text, /refused\n$/)
      await assert.rejects(access('/deep'))
    }),
  root,
)

test(
  'containers of a Pod share memory and names; processes where the Pod says so',
  () =>
    withNode(async ({ sandbox, start, exited, log, runtime }) => {
      const alone = await sandbox()
      const first = await start(alone, 'echo shared > /dev/shm/word; exec sleep 100', { name: 'a' })
      await runtime.execSync(first, ['sh', '-c', 'until [ -e /dev/shm/word ]; do sleep 0.01; done'], 5_000)
      const reads = await start(alone, 'cat /dev/shm/word; readlink /proc/self/ns/ipc; cat /proc/1/cmdline | tr "\\0" " "', {
        name: 'b',
      })
      await exited(reads)
      const text = await log(reads)
      assert.match(text, /^shared\nipc:/)
      assert.not.match(text, /davit-pause/)

      const together = await sandbox({ shareProcessNamespace: true })
      await start(together, 'exec sleep 4321', { name: 'a' })
      const sees = await start(together, 'until ps ax | grep -q "[s]leep 4321"; do sleep 0.02; done; echo seen', { name: 'b' })
      await exited(sees)
      assert.is(await log(sees), 'seen\n')
      await runtime.removeSandbox(together.id)
      const { findProcesses } = await import('./processes.js')
      assert.equal(await findProcesses((words) => words[0] === 'sleep' && words[1] === '4321'), [])
    }),
  root,
)

test(
  "a Pod's servers of names are its own",
  () =>
    withNode(async ({ sandbox, start, exited, log }) => {
      const dns = { servers: ['127.0.0.53', '10.96.0.10'], searches: ['a.svc', 'svc'], options: ['ndots:5'] }
      const id = await start(await sandbox({ dns }), 'cat /etc/resolv.conf')
      await exited(id)
      assert.is(await log(id), 'nameserver 10.96.0.10\nsearch a.svc svc\noptions ndots:5\n')
    }),
  root,
)

test(
  'what cannot be is refused with the reason',
  () =>
    withNode(async ({ sandbox, runtime }) => {
      const made = await sandbox()
      const { security } = containerConfig('')
      const cases = [
        [{ command: [] }, 'processes have no image that names a program: give `command`'],
        [{ command: ['a=b'] }, 'must not have "=" in it'],
        [{ command: ['sh'], args: ['\0'] }, 'zero byte'],
        [{ security: { ...security, addCapabilities: ['NOPE'] } }, 'there is no capability NOPE'],
      ] as const
      for (const [config, reason] of cases) {
        const error = (await assert.rejects(runtime.createContainer(made, containerConfig('', config)))) as Error & {
          problem: string
        }
        assert.is(error.problem, 'CreateContainerError')
        assert.match(error.message, reason)
      }
      const id = await runtime.createContainer(made, containerConfig('', { workingDirectory: '/no/such' }))
      const error = (await assert.rejects(runtime.startContainer(id))) as Error & { problem: string }
      assert.is(error.problem, 'RunContainerError')
      assert.match(error.message, 'cannot change to the working directory /no/such')
      const view = await runtime.container(id)
      assert.equal([view?.state, view?.reason, view?.message], ['exited', 'StartError', error.message])
    }),
  root,
)

test('without privileges what needs them is refused, and what programs leave running is ended', () =>
  withNode(
    async ({ sandbox, runtime, start, exited, log, directory }) => {
      const made = await sandbox()
      const { security } = containerConfig('')
      const cases = [
        [{ mounts: [{ hostPath: directory, containerPath: '/data', readOnly: false }] }, 'volumes cannot be mounted'],
        [{ security: { ...security, runAsUser: 4711 } }, 'run as user 4711'],
        [{ security: { ...security, privileged: true } }, 'be privileged'],
        [{ security: { ...security, readOnlyRootFilesystem: true } }, 'read-only'],
      ] as const
      for (const [config, reason] of cases) {
        const error = (await assert.rejects(runtime.createContainer(made, containerConfig('', config)))) as Error
        assert.match(error.message, reason)
      }
      const id = await start(made, 'setsid sleep 1000 & echo $!')
      await exited(id)
      const pid = (await log(id)).trim()
      assert.is(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''), '')
    },
    { machine: withoutPrivileges(readMachine()) },
  ))
