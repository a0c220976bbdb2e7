// @serial machine
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert, test } from '@davit/core/testing'

const run = promisify(execFile)

test(
  'what somebody removed is put back by the next check, with one warning; a check that finds all there says nothing',
  async () => {
    const file = fileURLToPath(new URL('./testing-repair.ts', import.meta.url))
    const words = ['--net', process.execPath, '--conditions=source', '--import', 'tsx', file]
    const { stdout } = await run('unshare', words)
    assert.equal(JSON.parse(stdout), {
      quiet: 0,
      tooEarly: false,
      repaired: true,
      warnings: [
        {
          message: 'somebody removed or changed rules of Services on this machine; they are put back',
          jumps: ['nat: OUTPUT to DAVIT-SERVICES'],
        },
      ],
      pending: 1,
      left: 0,
    })
  },
  { requires: ['root', 'netns', 'iptables'], timeoutMs: 60_000 },
)
