import * as assert from '../../testing/assert.js'
import type { Case } from './bench.js'
import { repeats } from './sandboxes.js'

export const adoptionCases: readonly Case[] = [
  {
    name: 'after a restart of Davit everything is found again as it was',
    needs: ['adoption'],
    async run({ runtime, sandbox, start, running, exited, reopen }) {
      const made = await sandbox()
      const runs = await start(made, { lines: ['up'] }, { name: 'runs' })
      const ended = await start(made, { exitCode: 4 }, { name: 'ended', attempt: 2 })
      await running(runs)
      await exited(ended)
      const byId = <T extends { readonly id: string }>(list: readonly T[]): T[] =>
        [...list].sort((a, b) => (a.id < b.id ? -1 : 1))
      const before = { sandboxes: byId(await runtime.listSandboxes()), containers: byId(await runtime.listContainers()) }
      await runtime.close()
      const again = await reopen()
      const after = { sandboxes: byId(await again.listSandboxes()), containers: byId(await again.listContainers()) }
      assert.equal(after, before)
    },
  },
  {
    name: 'an adopted container is stopped, read and removed like any other',
    needs: ['adoption'],
    async run({ runtime, sandbox, start, log, reopen }) {
      const made = await sandbox()
      const id = await start(made, { lines: ['up'], onTerminate: 6 })
      await log(id, (text) => text.includes('up'))
      await runtime.close()
      const again = await reopen()
      await again.stopContainer(id, 10)
      assert.is((await again.container(id))?.state, 'exited')
      assert.is((await again.container(id))?.exitCode, 6)
      let seen = ''
      const signal = AbortSignal.timeout(10_000)
      for await (const chunk of again.logs(id, { follow: false, timestamps: false, signal }))
        seen += Buffer.from(chunk).toString()
      assert.is(seen, 'up\n')
      await again.stopSandbox(made.id)
      await again.removeSandbox(made.id)
      assert.equal(await again.listSandboxes(), [])
    },
  },
  {
    name: 'the end of an adopted container is noticed',
    needs: ['adoption'],
    async run({ runtime, sandbox, start, log, reopen }) {
      const made = await sandbox()
      const id = await start(made, { lines: ['up'] })
      await log(id, (text) => text.includes('up'))
      await runtime.close()
      const again = await reopen()
      let announced: () => void = () => {}
      const heard = new Promise<void>((resolve) => (announced = resolve))
      const unsubscribe = again.subscribe(
        (event) => event.type === 'containerExited' && event.podUid === made.pod.uid && announced(),
      )
      await again.stopContainer(id, 5)
      if (unsubscribe) await heard
      unsubscribe?.()
    },
  },
  {
    name: 'the sandboxes of another node are invisible',
    async run({ runtime, sandbox, start, reopen }) {
      await start(await sandbox(), {})
      const other = await reopen('another')
      assert.equal(await other.listSandboxes(), [])
      assert.equal(await other.listContainers(), [])
      assert.is((await runtime.listSandboxes()).length, 1)
    },
  },
  {
    name: 'purging leaves nothing of the node, however often it is done',
    async run({ runtime, subject, context, sandbox, start, running, reopen }) {
      const made = await sandbox()
      await running(await start(made, { onTerminate: 'ignore' }))
      await start(made, { exitCode: 0 }, { name: 'other' })
      await sandbox()
      await runtime.close()
      for (let turn = 0; turn < repeats; turn += 1) await subject.driver.purge(context)
      const again = await reopen(context.nodeName, subject.driver)
      assert.equal(await again.listContainers(), [])
      assert.equal(await again.listSandboxes(), [])
    },
  },
]
