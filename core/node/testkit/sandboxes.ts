import * as assert from '../../testing/assert.js'
import { RuntimeError } from '../contract.js'
import type { Case } from './bench.js'
import { sandboxConfig } from './bench.js'

export const repeats = 10

export const sandboxCases: readonly Case[] = [
  {
    name: 'a driver says in a moment whether it can run here',
    async run({ subject }) {
      const answer = await subject.driver.probe()
      assert.is(answer.usable, true, answer.usable ? '' : answer.reason)
    },
  },
  {
    name: 'a runtime says its name and version',
    async run({ runtime }) {
      const version = await runtime.version()
      assert.ok(version.name.length > 0)
      assert.ok(version.version.length > 0)
    },
  },
  {
    name: 'a sandbox is ready once made, and listed with all that it was given',
    async run({ runtime, sandbox }) {
      const before = Date.now()
      const made = await sandbox({ attempt: 3 })
      assert.is(made.state, 'ready')
      assert.ok(made.createdAt >= before - 60_000 && made.createdAt <= Date.now() + 60_000, 'createdAt is a wall-clock time')
      const listed = (await runtime.listSandboxes()).find((item) => item.id === made.id)
      assert.equal(listed, made)
      assert.is(made.attempt, 3)
      assert.is(made.pod.namespace, 'kit')
      assert.is(made.labels['kit.davit.dev/label'], 'one')
      assert.is(made.annotations['kit.davit.dev/annotation'], 'a longer value, with "quotes"')
    },
  },
  {
    name: 'a stopped sandbox stays listed as notReady, however often it is stopped',
    async run({ runtime, sandbox }) {
      const made = await sandbox()
      for (let turn = 0; turn < repeats; turn += 1) await runtime.stopSandbox(made.id)
      const listed = (await runtime.listSandboxes()).filter((item) => item.id === made.id)
      assert.equal(
        listed.map((item) => item.state),
        ['notReady'],
      )
    },
  },
  {
    name: 'a removed sandbox is gone, however often it is removed',
    async run({ runtime, sandbox }) {
      const made = await sandbox()
      await runtime.stopSandbox(made.id)
      for (let turn = 0; turn < repeats; turn += 1) await runtime.removeSandbox(made.id)
      assert.not((await runtime.listSandboxes()).some((item) => item.id === made.id))
      await runtime.stopSandbox(made.id)
    },
  },
  {
    name: 'a sandbox that still runs containers can be removed at once',
    async run({ runtime, sandbox, start, running }) {
      const made = await sandbox()
      const id = await start(made, {})
      await running(id)
      await runtime.removeSandbox(made.id)
      assert.not((await runtime.listSandboxes()).some((item) => item.id === made.id))
      assert.is(await runtime.container(id), undefined)
    },
  },
  {
    name: 'stopping a sandbox ends its containers at once',
    async run({ runtime, sandbox, start, running, exited }) {
      const made = await sandbox()
      const id = await start(made, { onTerminate: 'ignore' })
      await running(id)
      await runtime.stopSandbox(made.id)
      const ended = await exited(id)
      assert.ok(ended.exitCode !== 0)
    },
  },
  {
    name: 'a sandbox that never was can be stopped and removed',
    async run({ runtime }) {
      for (let turn = 0; turn < repeats; turn += 1) {
        await runtime.stopSandbox('0123456789abcdef')
        await runtime.removeSandbox('0123456789abcdef')
      }
      assert.equal(await runtime.listSandboxes(), [])
    },
  },
  {
    name: 'ten sandboxes made at once are ten, and a second attempt of a pod stands beside the first',
    async run({ runtime, sandbox }) {
      await Promise.all(Array.from({ length: 10 }, () => sandbox()))
      const { pod } = sandboxConfig()
      await sandbox({ pod, attempt: 0 })
      await sandbox({ pod, attempt: 1 })
      const listed = await runtime.listSandboxes()
      assert.is(listed.length, 12)
      assert.is(new Set(listed.map((item) => item.id)).size, 12)
      const attempts = listed.filter((item) => item.pod.uid === pod.uid).map((item) => item.attempt)
      assert.equal(attempts.sort(), [0, 1])
    },
  },
  {
    name: "each sandbox has an address of its own out of the node's range",
    needs: ['podNetwork'],
    async run({ sandbox, subject }) {
      const [one, two] = [await sandbox(), await sandbox()]
      assert.is.not(one.ips[0], two.ips[0])
      const prefix = (subject.podCidr ?? '10.244.77.0/24').split('.').slice(0, 3).join('.')
      for (const made of [one, two]) assert.ok(made.ips[0]?.startsWith(`${prefix}.`), `${made.ips[0]} lies in the range`)
    },
  },
  {
    name: 'an address is free again once its sandbox is gone',
    needs: ['podNetwork'],
    async run({ runtime, sandbox }) {
      for (let turn = 0; turn < 3; turn += 1) {
        const made = await Promise.all(Array.from({ length: 4 }, () => sandbox()))
        assert.is(new Set(made.map((item) => item.ips[0])).size, 4)
        await Promise.all(made.map((item) => runtime.stopSandbox(item.id).then(() => runtime.removeSandbox(item.id))))
      }
      assert.equal(await runtime.listSandboxes(), [])
    },
  },
  {
    name: "a sandbox on the host's network has no address of its own",
    needs: ['podNetwork'],
    async run({ sandbox }) {
      assert.equal((await sandbox({ hostNetwork: true })).ips, [])
    },
  },
  {
    name: 'a handler that the runtime does not have is refused by its name, and leaves nothing',
    without: ['hollow'],
    async run({ sandbox, runtime }) {
      const asked = sandbox({ runtimeHandler: 'davit-none' })
      await assert.rejects(asked, (error) => error instanceof RuntimeError && error.problem === 'FailedCreatePodSandBox')
      await assert.rejects(asked, /davit-none/)
      assert.equal(await runtime.listSandboxes(), [])
    },
  },
]
