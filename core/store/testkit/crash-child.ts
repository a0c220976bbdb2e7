/**
 * Writes to a store on disk as fast as it can until it is killed, and tells on its output what was acknowledged.
 * `crash.test.ts` starts it, kills it and looks at what is left.
 */
import { createHash } from 'node:crypto'
import { writeSync } from 'node:fs'
import { createClock } from '../../kernel/clock.js'
import type { Operation } from '../contract.js'
import { openLevelStore } from '../level-engine.js'
import { silentLog } from './kit.js'

const writers = 16
const keysOfEach = 40

/** Text that carries its own checksum. */
export function sealed(content: string): Uint8Array {
  const padded = content.padEnd(300 + (content.length % 7) * 400, '.')
  return Buffer.from(`${createHash('sha256').update(padded).digest('hex')} ${padded}`)
}
/** The content of a sealed text; throws when it is torn. */
export function unsealed(value: Uint8Array): string {
  const text = Buffer.from(value).toString()
  const padded = text.slice(65)
  if (createHash('sha256').update(padded).digest('hex') !== text.slice(0, 64)) throw new Error(`torn: ${text.slice(0, 200)}`)
  return padded.replace(/\.+$/, '')
}

async function storm(directory: string, life: number): Promise<void> {
  const retention = { revisions: 500, seconds: 0, maximumRevisions: 5_000 }
  const store = await openLevelStore({ clock: createClock(), log: silentLog, directory, retention })
  say(`open ${await store.current()}\n`)
  const writer = async (name: number): Promise<void> => {
    for (let round = 0; ; round++) {
      const key = `/storm/${name}/${round % keysOfEach}`
      const mirror = `/mirror/${name}/${round % keysOfEach}`
      const content = `${life}.${round}`
      const gone = round % 11 === 10
      const operations: Operation[] = [key, mirror].map((at) =>
        gone ? { type: 'delete', key: at } : { type: 'put', key: at, value: sealed(`${at} ${content}`) },
      )
      const durability = round % 5 === 4 ? 'relaxed' : 'durable'
      const { revision } = await store.transact({ compare: [], operations, durability })
      say(`${revision} ${key} ${gone ? '-' : content}\n`)
    }
  }
  await Promise.all(Array.from({ length: writers }, (_, name) => writer(name)))
}

/** At once, so that what was acknowledged before the kill was also said before it; a full pipe is tried again. */
function say(line: string): void {
  for (let rest = Buffer.from(line); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
  }
}

if (process.argv[2] === 'storm') await storm(process.argv[3] as string, Number(process.argv[4]))
