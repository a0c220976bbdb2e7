/** A life of the mode in which others remove its rules. Runs in a network namespace of its own; says what it warned of. */
import { execFileSync } from 'node:child_process'
import { createTestServices } from '@davit/core/testing'
import { iptablesDriver } from './driver.js'

const { log, lines, clock } = createTestServices()
const options = { masqueradeAll: false, masqueradeBit: 17, lockSeconds: 5, checkSeconds: 30, log, clock }
const mode = await iptablesDriver(options).open({ nodeName: 'test', addresses: [], clusterCidr: '10.244.0.0/16' })
const state = { revision: 1, services: [] }
const rules = (): string => execFileSync('iptables-save').toString().replace(/^#.*$/gm, '')
const warnings = () =>
  lines.filter(({ level }) => level === 'warn').map(({ message, fields }) => ({ message, jumps: fields.jumps }))

/** A sync waits for the check before it. */
async function checked(): Promise<void> {
  await clock.advance(30_000)
  await mode.sync(state)
}

await mode.sync(state)
await checked()
const quiet = warnings().length
const before = rules()
execFileSync('iptables', ['-t', 'nat', '-D', 'OUTPUT', '-j', 'DAVIT-SERVICES'])
await clock.advance(29_000 - 1)
await mode.sync(state)
const tooEarly = rules() === before
await checked()
const repaired = rules() === before
await checked()
const pending = clock.pending
await mode.close()
console.log(JSON.stringify({ quiet, tooEarly, repaired, warnings: warnings(), pending, left: clock.pending }))
