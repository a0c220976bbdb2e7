import { spawn } from 'node:child_process'

/** Of the tools that run with root's rights: nothing of Davit's own environment but where programs are. */
export const toolEnvironment = { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' }

/** Runs a tool of the machine to its end, `input` on its standard input; rejects with its words when it fails. */
export function runTool(program: string, programArguments: readonly string[], input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, programArguments, { stdio: ['pipe', 'ignore', 'pipe'], env: toolEnvironment })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    // A tool that fails at once need not have read its input.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${program} failed (${signal ?? code}): ${said.trim()}`))
    })
  })
}
