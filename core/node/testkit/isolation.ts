import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as assert from '../../testing/assert.js'
import type { ContainerSecurity } from '../contract.js'
import type { Case } from './bench.js'

const open: ContainerSecurity = {
  supplementalGroups: [],
  privileged: false,
  readOnlyRootFilesystem: false,
  noNewPrivileges: false,
  addCapabilities: [],
  dropCapabilities: [],
}

export const isolationCases: readonly Case[] = [
  {
    name: "a mounted directory is the host's, and a read-only one refuses writes",
    needs: ['mounts'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log, directory }) {
      for (const name of ['writable', 'fixed']) {
        await mkdir(join(directory, name))
        await chmod(join(directory, name), 0o777)
        await writeFile(join(directory, name, 'in'), `from the host, ${name}\n`)
      }
      const id = await shell(
        await sandbox(),
        'cat /kit-rw/in /kit-ro/in; echo back > /kit-rw/out; echo no > /kit-ro/out && exit 9; exit 0',
        {
          mounts: [
            { hostPath: join(directory, 'writable'), containerPath: '/kit-rw', readOnly: false },
            { hostPath: join(directory, 'fixed'), containerPath: '/kit-ro', readOnly: true },
          ],
        },
      )
      assert.is((await exited(id)).exitCode, 0)
      assert.match(await log(id), 'from the host, writable\nfrom the host, fixed\n')
      assert.is(await readFile(join(directory, 'writable', 'out'), 'utf8'), 'back\n')
    },
  },
  {
    name: 'a single file can be mounted over one that is there',
    needs: ['mounts'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log, directory }) {
      await writeFile(join(directory, 'hosts'), '127.0.0.9 kit-host\n')
      const mounts = [{ hostPath: join(directory, 'hosts'), containerPath: '/etc/hosts', readOnly: false }]
      const id = await shell(await sandbox(), 'cat /etc/hosts', { mounts })
      await exited(id)
      assert.is(await log(id), '127.0.0.9 kit-host\n')
    },
  },
  {
    name: 'the containers of a sandbox share its network, and no other',
    needs: ['podNetwork'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log }) {
      const [one, two] = [await sandbox(), await sandbox()]
      const namespaces: string[] = []
      for (const [made, name] of [
        [one, 'a'],
        [one, 'b'],
        [two, 'a'],
      ] as const) {
        const id = await shell(made, 'readlink /proc/self/ns/net', { name })
        await exited(id)
        namespaces.push((await log(id)).trim())
      }
      assert.match(namespaces[0] ?? '', /^net:\[\d+\]$/)
      assert.is(namespaces[0], namespaces[1])
      assert.is.not(namespaces[0], namespaces[2])
    },
  },
  {
    name: "the hostname is the sandbox's",
    needs: ['podNetwork'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log }) {
      const id = await shell(await sandbox({ hostname: 'kit-host-name' }), 'hostname')
      await exited(id)
      assert.is(await log(id), 'kit-host-name\n')
    },
  },
  {
    name: 'a container that takes more memory than its limit is OOMKilled',
    needs: ['resourceLimits'],
    without: ['hollow'],
    async run({ sandbox, shell, exited }) {
      // Bounded, so that a runtime that sets no limit fails here without taking the machine along.
      // From a pipe, for some tails keep nothing of a file that they can seek in.
      const id = await shell(await sandbox(), 'head -c 209715200 /dev/zero | tail -c 209715200 > /dev/null', {
        resources: { memoryLimit: 32 * 1024 * 1024 },
      })
      const ended = await exited(id)
      assert.is(ended.exitCode, 137)
      assert.is(ended.reason, 'OOMKilled')
    },
  },
  {
    name: 'the limits of a running container can be changed, and its usage read',
    needs: ['resourceLimits'],
    without: ['hollow'],
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), {}, { resources: { memoryLimit: 64 * 1024 * 1024, cpuLimitMillis: 200 } })
      await running(id)
      await runtime.updateContainer(id, { memoryLimit: 96 * 1024 * 1024, cpuLimitMillis: 300 })
      const usage = await runtime.usage(id)
      assert.ok(usage && usage.memoryBytes > 0 && usage.memoryBytes < 96 * 1024 * 1024)
      assert.ok(usage && usage.cpuNanoseconds >= 0)
    },
  },
  {
    name: 'what a running container uses can be read, and of what is not there nothing',
    needs: ['stats'],
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), {})
      await running(id)
      const usage = await runtime.usage(id)
      assert.ok(usage && usage.memoryBytes >= 0 && usage.cpuNanoseconds >= 0)
      assert.is(await runtime.usage('0123456789ab'), undefined)
    },
  },
  {
    name: 'a container runs as the user and the groups that it is told',
    needs: ['users'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log }) {
      const security = { ...open, runAsUser: 1234, runAsGroup: 2345, supplementalGroups: [3456] }
      const id = await shell(await sandbox(), 'id -u; id -g; id -G', { security })
      await exited(id)
      const [user, group, groups] = (await log(id)).trim().split('\n')
      assert.equal([user, group], ['1234', '2345'])
      assert.ok(groups?.split(' ').includes('3456'), groups)
    },
  },
  {
    name: 'dropped capabilities are gone, and new privileges are refused',
    needs: ['capabilities'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log }) {
      const security = { ...open, dropCapabilities: ['ALL'], addCapabilities: ['NET_BIND_SERVICE'], noNewPrivileges: true }
      const id = await shell(await sandbox(), 'grep -E "^(CapEff|NoNewPrivs)" /proc/self/status', { security })
      await exited(id)
      const printed = await log(id)
      assert.match(printed, /CapEff:\s+0000000000000400/)
      assert.match(printed, /NoNewPrivs:\s+1/)
    },
  },
  {
    name: 'a read-only root file system refuses writes',
    needs: ['readOnlyRootFilesystem'],
    without: ['hollow'],
    async run({ sandbox, shell, exited }) {
      const id = await shell(await sandbox(), 'touch /kit && exit 9; exit 0', {
        security: { ...open, readOnlyRootFilesystem: true },
      })
      assert.is((await exited(id)).exitCode, 0)
    },
  },
  {
    name: 'a seccomp profile of the node refuses what it does not allow, and none refuses nothing',
    needs: ['seccomp', 'images'],
    async run({ sandbox, shell, exited, log, runtime, directory }) {
      const path = join(directory, 'no-mkdir.json')
      const denied = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO' }
      await writeFile(path, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [denied] }))
      const made = await sandbox()
      const script = 'mkdir /tmp/kit 2>/dev/null && echo made; grep "^Seccomp:" /proc/self/status; exit 0'
      const run = async (seccomp?: ContainerSecurity['seccomp']): Promise<string> => {
        const id = await shell(made, script, {
          name: seccomp?.type ?? 'usual',
          security: { ...open, ...(seccomp && { seccomp }) },
        })
        await exited(id)
        return (await log(id)).replaceAll('\t', ' ')
      }
      assert.is(await run(), 'made\nSeccomp: 2\n')
      assert.is(await run({ type: 'Unconfined' }), 'made\nSeccomp: 0\n')
      assert.is(await run({ type: 'Localhost', path }), 'Seccomp: 2\n')
      const missing = { ...open, seccomp: { type: 'Localhost', path: join(directory, 'none.json') } } as const
      await assert.rejects(
        (async () => runtime.startContainer(await shell(made, 'true', { name: 'missing', security: missing })))(),
        /none\.json/,
      )
    },
  },
  {
    name: 'a container cannot have more processes than it may, and its neighbour does not notice',
    needs: ['resourceLimits'],
    without: ['hollow'],
    async run({ sandbox, shell, exited, log, runtime }) {
      const made = await sandbox()
      const script = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 5 & done 2>&1; echo over'
      const bomb = await shell(made, script, { name: 'bomb', resources: { pidsLimit: 10 } })
      const { exitCode } = await exited(bomb)
      const said = await log(bomb)
      assert.ok(exitCode !== 0 || /fork|resource/i.test(said), `it made all its processes: ${exitCode} ${said}`)
      assert.is((await runtime.execSync(await shell(made, 'exec sleep 100', { name: 'calm' }), ['true'], 5_000)).exitCode, 0)
    },
  },
]
