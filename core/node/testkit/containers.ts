import * as assert from '../../testing/assert.js'
import type { RuntimeEvent } from '../contract.js'
import { RuntimeError } from '../contract.js'
import type { Case } from './bench.js'
import { eventually } from './bench.js'
import { repeats } from './sandboxes.js'

export const containerCases: readonly Case[] = [
  {
    name: 'a container is created, runs, and ends with Completed',
    async run({ runtime, sandbox, create, exited }) {
      const made = await sandbox()
      const id = await create(made, { exitCode: 0 }, { name: 'first', attempt: 4 })
      const created = await runtime.container(id)
      assert.is(created?.state, 'created')
      assert.is(created?.startedAt, 0)
      await runtime.startContainer(id)
      const ended = await exited(id)
      assert.is(ended.exitCode, 0)
      assert.is(ended.reason, 'Completed')
      assert.is(ended.name, 'first')
      assert.is(ended.attempt, 4)
      assert.is(ended.sandboxId, made.id)
      assert.is(ended.labels['kit.davit.dev/container'], 'yes')
      assert.ok(ended.startedAt > 0 && ended.finishedAt >= ended.startedAt, 'it started, then finished')
      assert.ok(Math.abs(Date.now() - ended.finishedAt) < 60_000, 'finishedAt is a wall-clock time')
    },
  },
  {
    name: 'an exit code is kept, and is an Error',
    async run({ sandbox, start, exited }) {
      const ended = await exited(await start(await sandbox(), { exitCode: 42 }))
      assert.is(ended.exitCode, 42)
      assert.is(ended.reason, 'Error')
    },
  },
  {
    name: 'a running container is listed as running since it started',
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), {})
      const now = await running(id)
      assert.ok(now.startedAt > 0)
      assert.is(now.finishedAt, 0)
      assert.equal(
        (await runtime.listContainers()).map((item) => item.id),
        [id],
      )
    },
  },
  {
    name: 'stop asks by SIGTERM first, and resolves when the container has exited',
    async run({ runtime, sandbox, start, log }) {
      const id = await start(await sandbox(), { lines: ['up'], onTerminate: 7 })
      await log(id, (text) => text.includes('up'))
      const began = performance.now()
      await runtime.stopContainer(id, 20)
      assert.ok(performance.now() - began < 10_000, 'it did not wait for the grace to pass')
      const ended = await runtime.container(id)
      assert.is(ended?.state, 'exited')
      assert.is(ended?.exitCode, 7)
    },
  },
  {
    name: 'a container that does not heed SIGTERM is killed after the grace',
    async run({ runtime, sandbox, start, log }) {
      const id = await start(await sandbox(), { lines: ['up'], onTerminate: 'ignore' })
      await log(id, (text) => text.includes('up'))
      const began = performance.now()
      await runtime.stopContainer(id, 1)
      const took = performance.now() - began
      assert.ok(took >= 900 && took < 10_000, `it took ${Math.round(took)} ms`)
      const ended = await runtime.container(id)
      assert.is(ended?.state, 'exited')
      assert.is(ended?.exitCode, 137)
    },
  },
  {
    name: 'stop and remove may be repeated, and a missing container is not an error',
    async run({ runtime, sandbox, start, exited }) {
      const id = await start(await sandbox(), { exitCode: 0 })
      await exited(id)
      for (let turn = 0; turn < repeats; turn += 1) await runtime.stopContainer(id, 1)
      assert.is((await runtime.container(id))?.exitCode, 0)
      for (let turn = 0; turn < repeats; turn += 1) await runtime.removeContainer(id)
      assert.is(await runtime.container(id), undefined)
      for (let turn = 0; turn < repeats; turn += 1) await runtime.stopContainer(id, 1)
      assert.equal(await runtime.listContainers(), [])
    },
  },
  {
    name: 'a created container can be removed without ever having run',
    async run({ runtime, sandbox, create }) {
      const id = await create(await sandbox(), {})
      await runtime.stopContainer(id, 0)
      await runtime.removeContainer(id)
      assert.is(await runtime.container(id), undefined)
    },
  },
  {
    name: 'removing a running container kills it',
    async run({ runtime, sandbox, start, running }) {
      const id = await start(await sandbox(), { onTerminate: 'ignore' })
      await running(id)
      await runtime.removeContainer(id)
      assert.is(await runtime.container(id), undefined)
    },
  },
  {
    name: 'attempts of one container and several containers live side by side in a sandbox',
    async run({ runtime, sandbox, start, exited, running }) {
      const made = await sandbox()
      const first = await start(made, { exitCode: 1 })
      await exited(first)
      const second = await start(made, {}, { attempt: 1 })
      const other = await start(made, {}, { name: 'other' })
      await running(second)
      await running(other)
      const listed = (await runtime.listContainers()).map((item) => `${item.name}/${item.attempt} ${item.state}`)
      assert.equal(listed.sort(), ['main/0 exited', 'main/1 running', 'other/0 running'])
    },
  },
  {
    name: "starts and exits are announced with the pod's uid",
    async run({ runtime, sandbox, start, exited }) {
      const events: RuntimeEvent[] = []
      const unsubscribe = runtime.subscribe((event) => events.push(event))
      if (!unsubscribe) return
      const made = await sandbox()
      await exited(await start(made, { exitCode: 0 }))
      await eventually('an exit was announced', async () => events.find((event) => event.type === 'containerExited'))
      assert.ok(events.every((event) => event.podUid === made.pod.uid))
      unsubscribe()
      const seen = events.length
      await exited(await start(made, { exitCode: 0 }, { attempt: 1 }))
      assert.is(events.length, seen, 'nothing is announced after unsubscribing')
    },
  },
  {
    name: 'environment, arguments and working directory reach the program',
    without: ['hollow'],
    async run({ sandbox, shell, exited, log }) {
      const id = await shell(await sandbox(), 'echo "$GREETING"; pwd; for each in "$@"; do echo "<$each>"; done', {
        args: ['sh', 'one', 'two words', '$HOME'],
        environment: [
          { name: 'PATH', value: '/usr/bin:/bin' },
          { name: 'GREETING', value: 'hello = "world"' },
        ],
        workingDirectory: '/tmp',
      })
      await exited(id)
      assert.is(await log(id), 'hello = "world"\n/tmp\n<one>\n<two words>\n<$HOME>\n')
    },
  },
  {
    name: 'a program that is not there is an error that the user can mend',
    without: ['hollow'],
    async run({ runtime, sandbox, create }) {
      const made = await sandbox()
      const error = await assert.rejects(async () => {
        await runtime.startContainer(await create(made, {}, { command: ['/no/such/program'] }))
      })
      assert.ok(error instanceof RuntimeError, `a RuntimeError, not ${error}`)
      assert.ok(['CreateContainerError', 'RunContainerError'].includes((error as RuntimeError).problem))
      assert.ok(error.message.includes('/no/such/program') || /no such file|not found/i.test(error.message), error.message)
    },
  },
  {
    name: 'images are found by name, and pulled; a name that is none is refused',
    needs: ['images'],
    async run({ runtime, subject }) {
      const id = await runtime.pullImage(subject.image, AbortSignal.timeout(60_000)).catch(async (error: unknown) => {
        // A machine without a registry still has what was loaded by hand.
        assert.ok(error instanceof RuntimeError, String(error))
        return (await runtime.image(subject.image))?.id
      })
      const image = await runtime.image(subject.image)
      assert.is(image?.id, id)
      assert.is(await runtime.image('davit.invalid/never/was:none'), undefined)
      const error = await assert.rejects(runtime.pullImage('UPPER CASE:::', AbortSignal.timeout(10_000)))
      assert.is((error as RuntimeError).problem, 'InvalidImageName')
    },
  },
  {
    name: "an image that cannot be pulled is ErrImagePull, in the registry's words",
    needs: ['images'],
    without: ['hollow'],
    async run({ runtime }) {
      const error = await assert.rejects(runtime.pullImage('127.0.0.1:1/nothing/here:none', AbortSignal.timeout(20_000)))
      assert.is((error as RuntimeError).problem, 'ErrImagePull')
      assert.ok(error.message.length > 0)
    },
  },
]
