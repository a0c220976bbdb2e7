/** Reads and writes the machine's rules. One change at a time in this process: each is made from what was read before it. */
import { execFile } from 'node:child_process'
import { runTool, toolEnvironment } from '@davit/core/node'

let last: Promise<unknown> = Promise.resolve()

/** `change` gives what `iptables-restore --noflush` is to read; "" for nothing. */
export function changeRules(change: (saved: string) => string): Promise<void> {
  const work = last.then(async () => {
    const rules = change(await readRules())
    if (rules !== '') await runTool('iptables-restore', ['--wait=10', '--noflush'], rules)
  })
  last = work.catch(() => undefined)
  return work
}

/** Of all tables, as `iptables-save` prints them. */
function readRules(): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { env: toolEnvironment, maxBuffer: 2 ** 28 }
    execFile('iptables-save', [], options, (error, stdout) => {
      if (error) reject(new Error(`iptables-save failed: ${error.message}`, { cause: error }))
      else resolve(stdout)
    })
  })
}
