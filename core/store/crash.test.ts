import { type ChildProcess, spawn } from 'node:child_process'
import { createClock } from '../kernel/clock.js'
import { createRandom } from '../kernel/random.js'
import { assert, builtProgram, test } from '../testing/contract.js'
import type { Revision, Store } from './contract.js'
import { openLevelStore } from './level-engine.js'
import { unsealed } from './testkit/crash-child.js'
import { everything, silentLog } from './testkit/kit.js'

const program = await builtProgram(new URL('./testkit/crash-child.ts', import.meta.url))
const lives = 12

interface Acknowledged {
  readonly revision: Revision
  readonly content: string
}

/** Runs a writer for so many acknowledgements, kills it, and returns every whole line that it wrote. */
async function killedAfter(directory: string, life: number, lines: number): Promise<string[]> {
  const args = [program, 'storm', directory, `${life}`]
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  let seen = 0
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
    for (const letter of text) if (letter === '\n') seen++
    if (seen >= lines) child.kill('SIGKILL')
  })
  const signal = await new Promise((resolve) => child.on('close', (_code, name) => resolve(name)))
  assert.is(signal, 'SIGKILL')
  return output.split('\n').slice(0, -1)
}

/** What is acknowledged, newest for each key; checks that revisions only grow. */
function take(lines: readonly string[], newest: Map<string, Acknowledged>, before: Revision): Revision {
  const [open, ...writes] = lines
  const opened = Number(open?.split(' ')[1])
  assert.ok(opened >= before)
  let highest = opened
  for (const line of writes) {
    const [revision, key, content] = line.split(' ') as [string, string, string]
    assert.ok(Number(revision) > opened)
    highest = Math.max(highest, Number(revision))
    newest.set(key, { revision: Number(revision), content })
  }
  return highest
}

async function check(store: Store, newest: ReadonlyMap<string, Acknowledged>): Promise<void> {
  const { entries } = await store.range(everything)
  const found = new Map(entries.map((entry) => [entry.key, { revision: entry.revision, content: unsealed(entry.value) }]))
  for (const [key, { content }] of found) {
    assert.is(content.split(' ')[0], key)
    const [, area, name] = key.split('/')
    const twin = found.get(key.replace(`/${area}/`, area === 'storm' ? '/mirror/' : '/storm/'))
    assert.is(twin?.content.split(' ')[1], content.split(' ')[1], `half a transaction at ${key} of ${name}`)
  }
  for (const [key, acknowledged] of newest) {
    const present = found.get(key)
    // A write after the last acknowledged one of its key may be there or not; an older one must not.
    if (present === undefined || present.revision !== acknowledged.revision) await checkNewer(store, key, acknowledged, present)
    else assert.is(present.content, `${key} ${acknowledged.content}`)
  }
}

async function checkNewer(
  store: Store,
  key: string,
  acknowledged: Acknowledged,
  present?: { revision: Revision },
): Promise<void> {
  if (present !== undefined) return assert.ok(present.revision > acknowledged.revision, `${key}: an acknowledged write is lost`)
  if (acknowledged.content === '-') return
  const then = await store.get(key, { revision: Math.max(acknowledged.revision, store.compacted) })
  assert.is(then?.revision, acknowledged.revision, `${key}: an acknowledged write is lost`)
}

test(
  'a process that is killed in a storm of writes, again and again, has lost nothing that it acknowledged',
  async (context) => {
    const directory = await context.directory()
    const random = createRandom()
    const newest = new Map<string, Acknowledged>()
    let highest = 0
    let acknowledged = 0
    for (let life = 0; life < lives; life++) {
      const lines = await killedAfter(directory, life, 1 + random.integer(3_000))
      highest = take(lines, newest, highest)
      acknowledged += lines.length - 1
      const store = await openLevelStore({ clock: createClock(), log: silentLog, directory })
      try {
        const current = await store.current()
        assert.ok(current >= highest)
        highest = current
        await check(store, newest)
      } finally {
        await store.close()
      }
    }
    assert.ok(acknowledged > lives * 250)
  },
  { timeoutMs: 60_000 },
)
