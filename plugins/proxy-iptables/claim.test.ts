import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { assert, type TestContext, test } from '@davit/core/testing'
import { ClaimedError, claim, ownerOf } from './claim.js'

const nameFor = (part: string): string => `\0davit-test-${process.pid}-${part}`

async function refused(name: string): Promise<string> {
  try {
    await claim(name)
  } catch (error) {
    assert.instance(error, ClaimedError)
    return (error as Error).message
  }
  throw new Error('it was not refused')
}

test('one at a time, who is told to the next, and free again when it is released', async () => {
  const name = nameFor('one')
  assert.is(await ownerOf(name), undefined)
  const first = await claim(name)
  assert.is(await ownerOf(name), `another Davit (process ${process.pid})`)
  assert.match(await refused(name), `another Davit (process ${process.pid}) programs the Services of this machine already`)
  await first.release()
  assert.is(await ownerOf(name), undefined)
  await (await claim(name)).release()
})

test('of many at once one wins', async () => {
  const name = nameFor('race')
  const claims = await Promise.allSettled(Array.from({ length: 8 }, () => claim(name)))
  const won = claims.filter((each) => each.status === 'fulfilled')
  assert.is(won.length, 1)
  await won[0]?.value.release()
})

test('the end of a process, however it comes, frees what it had', async (t) => {
  const name = nameFor('killed')
  const child = await holder(t, name)
  assert.is(await ownerOf(name), `another Davit (process ${child.pid})`)
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await gone
  await (await claim(name)).release()
})

test('a process that is stopped has it all the same, and so has one that says nonsense', async (t) => {
  const name = nameFor('stopped')
  const child = await holder(t, name)
  child.kill('SIGSTOP')
  assert.is(await ownerOf(name), 'another process')
  assert.match(await refused(name), /^another process programs/)
  const odd = nameFor('odd')
  const server = createServer((socket) => socket.end('12; rm'))
  await new Promise<void>((resolve) => server.listen(odd, resolve))
  t.defer(() => void server.close())
  assert.is(await ownerOf(odd), 'another process')
})

test('what is claimed keeps no process alive', async (t) => {
  const child = run(t, nameFor('idle'), '')
  assert.is(await new Promise((resolve) => child.once('close', resolve)), 0)
})

/** A process of its own that claims the name; `then` keeps it alive. */
function run(t: TestContext, name: string, then: string) {
  const file = JSON.stringify(new URL('./claim.ts', import.meta.url).href)
  const script = `import { claim } from ${file}; await claim(${JSON.stringify(name)}); console.log('held'); ${then}`
  const words = ['--conditions=source', '--import', 'tsx', '--input-type=module', '-e', script]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.defer(() => void child.kill('SIGKILL'))
  return child
}

async function holder(t: TestContext, name: string) {
  const child = run(t, name, 'setInterval(() => {}, 1000)')
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return child
}
